import type { QualityColumns } from './columns.ts';
import type { VoteSet } from './vote-set.ts';

interface PairedData {
  readonly columns: QualityColumns;
  readonly voteSets: readonly VoteSet[];
}

/** Shared units from which on two raters are compared. */
export const LEAST_SHARED = 12;
/** Pairs from which on there is a pool to hold one of them against. */
export const LEAST_PAIRS = 3;
/** Raters of one unit that are paired with each other; a unit with more contributes its first so many. */
export const MAX_RATERS_OF_UNIT = 40;
/** Pairs of votes looked at in all; past this, units with the most raters are left out first. */
export const MAX_PAIRS_OF_VOTES = 20_000_000;

/** Two raters and what they did on the units they share. */
export interface RaterPair {
  readonly a: number;
  readonly b: number;
  /** Units that both voted on. */
  readonly shared: number;
  /** Units on which they gave the same class, and how many independent raters like them would. */
  readonly equal: number;
  readonly expectedEqual: number;
  /** Units on which they are wrong in the same way, each as surely as all votes but theirs say; and how many were to be expected. */
  readonly sameErrors: number;
  readonly expectedSameErrors: number;
  /** Median time between the two submissions on a shared unit. */
  readonly medianGapMs: number | null;
}

/** Pairs of raters with enough units in common to be compared. */
export interface SharedWork {
  readonly pairs: readonly RaterPair[];
  /** Pairs of votes that the caps left out. */
  readonly leftOut: number;
  /** Visits the shared units of given pairs: entry indices of both votes in their set. */
  visit(wanted: ReadonlySet<number>, see: (key: number, set: number, entries: readonly [number, number]) => void): void;
  keyOf(pair: Pick<RaterPair, 'a' | 'b'>): number;
}

/** Every pair of votes on a unit, both orders merged: calls with the key a × raters + b, a < b. */
function eachPair(
  data: PairedData,
  largest: number,
  see: (key: number, set: number, entries: readonly [number, number]) => void,
): void {
  const raters = data.columns.raterIds.length;
  for (const [set, { votes }] of data.voteSets.entries()) {
    for (let u = 0; u < votes.units; u++) {
      const from = votes.starts[u]!;
      const to = Math.min(votes.starts[u + 1]!, from + largest);
      for (let i = from; i < to; i++) {
        for (let j = i + 1; j < to; j++) {
          const [r, s] = [votes.rater[i]!, votes.rater[j]!];
          if (r < s) see(r * raters + s, set, [i, j]);
          else see(s * raters + r, set, [j, i]);
        }
      }
    }
  }
}

/** Raters of a unit to pair, so that the number of pairs of votes stays under the cap. */
function largestUnit(data: PairedData): { largest: number; kept: number; all: number } {
  const sizes = new Map<number, number>();
  for (const { votes } of data.voteSets) {
    for (let u = 0; u < votes.units; u++) {
      const size = votes.starts[u + 1]! - votes.starts[u]!;
      sizes.set(size, (sizes.get(size) ?? 0) + 1);
    }
  }
  const pairsAt = (largest: number) => {
    let pairs = 0;
    for (const [size, units] of sizes) pairs += (units * Math.min(size, largest) * (Math.min(size, largest) - 1)) / 2;
    return pairs;
  };
  let largest = MAX_RATERS_OF_UNIT;
  while (largest > 2 && pairsAt(largest) > MAX_PAIRS_OF_VOTES) largest -= 1;
  return { largest, kept: pairsAt(largest), all: pairsAt(Number.POSITIVE_INFINITY) };
}

