import { type Item, type Judgment, purposeOf } from '../feedback/index.ts';

/** A comparison vote by indices: class 0 first reply, 1 second, 2 tie. */
export interface Vote {
  readonly item: number;
  readonly rater: number;
  readonly label: 0 | 1 | 2;
  readonly shownFirst: 0 | 1 | null;
  readonly activeMs: number | null;
}

export interface VoteTable {
  readonly items: readonly Item[];
  readonly raterIds: readonly string[];
  readonly votes: readonly Vote[];
}

/** Work votes on items of two replies as indices, for probes that look at single votes. */
export function voteTable(items: readonly Item[], judgments: readonly Judgment[]): VoteTable {
  const itemAt = new Map(items.map((item, i) => [item.id, i]));
  const raterAt = new Map<string, number>();
  const votes: Vote[] = [];
  for (const judgment of judgments) {
    const { itemId, raterId, answer, presentation, activeMs } = judgment;
    const item = itemAt.get(itemId);
    if (item === undefined || answer.kind !== 'comparison' || items[item]!.replies.length !== 2) continue;
    if (purposeOf(judgment) !== 'work') continue;
    const label = answer.outcome === 'tie' ? 2 : answer.outcome;
    if (label !== 0 && label !== 1 && label !== 2) continue;
    if (!raterAt.has(raterId)) raterAt.set(raterId, raterAt.size);
    const shown = presentation.order[0];
    const shownFirst = presentation.order.length === 2 && (shown === 0 || shown === 1) ? shown : null;
    votes.push({ item, rater: raterAt.get(raterId)!, label, shownFirst, activeMs });
  }
  return { items, raterIds: [...raterAt.keys()], votes };
}
