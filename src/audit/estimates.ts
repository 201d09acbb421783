import { type Interval, mean, standardDeviation, studentQuantile } from '../stats/index.ts';

/** A mean with the interval of Student's t. */
export interface MeanEstimate {
  readonly mean: number;
  readonly error: number;
  readonly interval: Interval;
  readonly n: number;
}

/** The mean of independent units. NaN bounds for fewer than two. */
export function meanEstimate(values: readonly number[], level: number): MeanEstimate {
  const n = values.length;
  const middle = mean(values);
  if (n < 2) return { mean: middle, error: Number.NaN, interval: { low: Number.NaN, high: Number.NaN, level }, n };
  const error = standardDeviation(values) / Math.sqrt(n);
  const half = studentQuantile(0.5 + level / 2, n - 1) * error;
  return { mean: middle, error, interval: { low: middle - half, high: middle + half, level }, n };
}

/**
 * The mean of values that come in clusters drawn whole, each value counting the same: a ratio of sums, with Student's t on the
 * clusters' influence (linearised; Cochran 1977, §6.3).
 */
export function clusteredMean(clusters: readonly (readonly number[])[], level: number): MeanEstimate {
  const used = clusters.filter((own) => own.length > 0);
  const total = used.reduce((sum, own) => sum + own.length, 0);
  const middle = mean(used.flat());
  const size = total / used.length;
  const influence = used.map((own) => middle + own.reduce((sum, value) => sum + value - middle, 0) / size);
  return { ...meanEstimate(influence, level), mean: middle };
}

/**
 * The mean of differences between shares, one a unit, with its interval. Where every unit moves alike the deviation is no measure
 * of doubt: it is as if one of the `replies` that a unit's shares rest on might have gone the other way.
 */
export function meanOfShares(
  differences: readonly number[],
  replies: number,
  level: number,
): { readonly estimate: number; readonly low: number; readonly high: number } {
  const { mean: estimate, error, interval, n } = meanEstimate(differences, level);
  const wider = error === 0 ? Number.POSITIVE_INFINITY : Math.sqrt(error ** 2 + 1 / (n * replies) ** 2) / error;
  if (wider === Number.POSITIVE_INFINITY) {
    const half = 3 / (n * replies);
    return { estimate, low: estimate - half, high: estimate + half };
  }
  return {
    estimate,
    low: estimate - wider * (estimate - interval.low),
    high: estimate + wider * (interval.high - estimate),
  };
}

export interface Column {
  readonly name: string;
  /** One value a unit. */
  readonly values: readonly number[];
}

export interface NamedMean extends MeanEstimate {
  readonly name: string;
}

/**
 * The largest of several means, or zero where none is above it: the worst that was found. Below, all columns are held to
 * one simultaneous level (Bonferroni), since the worst was looked for; above, whichever column is truly the largest must
 * reach that far, so each bound at its own level is enough. Means of columns may depend on each other in any way.
 */
export function largestMean(
  columns: readonly Column[],
  level: number,
): { readonly worst: NamedMean; readonly low: number; readonly high: number; readonly each: readonly NamedMean[] } {
  const tail = (1 - level) / 2;
  const each = columns.map(({ name, values }) => ({ name, ...meanEstimate(values, 1 - (2 * tail) / columns.length) }));
  const lows = each.map(({ interval }) => interval.low);
  const highs = columns.map(({ values }) => meanEstimate(values, level).interval.high);
  const low = Math.max(0, ...lows);
  // Where one stands out for certain it is the worst; among chance differences, the largest mean.
  const worst = each.reduce((a, b) => {
    const [first, second] = [a, b].map((column) => [Math.max(0, column.interval.low), column.mean] as const);
    return second![0] > first![0] || (second![0] === first![0] && second![1] > first![1]) ? b : a;
  });
  return { worst, low, high: Math.max(low, ...highs), each };
}

/**
 * A smooth statistic of independent units with the interval of Student's t on its jackknife pseudo-values (Tukey 1958): each
 * unit is left out in turn. The estimate is the statistic itself, and the interval lies around it.
 */
export function jackknife<T>(
  units: readonly T[],
  statistic: (some: readonly T[]) => number,
  level: number,
): { readonly estimate: number; readonly interval: Interval } {
  const n = units.length;
  const estimate = statistic(units);
  const pseudo = units.map((_, i) => n * estimate - (n - 1) * statistic(units.toSpliced(i, 1)));
  const { error } = meanEstimate(pseudo, level);
  const half = studentQuantile(0.5 + level / 2, n - 1) * error;
  return { estimate, interval: { low: estimate - half, high: estimate + half, level } };
}