/** Keys of pairs with at least `least` shared units, by sorting all occurrences: no table of raters × raters. */
function frequentPairs(data: PairedData, least: number): { keys: Float64Array; largest: number; leftOut: number } {
  const { largest, kept, all } = largestUnit(data);
  const occurrences = new Float64Array(kept);
  let n = 0;
  eachPair(data, largest, (key) => {
    occurrences[n] = key;
    n += 1;
  });
  const sorted = occurrences.subarray(0, n).sort();
  const keys: number[] = [];
  for (let i = 0; i < n; ) {
    let j = i;
    while (j < n && sorted[j] === sorted[i]) j += 1;
    if (j - i >= least) keys.push(sorted[i]!);
    i = j;
  }
  return { keys: Float64Array.from(keys), largest, leftOut: all - n };
}

/**
 * Pairs of raters with at least `least` shared units, with the agreement and the common errors that independent raters
 * with their Dawid–Skene error rates would show. The class of a unit is taken from the posterior without the two votes
 * (they are divided out of it), so that a pair does not vote itself into the right.
 */
export function raterPairs(data: PairedData, least: number): SharedWork {
  const { columns, voteSets } = data;
  const raters = columns.raterIds.length;
  const { keys, largest, leftOut } = frequentPairs(data, least);
  const at = new Map(Array.from(keys, (key, i) => [key, i]));
  const size = keys.length;
  const sums = {
    shared: new Int32Array(size),
    equal: new Float64Array(size),
    expectedEqual: new Float64Array(size),
    sameErrors: new Float64Array(size),
    expectedSameErrors: new Float64Array(size),
  };
  const gaps: number[][] = keys.length === 0 ? [] : Array.from({ length: size }, () => []);
  if (size > 0) {
    const without = new Float64Array(Math.max(...voteSets.map(({ votes }) => votes.classes)));
    eachPair(data, largest, (key, set, [i, j]) => {
      const k = at.get(key);
      if (k === undefined) return;
      const { votes, fit } = voteSets[set]!;
      const { classes, label, unit, rater, row } = votes;
      const [first, second] = [fit.confusion[rater[i]!]!, fit.confusion[rater[j]!]!];
      const posterior = fit.posteriors[unit[i]!]!;
      const [x, y] = [label[i]!, label[j]!];
      let total = 0;
      for (let t = 0; t < classes; t++) {
        without[t] = posterior[t]! / (first[t]![x]! * second[t]![y]!);
        total += without[t]!;
      }
      let [equal, wrong, observed] = [0, 0, 0];
      for (let c = 0; c < classes; c++) {
        let both = 0;
        for (let t = 0; t < classes; t++) both += (without[t]! / total) * first[t]![c]! * second[t]![c]!;
        // How surely class c is wrong, by all votes but the pair's.
        const error = 1 - without[c]! / total;
        equal += both;
        wrong += error * both;
        if (x === c && y === c) observed = error;
      }
      sums.shared[k]! += 1;
      sums.equal[k]! += Number(x === y);
      sums.expectedEqual[k]! += equal;
      sums.sameErrors[k]! += observed;
      sums.expectedSameErrors[k]! += wrong;
      const gap = Math.abs(columns.time[row[i]!]! - columns.time[row[j]!]!);
      if (!Number.isNaN(gap)) gaps[k]!.push(gap);
    });
  }
  const pairs = Array.from(keys, (key, k): RaterPair => {
    const sortedGaps = gaps[k]!.sort((p, q) => p - q);
    return {
      a: Math.floor(key / raters),
      b: key % raters,
      shared: sums.shared[k]!,
      equal: sums.equal[k]!,
      expectedEqual: sums.expectedEqual[k]!,
      sameErrors: sums.sameErrors[k]!,
      expectedSameErrors: sums.expectedSameErrors[k]!,
      medianGapMs: sortedGaps[sortedGaps.length >> 1] ?? null,
    };
  });
  return {
    pairs,
    leftOut,
    keyOf: ({ a, b }) => a * raters + b,
    visit(wanted, see) {
      if (wanted.size === 0) return;
      eachPair(data, largest, (key, set, entries) => {
        if (wanted.has(key)) see(key, set, entries);
      });
    },
  };
}
