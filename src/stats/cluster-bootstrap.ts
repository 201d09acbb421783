import { type RatedComparisons, weightComparisons } from './comparisons.ts';
import { quantile } from './functions.ts';
import type { Interval } from './intervals.ts';
import { fitPreferences, type PreferenceFit, type PreferenceOptions } from './preferences.ts';
import type { Uniform } from './random.ts';

export interface ClusterBootstrap {
  readonly fit: PreferenceFit;
  /** By contestant, of strengths relative to their mean. */
  readonly strengths: readonly Interval[];
  /** θ_a − θ_b, for the pairs asked for. */
  readonly differences: readonly Interval[];
  readonly order: Interval | null;
  readonly covariates: readonly Interval[];
  /** Raters, the units that are drawn. */
  readonly n: number;
  readonly replicates: number;
  /** Replicates without a finite maximum, left out: when there are many, intervals are too narrow. Give a prior. */
  readonly failed: number;
}

/**
 * Percentile bootstrap over raters (Efron 1979; Field and Welsh 2007 for clusters): all comparisons of a drawn rater come
 * together, so a rater's habits, and other dependence within raters, widen the intervals as they should. Independence of
 * raters is assumed. Says why when the comparisons themselves have no fit, or no replicate does.
 */
export function clusterBootstrap(
  data: RatedComparisons,
  options: PreferenceOptions,
  {
    uniform,
    replicates = 200,
    level = 0.95,
    pairs = [],
  }: {
    uniform: Uniform;
    replicates?: number;
    level?: number;
    pairs?: readonly (readonly [a: number, b: number])[];
  },
): ClusterBootstrap | { readonly undefined: string } {
  const fit = fitPreferences(data, options);
  if ('undefined' in fit) return fit;
  const present = [...new Set(data.rater)];
  const draws = new Int32Array(data.raters);
  const samples: Float64Array[] = [];
  for (let replicate = 0; replicate < replicates; replicate++) {
    draws.fill(0);
    for (let k = 0; k < present.length; k++) draws[present[Math.floor(uniform() * present.length)]!]! += 1;
    const sample = fitPreferences(
      weightComparisons(data, (e) => draws[data.rater[e]!]!),
      { ...options, ties: fit.tie?.model ?? 'half', start: fit.parameters },
    );
    if (!('undefined' in sample)) samples.push(sample.parameters);
  }
  if (samples.length === 0)
    return { undefined: `none of ${replicates} replicates has a finite maximum: give a prior (ridge)` };
  const interval = (of: (parameters: Float64Array) => number): Interval => {
    const values = samples.map(of);
    return { low: quantile(values, (1 - level) / 2), high: quantile(values, (1 + level) / 2), level };
  };
  const { contestants } = data;
  const covariatesAt = contestants + Number(fit.order !== null);
  return {
    fit,
    strengths: Array.from({ length: contestants }, (_, i) => interval((p) => p[i]!)),
    differences: pairs.map(([a, b]) => interval((p) => p[a]! - p[b]!)),
    order: fit.order === null ? null : interval((p) => p[contestants]!),
    covariates: fit.covariates.map((_, k) => interval((p) => p[covariatesAt + k]!)),
    n: present.length,
    replicates,
    failed: replicates - samples.length,
  };
}
