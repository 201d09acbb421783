import {
  type Answer,
  type AnswerKind,
  displayAnswer,
  type Item,
  type Judgment,
  type Purpose,
  purposeOf,
  purposeSchema,
} from '../feedback/index.ts';
import { GrowingInts, GrowingNumbers } from './growing.ts';

/** Outcomes of a comparison that name no reply, as codes beside the reply indices. */
export const TIE = -1;
export const BOTH_BAD = -2;
export const CANT_JUDGE = -3;
/** The judgment is no comparison. */
export const NO_COMPARISON = -4;

export const PURPOSES: readonly Purpose[] = purposeSchema.options;
export const WORK = PURPOSES.indexOf('work');
export const SWAPPED_REPEAT = PURPOSES.indexOf('swapped-repeat');

/** A question of the form, or the only one where judgments name none. */
export interface QuestionKey {
  readonly id: string | null;
  readonly kind: AnswerKind;
}

/**
 * The judgments that stand, in columns: one entry a judgment, in the order given. A million take about 150 bytes each
 * here instead of a kilobyte as objects, and every estimate is a pass over a few arrays.
 */
export interface QualityColumns {
  readonly items: readonly Item[];
  readonly raterIds: readonly string[];
  readonly questions: readonly QuestionKey[];
  /** Number of judgments that stand. */
  readonly n: number;
  readonly ids: readonly string[];
  /** Answers by row; null for a comparison of which the code below says all. Read them by `answerAt`. */
  readonly kept: readonly (Answer | null)[];
  /** Index into `items`. */
  readonly item: Int32Array;
  /** Index into `raterIds`. */
  readonly rater: Int32Array;
  /** Index into `questions`. */
  readonly question: Int32Array;
  /** Index into `PURPOSES`. */
  readonly purpose: Uint8Array;
  /** Submission in milliseconds since 1970; NaN where the source did not say. */
  readonly time: Float64Array;
  /** Attention in milliseconds; NaN where the source did not record it. */
  readonly activeMs: Float64Array;
  /** Reply index of a comparison's outcome, or one of the codes above. */
  readonly choice: Int32Array;
  /** Reply shown first; −1 where the order was not recorded. */
  readonly shownFirst: Int32Array;
  /** Place at which the chosen reply stood, from 0; −1 where none was chosen or the order was not recorded. */
  readonly place: Int32Array;
  /** The answer as it looked on the screen, interned; −1 where that says nothing (texts, spans, unrecorded order). */
  readonly symbol: Int32Array;
  readonly symbols: readonly string[];
  /** Row of the judgment that this one repeats; −1 where it repeats none. */
  readonly repeats: Int32Array;
  /** Instructions and view by row, as indices into their names. */
  readonly instructions: Int32Array;
  readonly instructionNames: readonly string[];
  readonly view: Int32Array;
  readonly viewNames: readonly string[];
  /** Model suggestions that the rater could see, by row. */
  readonly suggestions: ReadonlyMap<number, Answer>;
  /** Reasons in the raters' words, by row. */
  readonly reasons: ReadonlyMap<number, string>;
  /** Judgments of items that are not given, and judgments that a later one replaced. */
  readonly unknownItems: number;
  readonly superseded: number;
}

/** Gives equal strings equal small numbers; the last one asked for is remembered, since neighbours are often equal. */
class Interner {
  readonly names: string[] = [];
  private readonly codes = new Map<string, number>();
  private lastName: string | undefined;
  private lastCode = -1;

  code(name: string): number {
    if (name === this.lastName) return this.lastCode;
    this.lastName = name;
    this.lastCode = this.lookUp(name);
    return this.lastCode;
  }

  private lookUp(name: string): number {
    let code = this.codes.get(name);
    if (code === undefined) {
      code = this.names.length;
      this.codes.set(name, code);
      this.names.push(name);
    }
    return code;
  }
}

