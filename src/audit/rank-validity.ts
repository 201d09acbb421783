import {
  chiSquareQuantile,
  mean,
  normalQuantile,
  spearman,
  standardDeviation,
  studentQuantile,
} from '../stats/index.ts';

/** A rank correlation with bounds, −1 to 1. */
export interface RankValidity {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  /** Share of the variance of what is predicted that is not error of measuring it. */
  readonly reliability: number;
}

/**
 * Bounds of a rank correlation by Fisher’s transform with the variance of Bonett and Wright (2000), (1 + ρ²/2) / (n − 3), and
 * Student’s quantile, which few models need.
 */
function rankInterval(r: number, n: number, level: number) {
  // A perfect order of few models does not show that it is perfect: as if one neighbouring pair more had been exchanged.
  const most = 1 - 6 / (n * (n * n - 1));
  const held = Math.max(-most, Math.min(most, r));
  const quantile = Math.max(normalQuantile(0.5 + level / 2), studentQuantile(0.5 + level / 2, n - 2));
  const half = quantile * Math.sqrt((1 + (held * held) / 2) / (n - 3));
  return { low: Math.tanh(Math.atanh(held) - half), high: Math.tanh(Math.atanh(held) + half) };
}

/**
 * How well a metric ranks models by something that is itself measured with error. Error of measuring weakens a correlation
 * (Spearman 1904); how much is known only as far as the spread of the measured values is, by its chi-square interval. Models whose
 * values differ no more than their errors bound nothing: −1 to 1.
 */
export function rankValidity(
  metric: readonly number[],
  { values, errors }: { readonly values: readonly number[]; readonly errors: readonly number[] },
  level: number,
): RankValidity {
  const n = values.length;
  const r = spearman(metric, values);
  const noise = mean(errors.map((e) => e * e));
  const variance = standardDeviation(values) ** 2;
  const reliability = (spread: number) => (noise === 0 ? 1 : Math.max(0, 1 - noise / spread));
  if (noise === 0) return { value: r, ...rankInterval(r, n, level), reliability: 1 };
  // Half of the doubt each for the spread and for the order.
  const half = 1 - (1 - level) / 2;
  const [few, many] = [(1 - half) / 2, (1 + half) / 2].map((p) => ((n - 1) * variance) / chiSquareQuantile(p, n - 1));
  const [best, worst] = [reliability(few!), reliability(many!)];
  const own = reliability(variance);
  const bound = (value: number, share: number) =>
    value === 0 ? 0 : share <= 0 ? Math.sign(value) : Math.max(-1, Math.min(1, value / Math.sqrt(share)));
  if (worst <= 0) return { value: own > 0 ? bound(r, own) : r, low: -1, high: 1, reliability: own };
  const { low, high } = rankInterval(r, n, half);
  return {
    value: bound(r, Math.max(own, worst)),
    low: low < 0 ? bound(low, worst) : bound(low, best),
    high: high > 0 ? bound(high, worst) : bound(high, best),
    reliability: own,
  };
}
