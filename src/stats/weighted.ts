import type { Undefined } from './chance-corrected.ts';
import { studentQuantile } from './distributions.ts';
import { type Interval, wilson } from './intervals.ts';
import { effectiveSize } from './raking.ts';

/** A weighted mean or share with its design-based error. Weights are taken as known. */
export interface WeightedEstimate {
  readonly value: number;
  readonly standardError: number | Undefined;
  readonly interval: Interval | Undefined;
  readonly n: number;
  /** Groups of values that hang together (raters); n when none were given. */
  readonly clusters: number;
  /** Kish's effective number of values for these weights. */
  readonly effectiveN: number;
}

export interface WeightedOptions {
  /** Group of each value, such as its rater: values of one group are not independent. */
  readonly clusters?: readonly (number | string)[];
  readonly level?: number;
}

/** Linearised residuals added up within clusters: their squares add up to the variance of the weighted mean. */
function residuals(values: readonly number[], weights: readonly number[], clusters?: readonly (number | string)[]) {
  if (weights.length !== values.length || (clusters !== undefined && clusters.length !== values.length)) {
    throw new RangeError(`weighted mean: expected a weight and a cluster for each of ${values.length} values`);
  }
  const total = weights.reduce((a, b) => a + b, 0);
  const mean = values.reduce((sum, v, i) => sum + v * weights[i]!, 0) / total;
  const parts = new Map<number | string, number>();
  for (const [i, v] of values.entries()) {
    const cluster = clusters?.[i] ?? i;
    parts.set(cluster, (parts.get(cluster) ?? 0) + (weights[i]! * (v - mean)) / total);
  }
  let squares = 0;
  for (const part of parts.values()) squares += part * part;
  return { total, mean, squares, clusters: parts.size };
}

const NOTHING: Undefined = { undefined: 'no value has any weight' };
const ONE: Undefined = { undefined: 'one cluster does not show how clusters vary' };

/** Weighted mean with a linearised (Taylor) standard error between clusters and an interval from Student's t. */
export function weightedMean(
  values: readonly number[],
  weights: readonly number[],
  options: WeightedOptions = {},
): WeightedEstimate | Undefined {
  const { total, mean, squares, clusters } = residuals(values, weights, options.clusters);
  if (!(total > 0)) return NOTHING;
  const rest = { value: mean, n: values.length, clusters, effectiveN: effectiveSize(weights) };
  if (clusters < 2) return { ...rest, standardError: ONE, interval: ONE };
  const level = options.level ?? 0.95;
  const standardError = Math.sqrt((squares * clusters) / (clusters - 1));
  const half = standardError * studentQuantile(0.5 + level / 2, clusters - 1);
  return { ...rest, standardError, interval: { low: mean - half, high: mean + half, level } };
}

/**
 * Weighted share with Wilson's interval at the effective number of values: p(1 − p) / variance, which takes weights and
 * clusters into account; for shares of 0 and 1 the effective number of clusters.
 */
export function weightedShare(
  hits: readonly boolean[],
  weights: readonly number[],
  options: WeightedOptions = {},
): WeightedEstimate | Undefined {
  const { total, mean, squares, clusters } = residuals(hits.map(Number), weights, options.clusters);
  if (!(total > 0)) return NOTHING;
  const rest = { value: mean, n: hits.length, clusters, effectiveN: effectiveSize(weights) };
  if (clusters < 2) return { ...rest, standardError: ONE, interval: ONE };
  const inner = mean > 1e-12 && mean < 1 - 1e-12;
  let size = (mean * (1 - mean)) / squares;
  if (!inner) {
    const sums = new Map<number | string, number>();
    for (const [i, w] of weights.entries()) {
      const cluster = options.clusters?.[i] ?? i;
      sums.set(cluster, (sums.get(cluster) ?? 0) + w);
    }
    size = effectiveSize([...sums.values()]);
  }
  const standardError = Math.sqrt((squares * clusters) / (clusters - 1));
  return { ...rest, standardError, interval: wilson(mean * size, size, options.level ?? 0.95) };
}
