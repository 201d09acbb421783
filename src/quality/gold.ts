import { type Answer, type Item, isGoldAnswer } from '../feedback/index.ts';
import { answerAt, PURPOSES, type QualityColumns } from './columns.ts';

/** Purposes whose answers are held against a known one. */
export const GOLD_PURPOSES = ['gold', 'qualification', 'training'] as const;
export type GoldPurpose = (typeof GOLD_PURPOSES)[number];

/** Whether an answer is right by the item's known one; null where the two cannot be compared, or nothing was chosen. */
export function goldRight(
  judgment: { readonly answer: Answer; readonly questionId?: string },
  item: Item,
): boolean | null {
  const { answer } = judgment;
  if (answer.kind === 'comparison' && (answer.outcome === 'cant-judge' || answer.outcome === 'both-bad')) return null;
  return isGoldAnswer(judgment, item) ?? null;
}

export interface GoldAnswers {
  readonly purpose: GoldPurpose;
  readonly row: number;
  readonly rater: number;
  readonly right: boolean;
}

/** Answers to items shown as gold, qualification or training, and how many could not be held against gold. */
export function goldAnswers(columns: QualityColumns): { answers: GoldAnswers[]; unscored: number } {
  const answers: GoldAnswers[] = [];
  let unscored = 0;
  for (let row = 0; row < columns.n; row++) {
    const purpose = GOLD_PURPOSES.find((p) => p === PURPOSES[columns.purpose[row]!]);
    if (purpose === undefined) continue;
    const { id } = columns.questions[columns.question[row]!]!;
    const judgment = { answer: answerAt(columns, row), ...(id !== null && { questionId: id }) };
    const right = goldRight(judgment, columns.items[columns.item[row]!]!);
    if (right === null) unscored += 1;
    else answers.push({ purpose, row, rater: columns.rater[row]!, right });
  }
  return { answers, unscored };
}
