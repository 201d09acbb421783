import { type BootstrapOptions, bootstrap, type Interval } from './intervals.ts';

/** Values given to one unit by its raters; fewer than two cannot be paired and do not count. */
export type Unit = readonly number[];
export type Metric = 'nominal' | 'ordinal' | 'interval' | 'ratio';

/** A number, or why there is none. */
export type Estimate = { readonly value: number } | { readonly undefined: string };

/** Krippendorff's δ² between two values (2011, pp. 5–6), given the totals per value for the ordinal metric. */
function squaredDifference(metric: Metric, a: number, b: number, totals: ReadonlyMap<number, number>): number {
  switch (metric) {
    case 'nominal':
      return a === b ? 0 : 1;
    case 'interval':
      return (a - b) ** 2;
    case 'ratio':
      return a + b === 0 ? 0 : ((a - b) / (a + b)) ** 2;
    case 'ordinal': {
      const [low, high] = a < b ? [a, b] : [b, a];
      let between = 0;
      for (const [value, count] of totals) if (value >= low && value <= high) between += count;
      return (between - (totals.get(low)! + totals.get(high)!) / 2) ** 2;
    }
  }
}

/**
 * Krippendorff's α (2011): 1 − observed over expected disagreement, missing values allowed. Undefined, with the reason,
 * when nothing can be paired or when all paired values are equal.
 */
export function krippendorffAlpha(units: readonly Unit[], metric: Metric = 'nominal'): Estimate {
  const pairable = units.filter((unit) => unit.length >= 2);
  if (pairable.length === 0) return { undefined: 'no unit has two values' };
  const totals = new Map<number, number>();
  for (const unit of pairable) for (const v of unit) totals.set(v, (totals.get(v) ?? 0) + 1);
  if (totals.size < 2) return { undefined: 'every paired value is the same, so expected disagreement is zero' };
  const values = [...totals.keys()];
  const n = pairable.reduce((sum, unit) => sum + unit.length, 0);
  const delta = new Map<string, number>();
  const difference = (a: number, b: number) => {
    const key = `${a}|${b}`;
    let d = delta.get(key);
    if (d === undefined) {
      d = squaredDifference(metric, a, b, totals);
      delta.set(key, d);
    }
    return d;
  };
  let observed = 0;
  for (const unit of pairable) {
    const counts = new Map<number, number>();
    for (const v of unit) counts.set(v, (counts.get(v) ?? 0) + 1);
    let sum = 0;
    for (const [a, na] of counts) for (const [b, nb] of counts) if (a !== b) sum += na * nb * difference(a, b);
    observed += sum / (unit.length - 1);
  }
  let expected = 0;
  for (const a of values) {
    for (const b of values) if (a !== b) expected += totals.get(a)! * totals.get(b)! * difference(a, b);
  }
  return { value: 1 - ((n - 1) * observed) / expected };
}

/** α with a bootstrap interval over units (Hayes and Krippendorff 2007 resample disagreements; units keep their raters together). */
export function alphaInterval(units: readonly Unit[], metric: Metric, options: BootstrapOptions): Interval {
  return bootstrap(
    units,
    (sample) => {
      const alpha = krippendorffAlpha(sample, metric);
      return 'value' in alpha ? alpha.value : Number.NaN;
    },
    options,
  );
}

/** Share of rater pairs within units that agree exactly, each pair counted once. */
export function pairwiseAgreement(units: readonly Unit[]): Estimate {
  let agree = 0;
  let pairs = 0;
  for (const unit of units) {
    for (const [i, a] of unit.entries()) {
      for (let j = i + 1; j < unit.length; j++) {
        pairs += 1;
        if (a === unit[j]) agree += 1;
      }
    }
  }
  return pairs === 0 ? { undefined: 'no unit has two values' } : { value: agree / pairs };
}
