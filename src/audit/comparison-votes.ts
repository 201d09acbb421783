import { currentJudgments, type Judgment, preferenceShares, purposeOf } from '../feedback/index.ts';
import type { GroupVote } from './shared-preference.ts';

/** A vote on a pair of replies, with the view that it was given under. */
export type ComparisonVote = Omit<GroupVote, 'group'> & { readonly view: string };

/** The work votes that stand on pairs of replies, one of each rater on an item (the last); each question is an item of its own. */
export function comparisonVotes(judgments: readonly Judgment[]): ComparisonVote[] {
  const votes = new Map<string, ComparisonVote>();
  for (const judgment of currentJudgments(judgments)) {
    const { itemId, raterId, questionId = null, answer, presentation } = judgment;
    if (answer.kind !== 'comparison' || presentation.order.length !== 2 || purposeOf(judgment) !== 'work') continue;
    const shares = preferenceShares(answer, 2);
    if (shares === null) continue;
    const item = JSON.stringify([itemId, questionId]);
    const vote = { item, rater: raterId, value: shares[0]! - 0.5, view: presentation.view };
    votes.set(JSON.stringify([item, raterId]), vote);
  }
  return [...votes.values()];
}
