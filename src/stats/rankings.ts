import { type Comparisons, type Contest, comparisonsOf } from './comparisons.ts';

/** One ranking of some items: groups from best to worst, items of a group tied. Items that were not shown are left out. */
export interface Ranking {
  readonly groups: readonly (readonly number[])[];
  /** Shown too, but only known to be worse than every group: what a top-k list leaves unordered. */
  readonly rest?: readonly number[];
  /** How often it was given; default 1. */
  readonly weight?: number;
}

/** A ranking without ties, best first. */
export const strictRanking = (order: readonly number[]): Ranking => ({ groups: order.map((item) => [item]) });

/** The best of a set: `chosen` over each of `others`. */
export const topChoice = (chosen: number, others: readonly number[]): Ranking => ({ groups: [[chosen]], rest: others });

/** From the rank of each item: 1 best, equal ranks tied, 0 or null not ranked. */
export function rankingOfRanks(ranks: readonly (number | null)[]): Ranking {
  const groups = new Map<number, number[]>();
  for (const [item, rank] of ranks.entries()) {
    if (rank === null || rank === 0) continue;
    const group = groups.get(rank);
    if (group) group.push(item);
    else groups.set(rank, [item]);
  }
  return { groups: [...groups].sort(([a], [b]) => a - b).map(([, items]) => items) };
}

/** Rankings laid end to end: the items of each from best to worst, and where each choice among what is left begins. */
export interface RankingColumns {
  readonly items: Int32Array;
  /** First item of each ranking, and the end. */
  readonly starts: Int32Array;
  readonly weight: Float64Array;
  /** Sizes of the groups of each ranking, best first. */
  readonly groups: readonly (readonly number[])[];
}

/** Throws a RangeError that names the first ranking with an item out of range, given twice, or in an empty group. */
export function rankingColumns(rankings: readonly Ranking[], items: number): RankingColumns {
  const flat: number[] = [];
  const starts = new Int32Array(rankings.length + 1);
  const seen = new Int32Array(items).fill(-1);
  for (const [r, { groups, rest = [], weight = 1 }] of rankings.entries()) {
    if (!(weight >= 0 && weight < Infinity)) throw new RangeError(`Ranking ${r}: expected a weight ≥ 0; got ${weight}`);
    for (const group of [...groups, rest]) {
      if (group !== rest && group.length === 0) throw new RangeError(`Ranking ${r}: expected no empty group`);
      for (const item of group) {
        if (!(item >= 0 && item < items)) {
          throw new RangeError(`Ranking ${r}: expected items of 0 … ${items - 1}; got ${item}`);
        }
        if (seen[item] === r) throw new RangeError(`Ranking ${r}: expected each item once; got ${item} twice`);
        seen[item] = r;
        flat.push(item);
      }
    }
    starts[r + 1] = flat.length;
  }
  return {
    items: Int32Array.from(flat),
    starts,
    weight: Float64Array.from(rankings, (r) => r.weight ?? 1),
    groups: rankings.map((r) => r.groups.map((g) => g.length)),
  };
}

/** Comparisons that connect items just as the rankings do: each group against the next, tied items with one another. */
export function impliedComparisons(rankings: readonly Ranking[], items: number): Comparisons {
  const contests: Contest[] = [];
  for (const { groups, rest = [], weight = 1 } of rankings) {
    if (weight === 0) continue;
    for (const [j, group] of groups.entries()) {
      const worse = j + 1 < groups.length ? groups[j + 1]! : rest;
      for (const [k, first] of group.entries()) {
        for (const second of worse) contests.push({ first, second, firstWins: weight, secondWins: 0 });
        const tied = group[k + 1];
        if (tied !== undefined) contests.push({ first, second: tied, firstWins: 0, secondWins: 0, ties: weight });
      }
    }
  }
  return comparisonsOf(contests, items);
}
