import { alphaOfFew, LESS } from './alpha-interval.ts';
import { quantile } from './functions.ts';
import type { BootstrapOptions, Interval } from './intervals.ts';
import { type Tally, tallyOf, type UnitValues } from './ratings.ts';
import { resampleCounts } from './sampling.ts';

export type Metric = 'nominal' | 'ordinal' | 'interval' | 'ratio';
/** δ² of one's own between two values; symmetric, 0 for equal values. */
export type ValueDistance = (a: number, b: number) => number;

/** A number, or why there is none. */
export type Estimate = { readonly value: number } | { readonly undefined: string };

/**
 * Places on the line for the metrics whose δ² is a squared distance. Krippendorff's ordinal δ² (2011, p. 6) is the squared
 * distance of mid-ranks, which needs the totals per value.
 */
function positions(metric: 'ordinal' | 'interval', scale: Float64Array, totals: Float64Array): Float64Array {
  if (metric === 'interval') return scale;
  const midRanks = new Float64Array(totals.length);
  let below = 0;
  for (let k = 0; k < totals.length; k++) {
    midRanks[k] = below + totals[k]! / 2;
    below += totals[k]!;
  }
  return midRanks;
}

const ratioDistance: ValueDistance = (a, b) => ((a - b) / (a + b)) ** 2;

/** Σ over ordered pairs of values of δ², for counts of a row or of all values. */
function pairSum(
  metric: Metric | ValueDistance,
  cells: {
    readonly code: ArrayLike<number>;
    readonly count: ArrayLike<number>;
    readonly from: number;
    readonly to: number;
  },
  places: Float64Array,
): number {
  const { code, count, from, to } = cells;
  if (metric === 'ratio' || typeof metric === 'function') {
    const distance = metric === 'ratio' ? ratioDistance : metric;
    let sum = 0;
    for (let i = from; i < to; i++) {
      for (let j = from; j < i; j++) {
        sum += 2 * count[i]! * count[j]! * distance(places[code[i]!]!, places[code[j]!]!);
      }
    }
    return sum;
  }
  let n = 0;
  let first = 0;
  for (let i = from; i < to; i++) {
    n += count[i]!;
    first += metric === 'nominal' ? count[i]! ** 2 : count[i]! * places[code[i]!]!;
  }
  if (metric === 'nominal') return n * n - first;
  let squares = 0;
  for (let i = from; i < to; i++) squares += count[i]! * (places[code[i]!]! - first / n) ** 2;
  return 2 * n * squares;
}

/** α as a function of how often each row counts, so that a bootstrap replicate costs one pass over the distinct rows. */
function alphaOfWeights(tally: Tally, metric: Metric | ValueDistance): (weights: Float64Array) => Estimate {
  const { rows, sizes, starts, code, count, scale } = tally;
  const every = new Uint32Array(scale.length);
  for (let k = 0; k < every.length; k++) every[k] = k;
  const totals = new Float64Array(scale.length);
  const disagreement = new Float64Array(rows);
  const fillRows = (places: Float64Array) => {
    for (let r = 0; r < rows; r++) {
      if (sizes[r]! < 2) continue;
      disagreement[r] =
        pairSum(metric, { code, count, from: starts[r]!, to: starts[r + 1]! }, places) / (sizes[r]! - 1);
    }
  };
  if (metric !== 'ordinal') fillRows(scale);
  return (weights) => {
    totals.fill(0);
    let n = 0;
    for (let r = 0; r < rows; r++) {
      const weight = weights[r]!;
      if (weight === 0 || sizes[r]! < 2) continue;
      n += weight * sizes[r]!;
      for (let i = starts[r]!; i < starts[r + 1]!; i++) totals[code[i]!]! += weight * count[i]!;
    }
    if (n === 0) return { undefined: 'no unit has two values' };
    let used = 0;
    for (let k = 0; k < totals.length; k++) if (totals[k]! > 0) used += 1;
    if (used < 2) return { undefined: 'every paired value is the same, so expected disagreement is zero' };
    if (metric === 'ratio' && scale[totals.findIndex((total) => total > 0)]! < 0) {
      return { undefined: 'the ratio metric needs values of zero or more' };
    }
    const places = metric === 'ordinal' ? positions(metric, scale, totals) : scale;
    if (metric === 'ordinal') fillRows(places);
    let observed = 0;
    for (let r = 0; r < rows; r++) if (sizes[r]! >= 2) observed += weights[r]! * disagreement[r]!;
    const expected = pairSum(metric, { code: every, count: totals, from: 0, to: totals.length }, places);
    return { value: 1 - ((n - 1) * observed) / expected };
  };
}

/**
 * Krippendorff's α (2011): 1 − observed over expected disagreement, missing values allowed. Undefined, with the reason,
 * when nothing can be paired or when all paired values are equal. Linear in the number of values, except that the ratio
 * metric and distances of one's own are quadratic in the number of distinct ones.
 */
export function krippendorffAlpha(data: UnitValues, metric: Metric | ValueDistance = 'nominal'): Estimate {
  const tally = tallyOf(data);
  return alphaOfWeights(tally, metric)(tally.multiplicity);
}

