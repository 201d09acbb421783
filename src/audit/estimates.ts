import { type Interval, mean, type Rng, standardDeviation, studentQuantile } from '../stats/index.ts';

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
  const low = Math.max(0, ...each.map((interval) => interval.low));
  // Where one stands out for certain it is the worst; among chance differences, the largest estimate.
  const order = looked
    .map((one, i) => ({ one, sure: Math.max(0, each[i]!.low) }))
    .reduce((a, b) => (b.sure > a.sure || (b.sure === a.sure && b.one.mean > a.one.mean) ? b : a));
  return {
    worst: order.one,
    low,
    high: Math.max(low, ...looked.map((one) => one.intervalAt(level).high)),
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
