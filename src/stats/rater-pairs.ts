import type { LabelTable } from './label-table.ts';

/** Pairs of raters with common items, and every such meeting: columns of one length, one entry per pair and item. */
export interface RaterPairs {
  /** Raters of pair p at 2p and 2p + 1, the smaller index first. */
  readonly raters: Int32Array;
  /** Meetings per pair. */
  readonly n: Int32Array;
  readonly pair: Int32Array;
  readonly item: Int32Array;
  /** Indices of the two labels in the table. */
  readonly first: Int32Array;
  readonly second: Int32Array;
  /** Pairs left out because they met less than `minCommonItems` times. */
  readonly tooFew: number;
}

export interface RaterPairsOptions {
  readonly minCommonItems: number;
  /** Only pairs of these raters. */
  readonly raters?: readonly number[];
  /** Most meetings that are kept in memory. */
  readonly limit: number;
}

/** Collects the pairs of raters that met often enough, or says why that cannot be done. */
export function commonItemPairs(
  table: LabelTable,
  { minCommonItems, raters: only, limit }: RaterPairsOptions,
): RaterPairs | { readonly undefined: string } {
  const { items, raters, start, rater } = table;
  const included = new Uint8Array(raters);
  if (only === undefined) included.fill(1);
  else for (const r of only) included[r] = 1;
  const eachMeeting = (meet: (a: number, b: number, item: number) => void): void => {
    for (let i = 0; i < items; i++) {
      for (let a = start[i]!; a < start[i + 1]!; a++) {
        if (included[rater[a]!] === 0) continue;
        for (let b = a + 1; b < start[i + 1]!; b++) {
          if (included[rater[b]!] === 0 || rater[a] === rater[b]) continue;
          if (rater[a]! < rater[b]!) meet(a, b, i);
          else meet(b, a, i);
        }
      }
    }
  };
  let meetings = 0;
  eachMeeting(() => {
    meetings += 1;
  });
  if (meetings > limit) {
    return { undefined: `${meetings} meetings of raters are more than ${limit}: name fewer raters to test` };
  }
  // Sorted keys instead of a map: most pairs of a large crowd meet once and are dropped.
  const keys = new Float64Array(meetings);
  let at = 0;
  eachMeeting((a, b) => {
    keys[at++] = rater[a]! * raters + rater[b]!;
  });
  keys.sort();
  const pairOf = new Map<number, number>();
  const counts: number[] = [];
  const members: number[] = [];
  let tooFew = 0;
  for (let from = 0; from < meetings; ) {
    let to = from;
    while (to < meetings && keys[to] === keys[from]) to += 1;
    if (to - from >= minCommonItems) {
      pairOf.set(keys[from]!, counts.length);
      counts.push(to - from);
      members.push(Math.floor(keys[from]! / raters), keys[from]! % raters);
    } else tooFew += 1;
    from = to;
  }
  const kept = counts.reduce((sum, n) => sum + n, 0);
  const columns = Array.from({ length: 4 }, () => new Int32Array(kept)) as [
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
  ];
  const [pair, item, first, second] = columns;
  at = 0;
  eachMeeting((a, b, i) => {
    const found = pairOf.get(rater[a]! * raters + rater[b]!);
    if (found === undefined) return;
    pair[at] = found;
    item[at] = i;
    first[at] = a;
    second[at] = b;
    at += 1;
  });
  return { raters: Int32Array.from(members), n: Int32Array.from(counts), pair, item, first, second, tooFew };
}