const CODES = { tie: TIE, 'both-bad': BOTH_BAD, 'cant-judge': CANT_JUDGE } as const;
const choiceOf = (answer: Answer): number => {
  if (answer.kind !== 'comparison') return NO_COMPARISON;
  return typeof answer.outcome === 'number' ? answer.outcome : CODES[answer.outcome];
};

const OUTCOMES = ['tie', 'both-bad', 'cant-judge'] as const;

/** The answer of a judgment. */
export function answerAt({ kept, choice }: Pick<QualityColumns, 'kept' | 'choice'>, row: number): Answer {
  const code = choice[row]!;
  return kept[row] ?? { kind: 'comparison', outcome: code >= 0 ? code : OUTCOMES[-1 - code]! };
}

/** Kinds whose answer has a look on the screen that can repeat. */
const HAS_LOOK: { readonly [K in AnswerKind]: boolean } = {
  comparison: true,
  ranking: true,
  rating: true,
  label: true,
  steps: true,
  correction: false,
  spans: false,
  critique: false,
  demonstration: false,
};

/** Collects judgments one at a time, so that a store can stream them; `finish` gives the columns. */
export class ColumnsBuilder {
  private readonly items: readonly Item[];
  private readonly itemAt: Map<string, number>;
  private readonly raters = new Interner();
  private readonly looks = new Interner();
  private readonly instructionCodes = new Interner();
  private readonly viewCodes = new Interner();
  private readonly questions: QuestionKey[] = [];
  /** Looks of the places of a comparison, by place, so that no text is made for each judgment. */
  private readonly placeLooks: number[] = [];
  private lastItemId: string | undefined;
  private lastItem: number | undefined;
  private readonly ids: string[] = [];
  private readonly kept: (Answer | null)[] = [];
  private readonly item = new GrowingInts();
  private readonly rater = new GrowingInts();
  private readonly question = new GrowingInts();
  private readonly purpose = new GrowingInts();
  private readonly time = new GrowingNumbers();
  private readonly activeMs = new GrowingNumbers();
  private readonly choice = new GrowingInts();
  private readonly shownFirst = new GrowingInts();
  private readonly place = new GrowingInts();
  private readonly symbol = new GrowingInts();
  private readonly instructions = new GrowingInts();
  private readonly view = new GrowingInts();
  private readonly repeated = new Map<number, string>();
  private readonly suggestions = new Map<number, Answer>();
  private readonly reasons = new Map<number, string>();
  private readonly superseded = new Set<string>();
  private unknownItems = 0;

  constructor(items: readonly Item[]) {
    this.items = items;
    this.itemAt = new Map(items.map((item, i) => [item.id, i]));
  }

  add(judgment: Judgment): void {
    if (judgment.supersedes !== undefined) this.superseded.add(judgment.supersedes);
    if (judgment.itemId !== this.lastItemId) {
      this.lastItemId = judgment.itemId;
      this.lastItem = this.itemAt.get(judgment.itemId);
    }
    const item = this.lastItem;
    if (item === undefined) {
      this.unknownItems += 1;
      return;
    }
    const row = this.ids.length;
    const { answer, presentation } = judgment;
    const { order, repeats, suggestion } = presentation;
    const choice = choiceOf(answer);
    const recorded = order.length === this.items[item]!.replies.length && order.length > 0;
    const place = recorded && choice >= 0 ? order.indexOf(choice) : -1;
    this.ids.push(judgment.id);
    // A plain comparison is its code: keeping a million small objects costs more than all columns.
    this.kept.push(
      answer.kind === 'comparison' && answer.strength === undefined && answer.shares === undefined ? null : answer,
    );
    this.item.push(item);
    this.rater.push(this.raters.code(judgment.raterId));
    this.question.push(this.questionOf(judgment.questionId ?? null, answer.kind));
    this.purpose.push(PURPOSES.indexOf(purposeOf(judgment)));
    this.time.push(Date.parse(judgment.submittedAt));
    this.activeMs.push(judgment.activeMs ?? Number.NaN);
    this.choice.push(choice);
    this.shownFirst.push(recorded ? order[0]! : -1);
    this.place.push(place);
    this.symbol.push(recorded && HAS_LOOK[answer.kind] ? this.look(answer, place, order) : -1);
    this.instructions.push(this.instructionCodes.code(presentation.instructionsVersion));
    this.view.push(this.viewCodes.code(presentation.view));
    if (repeats !== undefined) this.repeated.set(row, repeats);
    if (suggestion !== undefined) this.suggestions.set(row, suggestion.answer);
    if (judgment.reason !== undefined) this.reasons.set(row, judgment.reason);
  }