/**
 * Percentile bootstrap over units of a statistic of how often each row of the tally counts, without copying units. Where
 * many units share few rows the rows' counts are drawn at once (multinomial), otherwise unit by unit with the draws that
 * `bootstrap` makes. Replicates on which the statistic is undefined are left out; NaN bounds when none is left.
 */
export function bootstrapTally(
  tally: Pick<Tally, 'units' | 'rows' | 'rowOf' | 'multiplicity'>,
  statistic: (weights: Float64Array) => Estimate,
  { uniform, replicates = 1000, level = 0.95 }: BootstrapOptions,
): Interval {
  const { rowOf, rows, units, multiplicity } = tally;
  const weights = new Float64Array(rows);
  const shared = units >= 5000 && units > 64 * rows;
  const values: number[] = [];
  for (let replicate = 0; replicate < replicates; replicate++) {
    if (shared) {
      resampleCounts(multiplicity, uniform, weights);
    } else {
      weights.fill(0);
      for (let u = 0; u < units; u++) weights[rowOf[Math.floor(uniform() * units)]!]! += 1;
    }
    const estimate = statistic(weights);
    if ('value' in estimate && Number.isFinite(estimate.value)) values.push(estimate.value);
  }
  if (values.length === 0) return { low: Number.NaN, high: Number.NaN, level };
  return { low: quantile(values, (1 - level) / 2), high: quantile(values, (1 + level) / 2), level };
}

/** Paired units below which the interval of α is `alphaOfFew` in place of a bootstrap. */
export const FEW_UNITS = 300;

/**
 * Interval of α over units (units keep their raters together): below `FEW_UNITS` paired units by influence on the log scale,
 * which covers where a value is rare (`alphaOfFew`), else a percentile bootstrap (Hayes and Krippendorff 2007 resample
 * disagreements). NaN bounds where α is undefined.
 */
export function alphaInterval(data: UnitValues, metric: Metric | ValueDistance, options: BootstrapOptions): Interval {
  const tally = tallyOf(data);
  const { sizes, multiplicity, rows } = tally;
  const statistic = alphaOfWeights(tally, metric);
  let [units, values] = [0, 0];
  for (let r = 0; r < rows; r++) {
    if (sizes[r]! < 2) continue;
    units += multiplicity[r]!;
    values += multiplicity[r]! * sizes[r]!;
  }
  if (units >= FEW_UNITS) return bootstrapTally(tally, statistic, options);
  const { level = 0.95 } = options;
  const alpha = statistic(multiplicity);
  if (!('value' in alpha)) return { low: Number.NaN, high: Number.NaN, level };
  const lowered: { alpha: number; clusters: number }[] = [];
  const weights = Float64Array.from(multiplicity);
  for (let r = 0; r < rows; r++) {
    if (sizes[r]! < 2 || multiplicity[r] === 0) continue;
    weights[r]! -= LESS;
    const without = statistic(weights);
    weights[r]! += LESS;
    if ('value' in without) lowered.push({ alpha: without.value, clusters: multiplicity[r]! });
  }
  const different = expectedDifference(tally);
  const oneDissent = (2 * units) / (values * units * different);
  return alphaOfFew({ alpha: alpha.value, lowered, oneDissent }, level);
}

/** Probability that two paired values, of any units, are different. */
function expectedDifference({ rows, sizes, starts, code, count, multiplicity, scale }: Tally): number {
  const totals = new Float64Array(scale.length);
  let n = 0;
  for (let r = 0; r < rows; r++) {
    if (sizes[r]! < 2) continue;
    n += multiplicity[r]! * sizes[r]!;
    for (let i = starts[r]!; i < starts[r + 1]!; i++) totals[code[i]!]! += multiplicity[r]! * count[i]!;
  }
  return 1 - totals.reduce((sum, t) => sum + t * (t - 1), 0) / (n * (n - 1));
}

/** Agreeing pairs of values and all of them, by row of a tally: what `clusterShare` reads, each row once for every unit. */
export function* pairCounts({ rowOf, sizes, starts, count }: Tally): Generator<{ right: number; counted: number }> {
  for (const r of rowOf) {
    let right = 0;
    for (let i = starts[r]!; i < starts[r + 1]!; i++) right += (count[i]! * (count[i]! - 1)) / 2;
    yield { right, counted: (sizes[r]! * (sizes[r]! - 1)) / 2 };
  }
}

/** Share of rater pairs within units that agree exactly, each pair counted once. */
export function pairwiseAgreement(data: UnitValues): Estimate {
  const { rows, multiplicity, sizes, starts, count } = tallyOf(data);
  let agree = 0;
  let pairs = 0;
  for (let r = 0; r < rows; r++) {
    pairs += (multiplicity[r]! * sizes[r]! * (sizes[r]! - 1)) / 2;
    for (let i = starts[r]!; i < starts[r + 1]!; i++) agree += (multiplicity[r]! * count[i]! * (count[i]! - 1)) / 2;
  }
  return pairs === 0 ? { undefined: 'no unit has two values' } : { value: agree / pairs };
}
