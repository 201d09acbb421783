import type { Answer, Item } from '../feedback/index.ts';
import { answerAt, PURPOSES, type QualityColumns } from './columns.ts';

/** Purposes whose answers are held against a known one. */
export const GOLD_PURPOSES = ['gold', 'qualification', 'training'] as const;
export type GoldPurpose = (typeof GOLD_PURPOSES)[number];

/** Whether an answer is right by the item's known one; null where the two cannot be compared. */
export function goldRight(answer: Answer, { gold }: Item): boolean | null {
  if (gold === undefined) return null;
  if (answer.kind === 'comparison') {
    const { outcome } = answer;
    return outcome === 'cant-judge' || outcome === 'both-bad' ? null : outcome === gold;
  }
  if (answer.kind !== 'ranking') return null;
  const best = answer.groups[0]!;
  return gold === 'tie' ? best.length > 1 : best.length === 1 && best[0] === gold;
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
    const right = goldRight(answerAt(columns, row), columns.items[columns.item[row]!]!);
    if (right === null) unscored += 1;
    else answers.push({ purpose, row, rater: columns.rater[row]!, right });
  }
  return { answers, unscored };
}
