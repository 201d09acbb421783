import type { Answer, AnswerKind } from '../answer.ts';
import { displayAnswer } from '../answer-kinds.ts';
import type { Item } from '../item.ts';
import { type Judgment, type Purpose, purposeOf, purposeSchema } from '../judgment.ts';

/** Outcomes of a comparison that name no reply, as codes beside the reply indices. */
export const TIE = -1;
export const BOTH_BAD = -2;
export const CANT_JUDGE = -3;
/** The judgment is no comparison. */
export const NO_COMPARISON = -4;

export const PURPOSES: readonly Purpose[] = purposeSchema.options;
export const WORK = PURPOSES.indexOf('work');

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
  readonly answers: readonly Answer[];
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

/** Gives equal strings equal small numbers. */
class Interner {
  readonly names: string[] = [];
  private readonly codes = new Map<string, number>();

  code(name: string): number {
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
  private readonly questionCodes = new Interner();
  private readonly questions: QuestionKey[] = [];
  private readonly ids: string[] = [];
  private readonly answers: Answer[] = [];
  private readonly item: number[] = [];
  private readonly rater: number[] = [];
  private readonly question: number[] = [];
  private readonly purpose: number[] = [];
  private readonly time: number[] = [];
  private readonly activeMs: number[] = [];
  private readonly choice: number[] = [];
  private readonly shownFirst: number[] = [];
  private readonly place: number[] = [];
  private readonly symbol: number[] = [];
  private readonly instructions: number[] = [];
  private readonly view: number[] = [];
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
    const item = this.itemAt.get(judgment.itemId);
    if (item === undefined) {
      this.unknownItems += 1;
      return;
    }
    const row = this.ids.length;
    const { answer, presentation } = judgment;
    const { order, repeats, suggestion } = presentation;
    const questionCode = this.questionCodes.code(`${answer.kind}\n${judgment.questionId ?? ''}`);
    if (questionCode === this.questions.length)
      this.questions.push({ id: judgment.questionId ?? null, kind: answer.kind });
    const choice = choiceOf(answer);
    const recorded = order.length === this.items[item]!.replies.length && order.length > 0;
    const place = recorded && choice >= 0 ? order.indexOf(choice) : -1;
    this.ids.push(judgment.id);
    this.answers.push(answer);
    this.item.push(item);
    this.rater.push(this.raters.code(judgment.raterId));
    this.question.push(questionCode);
    this.purpose.push(PURPOSES.indexOf(purposeOf(judgment)));
    this.time.push(Date.parse(judgment.submittedAt));
    this.activeMs.push(judgment.activeMs ?? Number.NaN);
    this.choice.push(choice);
    this.shownFirst.push(recorded ? order[0]! : -1);
    this.place.push(place);
    this.symbol.push(recorded && HAS_LOOK[answer.kind] ? this.looks.code(this.look(answer, place, order)) : -1);
    this.instructions.push(this.instructionCodes.code(presentation.instructionsVersion));
    this.view.push(this.viewCodes.code(presentation.view));
    if (repeats !== undefined) this.repeated.set(row, repeats);
    if (suggestion !== undefined) this.suggestions.set(row, suggestion.answer);
    if (judgment.reason !== undefined) this.reasons.set(row, judgment.reason);
  }

  private look(answer: Answer, place: number, order: readonly number[]): string {
    return place >= 0 ? `place ${place + 1}` : displayAnswer(answer, order);
  }

  finish(): QualityColumns {
    const { superseded } = this;
    const standing: number[] = [];
    for (const [row, id] of this.ids.entries()) if (!superseded.has(id)) standing.push(row);
    const whole = standing.length === this.ids.length;
    const pick = <T>(values: T[]): T[] => (whole ? values : standing.map((row) => values[row]!));
    const ints = (values: number[]) => Int32Array.from(pick(values));
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
      answers: pick(this.answers),
      item: ints(this.item),
      rater: ints(this.rater),
      question: ints(this.question),
      purpose: Uint8Array.from(pick(this.purpose)),
      time: Float64Array.from(pick(this.time)),
      activeMs: Float64Array.from(pick(this.activeMs)),
      choice: ints(this.choice),
      shownFirst: ints(this.shownFirst),
      place: ints(this.place),
      symbol: ints(this.symbol),
      symbols: this.looks.names,
      repeats,
      instructions: ints(this.instructions),
      instructionNames: this.instructionCodes.names,
      view: ints(this.view),
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