  /** Forms have few questions: a look along them costs less than a key made of both. */
  private questionOf(id: string | null, kind: AnswerKind): number {
    for (let q = 0; q < this.questions.length; q++) {
      const question = this.questions[q]!;
      if (question.id === id && question.kind === kind) return q;
    }
    return this.questions.push({ id, kind }) - 1;
  }

  private look(answer: Answer, place: number, order: readonly number[]): number {
    if (place < 0) return this.looks.code(displayAnswer(answer, order));
    this.placeLooks[place] ??= this.looks.code(`place ${place + 1}`);
    return this.placeLooks[place];
  }

  finish(): QualityColumns {
    const { superseded } = this;
    const whole = superseded.size === 0;
    const standing = whole ? [] : [...this.ids.keys()].filter((row) => !superseded.has(this.ids[row]!));
    const rows = whole ? undefined : standing;
    const pick = <T>(values: T[]): T[] => (whole ? values : standing.map((row) => values[row]!));
    const newRow = new Map<number, number>();
    if (!whole) for (const [now, row] of standing.entries()) newRow.set(row, now);
    const sparse = <T>(map: ReadonlyMap<number, T>): Map<number, T> => {
      if (whole) return new Map(map);
      return new Map([...map].flatMap(([row, v]) => (newRow.has(row) ? [[newRow.get(row)!, v] as const] : [])));
    };
    const ids = pick(this.ids);
    const repeated = sparse(this.repeated);
    const wanted = new Set(repeated.values());
    const rowOf = new Map<string, number>();
    if (wanted.size > 0) for (const [row, id] of ids.entries()) if (wanted.has(id)) rowOf.set(id, row);
    const repeats = new Int32Array(ids.length).fill(-1);
    for (const [row, id] of repeated) repeats[row] = rowOf.get(id) ?? -1;
    return {
      items: this.items,
      raterIds: this.raters.names,
      questions: this.questions,
      n: ids.length,
      ids,
      kept: pick(this.kept),
      item: this.item.finish(rows),
      rater: this.rater.finish(rows),
      question: this.question.finish(rows),
      purpose: Uint8Array.from(this.purpose.finish(rows)),
      time: this.time.finish(rows),
      activeMs: this.activeMs.finish(rows),
      choice: this.choice.finish(rows),
      shownFirst: this.shownFirst.finish(rows),
      place: this.place.finish(rows),
      symbol: this.symbol.finish(rows),
      symbols: this.looks.names,
      repeats,
      instructions: this.instructions.finish(rows),
      instructionNames: this.instructionCodes.names,
      view: this.view.finish(rows),
      viewNames: this.viewCodes.names,
      suggestions: sparse(this.suggestions),
      reasons: sparse(this.reasons),
      unknownItems: this.unknownItems,
      superseded: this.ids.length - ids.length,
    };
  }
}

/** Columns of a history of judgments; those that a later one replaced are counted and left out. */
export function qualityColumns(items: readonly Item[], judgments: Iterable<Judgment>): QualityColumns {
  const builder = new ColumnsBuilder(items);
  for (const judgment of judgments) builder.add(judgment);
  return builder.finish();
}
