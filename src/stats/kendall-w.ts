import { bootstrapTally, type Estimate } from './agreement.ts';
import type { Undefined } from './chance-corrected.ts';
import { chiSquareUpper } from './distributions.ts';
import { ranks } from './functions.ts';
import type { BootstrapOptions, Interval } from './intervals.ts';

/** Kendall's coefficient of concordance. */
export interface Concordance {
  readonly value: number;
  /** Without the correction for ties, for comparison with sources that leave it out. */
  readonly uncorrected: number;
  /** (mW − 1) / (m − 1): without ties the mean Spearman correlation between two judges. */
  readonly meanSpearman: number;
  readonly chiSquare: number;
  readonly df: number;
  /** By the χ² approximation; rough below about seven objects. */
  readonly p: number;
  readonly judges: number;
  readonly objects: number;
  /** Bootstrap over objects, re-ranked; null when no source of randomness was given. */
  readonly interval: Interval | null;
}

/**
 * W for ranks of weighted objects: each object stands for so many equal ones, tied with one another. Equals the usual
 * formula with tie correction when all weights are 1.
 */
function concordance(
  scores: readonly (readonly number[])[],
  weights: Float64Array,
): Estimate & { uncorrected: number } {
  const m = scores.length;
  const n = weights.reduce((total, w) => total + w, 0);
  const rankSums = new Float64Array(weights.length);
  let ties = 0;
  for (const row of scores) {
    const order = Array.from(row, (_, i) => i).sort((a, b) => row[a]! - row[b]!);
    let below = 0;
    for (let from = 0; from < order.length; ) {
      let to = from;
      let size = 0;
      while (to < order.length && row[order[to]!] === row[order[from]!]) size += weights[order[to++]!]!;
      for (let i = from; i < to; i++) rankSums[order[i]!]! += below + (size + 1) / 2;
      ties += size ** 3 - size;
      below += size;
      from = to;
    }
  }
  const mean = (m * (n + 1)) / 2;
  const spread = rankSums.reduce((total, sum, i) => total + weights[i]! * (sum - mean) ** 2, 0);
  const room = m * m * (n ** 3 - n);
  const uncorrected = (12 * spread) / room;
  if (!(room - m * ties > 1e-9 * room)) return { undefined: 'every judge ties all objects', uncorrected };
  return { value: (12 * spread) / (room - m * ties), uncorrected };
}

/**
 * Kendall's W (Kendall and Babington Smith 1939) with the correction for ties. One row per judge, one column per object:
 * ranks or scores, ranked here with ties averaged. The interval takes objects as the sample and judges as given.
 */
export function kendallW(scores: readonly (readonly number[])[], options?: BootstrapOptions): Concordance | Undefined {
  const [m, n] = [scores.length, scores[0]?.length ?? 0];
  if (m < 2 || n < 2) return { undefined: `expected two judges and two objects at least, got ${m} and ${n}` };
  for (const row of scores) {
    if (row.length !== n || row.some((v) => !Number.isFinite(v))) {
      throw new RangeError(
        `W: expected a score for each of ${n} objects from every judge: leave out objects that some judge skipped`,
      );
    }
  }
  const ranked = scores.map(ranks);
  const all = new Float64Array(n).fill(1);
  const whole = concordance(ranked, all);
  if ('undefined' in whole) return { undefined: whole.undefined };
  const chiSquare = m * (n - 1) * whole.value;
  const index = Uint32Array.from({ length: n }, (_, i) => i);
  const objects = { units: n, rows: n, rowOf: index, multiplicity: all };
  return {
    value: whole.value,
    uncorrected: whole.uncorrected,
    meanSpearman: (m * whole.value - 1) / (m - 1),
    chiSquare,
    df: n - 1,
    p: chiSquareUpper(chiSquare, n - 1),
    judges: m,
    objects: n,
    interval:
      options === undefined ? null : bootstrapTally(objects, (weights) => concordance(ranked, weights), options),
  };
}
