import { type Comparisons, logOddsAt, type RatedComparisons, weightComparisons } from './comparisons.ts';
import { chiSquareUpper } from './distributions.ts';
import { sigmoid } from './functions.ts';
import { type Interval, wilson } from './intervals.ts';
import { fitGroups, type GroupOptions } from './preference-groups.ts';
import { fitPreferences, type PreferenceOptions } from './preferences.ts';

/** What a likelihood-ratio test needs of a fit. */
export interface LikelihoodFit {
  readonly logLikelihood: number;
  readonly degrees: number;
  /** Observations: two nested fits must have the same. */
  readonly n: number;
  readonly ridge?: number;
}

export interface LikelihoodRatio {
  /** 2(ℓ_full − ℓ_restricted). */
  readonly statistic: number;
  /** Parameters that the restriction takes away. */
  readonly degrees: number;
  /** Upper tail of χ² (Wilks 1938): right for large samples, a restriction inside the parameter space. */
  readonly p: number;
  readonly n: number;
}

/**
 * Likelihood-ratio test of a restriction: order effect, covariates, ties, strengths of their own for known groups. The
 * caller vouches that the models are nested. Undefined, with the reason, where χ² does not hold or the fits cannot be nested.
 */
export function likelihoodRatioTest(
  restricted: LikelihoodFit,
  full: LikelihoodFit,
): LikelihoodRatio | { readonly undefined: string } {
  if ((restricted.ridge ?? 0) > 0 || (full.ridge ?? 0) > 0) {
    return { undefined: 'a likelihood ratio of fits with a prior does not follow χ²: fit both with ridge 0' };
  }
  const degrees = full.degrees - restricted.degrees;
  if (Math.abs(full.n - restricted.n) > 1e-9 * full.n || degrees <= 0) {
    return {
      undefined: `the fits are not nested: ${restricted.n} and ${full.n} observations, ${restricted.degrees} and ${full.degrees} parameters`,
    };
  }
  const statistic = 2 * (full.logLikelihood - restricted.logLikelihood);
  if (statistic < -1e-6 * (1 + Math.abs(full.logLikelihood))) {
    return { undefined: 'the restricted fit has the larger likelihood, so the fits are not nested' };
  }
  return { statistic: Math.max(0, statistic), degrees, p: chiSquareUpper(statistic, degrees), n: full.n };
}

/**
 * Whether known groups of raters (languages, cohorts) have strengths of their own: one fit for each group against one for
 * all. Says why when a group's own comparisons do not connect the contestants.
 */
export function groupDifferenceTest(
  data: RatedComparisons,
  groupOf: (rater: number) => number,
  options: Omit<PreferenceOptions, 'ridge' | 'covariateRidge' | 'start'> = {},
): LikelihoodRatio | { readonly undefined: string } {
  const groups = new Set<number>();
  for (const r of data.rater) groups.add(groupOf(r));
  const pooled = fitPreferences(data, options);
  if ('undefined' in pooled) return pooled;
  let [logLikelihood, degrees, n] = [0, 0, 0];
  for (const group of groups) {
    const mine: Comparisons = weightComparisons(data, (e) => Number(groupOf(data.rater[e]!) === group));
    const fit = fitPreferences(mine, options);
    if ('undefined' in fit) return { undefined: `group ${group}: ${fit.undefined}` };
    logLikelihood += fit.logLikelihood;
    degrees += fit.degrees;
    n += fit.n;
  }
  return likelihoodRatioTest(pooled, { logLikelihood, degrees, n });
}

export interface GroupsTest {
  readonly statistic: number;
  /** (1 + simulated statistics at least as large) / (1 + replicates). */
  readonly p: number;
  /** Of the share of simulated statistics at least as large. */
  readonly interval: Interval;
  readonly replicates: number;
  readonly n: number;
}

/**
 * Whether `groups` unknown groups fit better than one less. The null hypothesis lies on the edge of the parameter space, so
 * χ² does not hold; the statistic is compared with its simulation under the smaller model (McLachlan 1987). Counts must be
 * whole; ties are simulated as decided.
 */
export function unknownGroupsTest(
  data: RatedComparisons,
  { replicates = 99, ...options }: GroupOptions & { replicates?: number },
): GroupsTest | { readonly undefined: string } {
  const { groups, rng } = options;
  if (groups < 2) return { undefined: 'at least 2 groups are needed to compare with one less' };
  const statisticOf = (sample: RatedComparisons) => {
    const smaller = fitGroups(sample, { ...options, groups: groups - 1 });
    const larger = fitGroups(sample, options);
    if ('undefined' in smaller) return smaller;
    if ('undefined' in larger) return larger;
    return { value: 2 * (larger.logLikelihood - smaller.logLikelihood), smaller };
  };
  const observed = statisticOf(data);
  if ('undefined' in observed) return observed;
  const { smaller } = observed;
  const shape = options.utility === 'covariates' ? { ...data, contestants: 0 } : data;
  const odds = smaller.groups.map((g) =>
    logOddsAt(shape, Float64Array.from([...g.strengths, ...g.coefficients.map((c) => c.value)])),
  );
  let extreme = 0;
  for (let replicate = 0; replicate < replicates; replicate++) {
    const member = Array.from({ length: data.raters }, () => rng.choose(smaller.groups.map((g) => g.share)));
    const firstWins = new Float64Array(data.rater.length);
    const secondWins = new Float64Array(data.rater.length);
    for (let e = 0; e < firstWins.length; e++) {
      const n = Math.round(data.firstWins[e]! + data.secondWins[e]! + (data.ties ? data.ties[e]! : 0));
      const p = sigmoid(odds[member[data.rater[e]!]!]![e]!);
      for (let k = 0; k < n; k++) if (rng.uniform() < p) firstWins[e]! += 1;
      secondWins[e] = n - firstWins[e]!;
    }
    const { ties: _, ...untied } = data;
    const simulated = statisticOf({ ...untied, firstWins, secondWins });
    if ('value' in simulated && simulated.value >= observed.value) extreme += 1;
  }
  return {
    statistic: observed.value,
    p: (extreme + 1) / (replicates + 1),
    interval: wilson(extreme, replicates),
    replicates,
    n: data.raters,
  };
}
