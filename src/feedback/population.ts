import { own } from '../run/index.ts';
import { rake } from '../stats/index.ts';
import { currentJudgments } from './fold.ts';
import { type Judgment, purposeOf } from './judgment.ts';
import type { PreferencePair } from './pair.ts';
import { consentedDemographics, type RaterProfile } from './people.ts';

/** Shares of a population: self-described attribute → value → share; the shares of an attribute sum to 1. */
export type PopulationTargets = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** Weights that give the judgments of a pool the shares of a population. */
export interface RaterWeights {
  /** Rater → weight of each of their judgments; mean 1 over judgments. */
  readonly weights: ReadonlyMap<string, number>;
  /** Largest difference between a weighted share and its target; above rounding only when weights were bounded. */
  readonly gap: number;
  /** How many times more judgments equal weights would need less (Kish 1965): the price of a pool unlike the population. */
  readonly designEffect: number;
  /** Judgments of equal weight that carry as much. */
  readonly effectiveJudgments: number;
  readonly judgments: number;
  /** Attribute → judgments by raters who did not say, or did not consent: weighted by the other attributes only. */
  readonly notSaid: Readonly<Record<string, number>>;
}

/**
 * Post-stratification weights of raters from what they consented to say of themselves, by raking (several attributes at
 * once). Weighed are the work judgments that stand, so a group that judged much counts by what it said, not by its number
 * of people. They mend a pool whose groups are present in the wrong shares; they cannot speak for a group that is absent,
 * and within a group they take those who judged for those who did not. Undefined, with the reason, where no weights can do it.
 */
export function raterWeights(
  judgments: readonly Judgment[],
  profiles: readonly RaterProfile[],
  options: {
    readonly targets: PopulationTargets;
    /** Bounds of a weight as multiples of the mean: less variance, at the price of a `gap`. */
    readonly trim?: { readonly low?: number; readonly high?: number };
  },
): RaterWeights | { readonly undefined: string } {
  const said = new Map(profiles.map((profile) => [profile.id, consentedDemographics(profile)]));
  const raterIds = currentJudgments(judgments)
    .filter((judgment) => purposeOf(judgment) === 'work')
    .map(({ raterId }) => raterId);
  const attributes = Object.entries(options.targets).map(([name, targets]) => ({
    name,
    targets,
    values: raterIds.map((id) => own(said.get(id), name) ?? null),
  }));
  const raked = rake(attributes, options.trim === undefined ? {} : { trim: options.trim });
  if ('undefined' in raked) return raked;
  return {
    weights: new Map(raterIds.map((id, i) => [id, raked.weights[i]!])),
    gap: raked.gap,
    designEffect: raked.designEffect,
    effectiveJudgments: raked.effectiveN,
    judgments: raterIds.length,
    notSaid: Object.fromEntries(attributes.map(({ name, values }) => [name, values.filter((v) => v === null).length])),
  };
}

/** Reward data in which each judgment weighs as its rater does; a rater without a weight keeps 1. */
export const weightPairs = (
  pairs: readonly PreferencePair[],
  weights: ReadonlyMap<string, number>,
): readonly PreferencePair[] =>
  pairs.map((pair) => ({ ...pair, weight: pair.weight * (weights.get(pair.raterId) ?? 1) }));
