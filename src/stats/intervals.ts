import { betaLower, studentQuantile } from './distributions.ts';
import { mean, normalQuantile, quantile } from './functions.ts';
import { shuffled, type Uniform } from './random.ts';

/** A two-sided interval at a confidence level. */
export interface Interval {
  readonly low: number;
  readonly high: number;
  readonly level: number;
}

/** Wilson score interval of a proportion (Wilson 1927). Counts may be fractional (expected counts). */
export function wilson(successes: number, n: number, level = 0.95): Interval {
  return { ...wilsonAt(successes, n, normalQuantile(0.5 + level / 2)), level };
}

/** Wilson's bounds at a given quantile. */
export function wilsonAt(successes: number, n: number, z: number): Pick<Interval, 'low' | 'high'> {
  if (n === 0 || z === Infinity) return { low: 0, high: 1 };
  const p = successes / n;
  const centre = (p + (z * z) / (2 * n)) / (1 + (z * z) / n);
  const half = (z / (1 + (z * z) / n)) * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n));
  return { low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}

export interface BootstrapOptions {
  readonly uniform: Uniform;
  readonly replicates?: number;
  readonly level?: number;
}

/**
 * Percentile bootstrap over units (Efron 1979): units are resampled whole, so a cluster given as one unit stays together.
 * Replicates on which the statistic is not finite are left out; NaN bounds when none is left.
 */
export function bootstrap<T>(
  units: readonly T[],
  statistic: (sample: readonly T[]) => number,
  { uniform, replicates = 1000, level = 0.95 }: BootstrapOptions,
): Interval {
  const values: number[] = [];
  for (let r = 0; r < replicates; r++) {
    const sample = units.map(() => units[Math.floor(uniform() * units.length)]!);
    const value = statistic(sample);
    if (Number.isFinite(value)) values.push(value);
  }
  if (values.length === 0) return { low: Number.NaN, high: Number.NaN, level };
  return { low: quantile(values, (1 - level) / 2), high: quantile(values, (1 + level) / 2), level };
}

/**
 * Interval of a mean of independent values: Student's, and where they are skewed also that of Hall's transformation of the
 * studentised mean (1992, with Student's quantile), whichever reaches further on each side. Student's alone covers 91 % of 20
 * exponential values, Hall's alone 93 % of 20 heavy-tailed ones. Bounds are not numbers for fewer than two values.
 */
export function meanInterval(values: readonly number[], level = 0.95): { mean: number; interval: Interval } {
  const n = values.length;
  const centre = mean(values);
  if (n < 2) return { mean: centre, interval: { low: Number.NaN, high: Number.NaN, level } };
  const spread = Math.sqrt(values.reduce((sum, v) => sum + (v - centre) ** 2, 0) / (n - 1));
  if (spread === 0) return { mean: centre, interval: { low: centre, high: centre, level } };
  const error = spread / Math.sqrt(n);
  const q = studentQuantile(0.5 + level / 2, n - 1);
  // Of two values the skewness is always zero. Of few it falls short of that of a long tail, which they hardly reach: beside
  // the usual correction it is enlarged by 4 / n, so that 20 lognormal values are covered as often as they should be.
  const correction = n < 3 ? 0 : (Math.sqrt(n * (n - 1)) / (n - 2)) * (1 + 4 / n);
  const skew = (correction * values.reduce((sum, v) => sum + ((v - centre) / spread) ** 3, 0)) / n;
  const k = skew / (3 * Math.sqrt(n));
  // The inverse of t + k t² + k² t³ / 3 + k / 2, which is near to Student's t where t itself is skewed.
  const inverse = (t: number) => (Math.abs(k) < 1e-9 ? t : (Math.cbrt(1 + 3 * k * (t - k / 2)) - 1) / k);
  return {
    mean: centre,
    interval: {
      low: centre - error * Math.max(q, inverse(q)),
      high: centre + error * Math.max(q, -inverse(-q)),
      level,
    },
  };
}

/** One-sided p-value that mean(after) > mean(before) by chance, permuting labels; (count + 1) / (permutations + 1). */
export function permutationTest(
  before: readonly number[],
  after: readonly number[],
  { uniform, permutations = 2000 }: { uniform: Uniform; permutations?: number },
): number {
  let pooled = [...before, ...after];
  const observed = mean(after) - mean(before);
  let extreme = 0;
  for (let p = 0; p < permutations; p++) {
    pooled = shuffled(pooled, uniform);
    const difference = mean(pooled.slice(before.length)) - mean(pooled.slice(0, before.length));
    if (difference >= observed - 1e-12) extreme += 1;
  }
  return (extreme + 1) / (permutations + 1);
}

/** Upper tail P(X ≥ k) of a binomial(n, p), by the incomplete beta function. */
export function binomialUpperTail(k: number, n: number, p: number): number {
  const whole = Math.ceil(k);
  if (whole <= 0) return 1;
  if (p <= 0 || whole > n) return 0;
  return p >= 1 ? 1 : betaLower(whole, n - whole + 1, p);
}

/** Two-sided binomial p-value against ½ (twice the smaller tail). */
export const binomialTwoSided = (k: number, n: number): number =>
  Math.min(1, 2 * Math.min(binomialUpperTail(k, n, 0.5), binomialUpperTail(n - k, n, 0.5)));

/** Benjamini–Hochberg (1995): which hypotheses are rejected at false discovery rate q. */
export function benjaminiHochberg(pValues: readonly number[], q = 0.05): boolean[] {
  const order = pValues.map((_, i) => i).sort((a, b) => pValues[a]! - pValues[b]!);
  let last = -1;
  for (const [rank, i] of order.entries()) if (pValues[i]! <= (q * (rank + 1)) / pValues.length) last = rank;
  const rejected = new Array<boolean>(pValues.length).fill(false);
  for (let rank = 0; rank <= last; rank++) rejected[order[rank]!] = true;
  return rejected;
}
