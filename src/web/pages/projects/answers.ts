import type { Answer, AnswerOf, Item, Judgment, Question } from '../../../feedback/index.ts';
import type { RequestOf } from '../../../server/index.ts';
import { letterOf } from '../judge/logic/types.ts';
import type { ItemRow, RecordRow } from './queries.ts';

export type Reason = RequestOf<'POST /api/projects/{project}/items/{item}/adjudication'>['body']['reason'];

/** Why a lead decides as they do, in words. */
export const REASON_WORDS: { readonly [R in Reason]: string } = {
  guideline: 'The instructions settle it',
  fact: 'A fact settles it',
  majority: 'The majority is right',
  'rater-error': 'A rater made a mistake',
  'ambiguous-item': 'The item can be read in more than one way',
  other: 'Something else (say what)',
};
export const REASONS = Object.keys(REASON_WORDS) as readonly Reason[];

type JudgmentRow = RecordRow & { readonly record: { readonly type: 'judgment'; readonly judgment: Judgment } };
export const isJudgment = (row: RecordRow): row is JudgmentRow => row.record.type === 'judgment';

/** Id, rater, item and time of any record. */
export function keyOf({ record }: RecordRow): { id: string; raterId: string; itemId: string | null; at: string } {
  if (record.type === 'judgment') {
    const { id, raterId, itemId, submittedAt } = record.judgment;
    return { id, raterId, itemId, at: submittedAt };
  }
  const itemId = 'itemId' in record ? (record.itemId ?? null) : null;
  return { id: record.id, raterId: record.raterId, itemId, at: record.at };
}

/** Judgments of work that stand, to one question of the form. */
export function standingOn(records: readonly RecordRow[], question: Question): JudgmentRow[] {
  return records.filter(isJudgment).filter(
    ({ standing, record: { judgment } }) =>
      standing &&
      (judgment.presentation.purpose ?? 'work') === 'work' &&
      // Data from before there was a form name no question: they answer the first of their kind.
      (judgment.questionId === undefined
        ? judgment.answer.kind === question.kind
        : judgment.questionId === question.id),
  );
}

export interface AnswerChoice {
  /** Tells choices apart. */
  readonly key: string;
  readonly text: string;
  readonly answer: Answer;
  /** Raters whose standing answer this is. */
  readonly raters: readonly string[];
}

const OUTCOMES = { tie: 'Equally good', 'both-bad': 'None is good', 'cant-judge': 'Cannot be judged' } as const;

function outcomes(
  question: Extract<Question, { kind: 'comparison' }>,
  item: Item,
): AnswerOf<'comparison'>['outcome'][] {
  return [
    ...item.replies.keys(),
    ...(question.ties ? (['tie'] as const) : []),
    ...(question.bothBad ? (['both-bad'] as const) : []),
    ...(question.cantJudge ? (['cant-judge'] as const) : []),
  ];
}

/**
 * What a lead can decide with one key: every outcome of a comparison (its strength is left out); of other kinds the
 * different answers that raters gave, those of most raters first.
 */
export function choicesOf(question: Question, item: Item, records: readonly RecordRow[]): AnswerChoice[] {
  const rows = standingOn(records, question);
  if (question.kind === 'comparison')
    return outcomes(question, item).map((outcome) => ({
      key: String(outcome),
      // By the item's own order: A is the first one stored, whatever anybody was shown first.
      text: typeof outcome === 'number' ? `Reply ${letterOf(outcome)} is better` : OUTCOMES[outcome],
      answer: { kind: 'comparison', outcome },
      raters: rows.flatMap(({ record: { judgment } }) =>
        judgment.answer.kind === 'comparison' && judgment.answer.outcome === outcome ? [judgment.raterId] : [],
      ),
    }));
  const found = new Map<string, { text: string; answer: Answer; raters: string[] }>();
  for (const { text, record } of rows) {
    const key = JSON.stringify(record.judgment.answer);
    const known = found.get(key);
    if (known === undefined)
      found.set(key, { text, answer: record.judgment.answer, raters: [record.judgment.raterId] });
    else known.raters.push(record.judgment.raterId);
  }
  return [...found].map(([key, choice]) => ({ key, ...choice })).sort((a, b) => b.raters.length - a.raters.length);
}

/** The question with most different answers, which is the one to decide; the first where none differs. */
export function mostDisputed(questions: readonly Question[], records: readonly RecordRow[]): Question | undefined {
  const variety = (question: Question) =>
    new Set(standingOn(records, question).map(({ record }) => JSON.stringify(record.judgment.answer))).size;
  return questions.reduce<Question | undefined>(
    (best, question) => (best === undefined || variety(question) > variety(best) ? question : best),
    undefined,
  );
}

/** Groups from best to worst, from a rank per reply; null is unranked. Undefined when nothing is ranked. */
export function groupsOf(ranks: readonly (number | null)[]): number[][] | undefined {
  const used = [...new Set(ranks.filter((rank) => rank !== null))].sort((a, b) => a - b);
  if (used.length === 0) return undefined;
  return used.map((rank) => [...ranks.entries()].flatMap(([reply, own]) => (own === rank ? [reply] : [])));
}

/** Items to decide, each once: those with disagreement, then flagged ones, less those decided already. */
export function queueOf(lists: readonly (readonly ItemRow[])[]): ItemRow[] {
  const byId = new Map(lists.flat().map((row) => [row.id, row]));
  return [...byId.values()].filter(({ adjudicated }) => !adjudicated);
}
