import { type Interval, studentQuantile, wilsonAt } from '../stats/index.ts';

/** One answer: how much of it was a hit (½ for a tie), on which item, by which rater. */
export interface Answered {
  readonly hit: number;
  readonly item: string;
  readonly rater: string;
}

export interface TwoWayShare {
  readonly value: number;
  readonly interval: Interval;
  readonly n: number;
  readonly items: number;
  readonly raters: number;
}

/** What a row adds to the error of an estimate, in two clusters: their sum over all rows is zero. */
export interface Influence {
  readonly value: number;
  readonly item: string;
  readonly rater: string;
}

function clustered(rows: readonly Influence[], keyOf: (row: Influence) => string) {
  const sums = new Map<string, { value: number; count: number }>();
  for (const row of rows) {
    const key = keyOf(row);
    const sum = sums.get(key) ?? { value: 0, count: 0 };
    sum.value += row.value;
    sum.count += 1;
    sums.set(key, sum);
  }
  const all = [...sums.values()];
  const n = all.length;
  return {
    n,
    variance: (all.reduce((total, { value }) => total + value ** 2, 0) * n) / Math.max(1, n - 1),
    // Kish's number of clusters of equal size.
    size: rows.length ** 2 / all.reduce((total, { count }) => total + count ** 2, 0),
  };
}

/**
 * Variance of an estimate whose rows hang together by item and by rater (Cameron, Gelbach and Miller 2011), and never below either
 * way alone; and Student's quantile for it, at the fewer clusters less one.
 */
export function twoWayVariance(rows: readonly Influence[], level: number) {
  const item = clustered(rows, (row) => row.item);
  const rater = clustered(rows, (row) => row.rater);
  const cell = clustered(rows, (row) => JSON.stringify([row.item, row.rater]));
  return {
    variance: Math.max(item.variance, rater.variance, item.variance + rater.variance - cell.variance),
    quantile: studentQuantile(0.5 + level / 2, Math.max(1, Math.min(item.n, rater.n) - 1)),
    items: item.n,
    raters: rater.n,
    /** Items of equal size that are as many. */
    itemSize: item.size,
  };
}

/**
 * A share of answers that hang together by item and by rater: Wilson's interval at the effective size p(1 − p) / variance, the
 * variance clustered both ways. Where all answers are alike, each item counts as one. Fewer than two items or raters show nothing:
 * 0 to 1.
 */
export function twoWayShare(rows: readonly Answered[], level: number): TwoWayShare {
  const value = rows.reduce((sum, { hit }) => sum + hit, 0) / rows.length;
  const influence = rows.map(({ hit, item, rater }) => ({ value: (hit - value) / rows.length, item, rater }));
  const { variance, quantile, items, raters, itemSize } = twoWayVariance(influence, level);
  const counts = { n: rows.length, items, raters };
  if (items < 2 || raters < 2) return { value, interval: { low: 0, high: 1, level }, ...counts };
  const inner = value > 1e-12 && value < 1 - 1e-12 && variance > 1e-15;
  const size = inner ? Math.min(rows.length, (value * (1 - value)) / variance) : itemSize;
  return { value, interval: { ...wilsonAt(value * size, size, quantile), level }, ...counts };
}
