import { type Interval, largest, mean, type Rng, standardDeviation, studentQuantile } from '../stats/index.ts';

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

/** A quantity that is one of several looked at: its estimate, and its interval at any level. */
export interface Looked {
  readonly name: string;
  readonly mean: number;
  readonly n: number;
  intervalAt(level: number): Pick<Interval, 'low' | 'high'>;
}

/**
 * The largest of several quantities, or zero where none is above it: the worst that was found. Below, all are held to one
 * simultaneous level (Bonferroni), since the worst was looked for; above, whichever is truly the largest must reach that far, so
 * each bound at its own level is enough. They may depend on each other in any way.
 */
export function worstOf<L extends Looked>(
  looked: readonly L[],
  level: number,
): { readonly worst: L; readonly low: number; readonly high: number; readonly each: readonly Interval[] } {
  const tail = (1 - level) / 2;
  const together = 1 - (2 * tail) / looked.length;
  const each = looked.map((one) => ({ ...one.intervalAt(together), level: together }));
  const low = Math.max(0, largest(each.map((interval) => interval.low)));
  // Where one stands out for certain it is the worst; among chance differences, the largest estimate.
  const order = looked
    .map((one, i) => ({ one, sure: Math.max(0, each[i]!.low) }))
    .reduce((a, b) => (b.sure > a.sure || (b.sure === a.sure && b.one.mean > a.one.mean) ? b : a));
  return {
    worst: order.one,
    low,
    high: Math.max(low, largest(looked.map((one) => one.intervalAt(level).high))),
    each,
  };
}

/** `worstOf` for means of independent units, a column of values each. */
export function largestMean(
  columns: readonly Column[],
  level: number,
): { readonly worst: NamedMean; readonly low: number; readonly high: number; readonly each: readonly NamedMean[] } {
  const looked = columns.map(({ name, values }) => {
    const { mean: middle, n } = meanEstimate(values, level);
    return { name, mean: middle, n, values, intervalAt: (at: number) => meanEstimate(values, at).interval };
  });
  const { worst, low, high, each } = worstOf(looked, level);
  const named = looked.map(({ name, values }, i): NamedMean => ({ name, ...meanEstimate(values, each[i]!.level) }));
  return { worst: named[looked.indexOf(worst)]!, low, high, each: named };
}

/**
 * The largest mean without the luck of having looked for it: chosen on one half of the units and read off the other, both ways,
 * over several halvings. None above zero is no harm. All columns have a value for each unit.
 */
export function crossFittedLargest(columns: readonly Column[], rng: Rng): number {
  const units = columns[0]?.values.length ?? 0;
  const on = (values: readonly number[], some: readonly number[]) => mean(some.map((i) => values[i]!));
  const order = Array.from({ length: units }, (_, i) => i);
  const once = (select: readonly number[], test: readonly number[]) => {
    const best = columns.reduce((a, b) => (on(b.values, select) > on(a.values, select) ? b : a));
    return on(best.values, select) > 0 ? on(best.values, test) : 0;
  };
  const halvings = Array.from({ length: 20 }, () => {
    const shuffled = rng.shuffle(order);
    const [a, b] = [shuffled.slice(0, units >> 1), shuffled.slice(units >> 1)];
    return (once(a, b) + once(b, a)) / 2;
  });
  return mean(halvings);
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
