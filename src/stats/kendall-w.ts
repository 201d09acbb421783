import { bootstrapTally, type Estimate } from './agreement.ts';
import type { Undefined } from './chance-corrected.ts';
import { chiSquareUpper } from './distributions.ts';
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

/** Objects in a judge's order, and where each group of tied ones ends. */
interface Order {
  readonly objects: readonly number[];
  readonly ends: readonly number[];
}

function orderOf(scores: readonly number[]): Order {
  const objects = Array.from(scores, (_, i) => i).sort((a, b) => scores[a]! - scores[b]!);
  const ends: number[] = [];
  for (let i = 1; i <= objects.length; i++) {
    if (i === objects.length || scores[objects[i]!] !== scores[objects[i - 1]!]) ends.push(i);
  }
  return { objects, ends };
}

/**
 * W of weighted objects: each object stands for so many equal ones, tied with one another. Equals the usual formula with
 * tie correction when all weights are 1.
 */
function concordance(orders: readonly Order[], weights: Float64Array): Estimate & { uncorrected: number } {
  const m = orders.length;
  let n = 0;
  for (const w of weights) n += w;
  const rankSums = new Float64Array(weights.length);
  let ties = 0;
  for (const { objects, ends } of orders) {
    let [below, from] = [0, 0];
    for (const to of ends) {
      let size = 0;
      for (let i = from; i < to; i++) size += weights[objects[i]!]!;
      for (let i = from; i < to; i++) rankSums[objects[i]!]! += below + (size + 1) / 2;
      ties += size ** 3 - size;
      below += size;
      from = to;
    }
  }
  const mean = (m * (n + 1)) / 2;
  let spread = 0;
  for (let i = 0; i < rankSums.length; i++) spread += weights[i]! * (rankSums[i]! - mean) ** 2;
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
  const orders = scores.map(orderOf);
  const all = new Float64Array(n).fill(1);
  const whole = concordance(orders, all);
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
      options === undefined ? null : bootstrapTally(objects, (weights) => concordance(orders, weights), options),
  };
}
