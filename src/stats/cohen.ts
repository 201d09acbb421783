import { type Undefined, type Weighting, weightMatrix } from './chance-corrected.ts';
import { normalUpper } from './distributions.ts';
import { normalQuantile } from './functions.ts';
import type { Interval } from './intervals.ts';
import type { Ratings } from './ratings.ts';

/** Cohen's κ of two raters with the large-sample errors of Fleiss, Cohen and Everitt (1969). */
export interface CohenKappa {
  readonly value: number;
  /** ASE: for intervals. */
  readonly standardError: number;
  readonly interval: Interval | Undefined;
  /** ASE0: under independence, for the test. */
  readonly nullError: number;
  readonly z: number;
  /** Two-sided. */
  readonly p: number;
  /** Units that both rated. */
  readonly n: number;
  readonly observed: number;
  readonly expected: number;
}

/** Counts of units by the value of the first rater (rows) and of the second (columns), over units that both rated. */
export function contingency(ratings: Ratings, first: number, second: number): number[][] {
  const { scale, starts, rater, code } = ratings;
  const table = Array.from(scale, () => new Array<number>(scale.length).fill(0));
  for (let u = 0; u < ratings.units; u++) {
    let [a, b] = [-1, -1];
    for (let i = starts[u]!; i < starts[u + 1]!; i++) {
      if (rater[i] === first) a = code[i]!;
      if (rater[i] === second) b = code[i]!;
    }
    if (a >= 0 && b >= 0) table[a]![b]! += 1;
  }
  return table;
}

/**
 * Cohen's κ (1960), weighted (1968) on request, from a square table of counts. `scale` gives the values of the categories
 * for linear and quadratic weights; by default they are 0, 1, 2, … Weights here say how far two values agree.
 */
export function cohenKappa(
  table: readonly (readonly number[])[],
  {
    weights: weighting = 'identity',
    level = 0.95,
    scale = table.map((_, k) => k),
  }: { readonly weights?: Weighting; readonly level?: number; readonly scale?: ArrayLike<number> } = {},
): CohenKappa | Undefined {
  const q = table.length;
  if (table.some((row) => row.length !== q)) {
    throw new RangeError(
      `kappa: expected a square table, got ${q} rows of ${table.map((row) => row.length).join(', ')}`,
    );
  }
  const n = table.reduce((total, row) => total + row.reduce((a, b) => a + b, 0), 0);
  if (n === 0) return { undefined: 'no unit was rated by both' };
  const weights = weightMatrix(scale, weighting);
  const share = (k: number, l: number) => table[k]![l]! / n;
  const rows = new Float64Array(q);
  const columns = new Float64Array(q);
  let observed = 0;
  for (let k = 0; k < q; k++) {
    for (let l = 0; l < q; l++) {
      rows[k]! += share(k, l);
      columns[l]! += share(k, l);
      observed += weights[k * q + l]! * share(k, l);
    }
  }
  const [rowMeans, columnMeans] = [new Float64Array(q), new Float64Array(q)];
  let expected = 0;
  for (let k = 0; k < q; k++) {
    for (let l = 0; l < q; l++) {
      rowMeans[k]! += columns[l]! * weights[k * q + l]!;
      columnMeans[l]! += rows[k]! * weights[k * q + l]!;
    }
    expected += rows[k]! * rowMeans[k]!;
  }
  if (!(1 - expected > 1e-12)) {
    return { undefined: 'both raters used one and the same value only, so chance explains all agreement' };
  }
  const value = (observed - expected) / (1 - expected);
  let [variance, nullVariance] = [0, 0];
  for (let k = 0; k < q; k++) {
    for (let l = 0; l < q; l++) {
      const [w, mean] = [weights[k * q + l]!, rowMeans[k]! + columnMeans[l]!];
      variance += share(k, l) * (w - mean * (1 - value)) ** 2;
      nullVariance += rows[k]! * columns[l]! * (w - mean) ** 2;
    }
  }
  variance -= (value - expected * (1 - value)) ** 2;
  nullVariance -= expected * expected;
  const error = (v: number) => Math.sqrt(Math.max(0, v) / n) / (1 - expected);
  const [standardError, nullError] = [error(variance), error(nullVariance)];
  const half = standardError * normalQuantile(0.5 + level / 2);
  return {
    value,
    standardError,
    interval:
      standardError > 1e-9
        ? { low: Math.max(-1, value - half), high: Math.min(1, value + half), level }
        : { undefined: 'agreement does not vary between units, so the large-sample error is zero' },
    nullError,
    z: value / nullError,
    p: 2 * normalUpper(Math.abs(value) / nullError),
    n,
    observed,
    expected,
  };
}
