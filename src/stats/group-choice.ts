import type { RatedComparisons } from './comparisons.ts';
import { mean, normalQuantile, standardDeviation } from './functions.ts';
import type { Interval } from './intervals.ts';
import { fitGroups, type GroupOptions } from './preference-groups.ts';

export interface GroupChoiceOptions extends Omit<GroupOptions, 'groups'> {
  /** Most groups to try. */
  readonly most?: number;
  readonly folds?: number;
  /** One-sided confidence that more groups predict better, needed to take them. */
  readonly level?: number;
}

export interface GroupChoice {
  readonly groups: number;
  /** One group is enough: more do not predict unseen raters better. */
  readonly oneIsEnough: boolean;
  /** By number of groups: log-likelihood of a held-out rater, and its gain over one group with an interval. */
  readonly heldOut: readonly {
    readonly groups: number;
    readonly perRater: number;
    readonly gain: { readonly value: number; readonly interval: Interval };
  }[];
  readonly because: string;
  /** Raters. */
  readonly n: number;
  readonly level: number;
}

/** The comparisons of some raters only, who keep their numbers. */
function ofRaters(data: RatedComparisons, keep: (rater: number) => boolean): RatedComparisons {
  const at = [...data.rater.keys()].filter((e) => keep(data.rater[e]!));
  const pick = (column: Float64Array) => Float64Array.from(at, (e) => column[e]!);
  return {
    ...data,
    first: Int32Array.from(at, (e) => data.first[e]!),
    second: Int32Array.from(at, (e) => data.second[e]!),
    firstWins: pick(data.firstWins),
    secondWins: pick(data.secondWins),
    rater: Int32Array.from(at, (e) => data.rater[e]!),
    ...(data.ties && { ties: pick(data.ties) }),
    ...(data.covariates && { covariates: data.covariates.map((c) => ({ ...c, values: pick(c.values) })) }),
  };
}

/**
 * Number of groups by cross-validation over raters: whole raters are held out, so the gain is how much better groups
 * predict a new person. The smallest number is taken on which no larger one gains with confidence `level`. Says why when
 * there are too few raters.
 */
export function chooseGroups(
  data: RatedComparisons,
  { most = 3, folds = 5, level = 0.95, ...options }: GroupChoiceOptions,
): GroupChoice | { readonly undefined: string } {
  const seen = [...new Set(data.rater)];
  if (seen.length < 2 * folds) return { undefined: `${seen.length} raters are too few for ${folds} folds of two` };
  const shuffled = options.rng.shuffle(seen);
  const foldOf = new Int32Array(data.raters).fill(-1);
  for (const [k, r] of shuffled.entries()) foldOf[r] = k % folds;
  // Raters are renumbered within a fold, so that those left out do not count as members of any group.
  const renumber = (part: RatedComparisons): { part: RatedComparisons; of: number[] } => {
    const of = [...new Set(part.rater)];
    const number = new Map(of.map((r, k) => [r, k]));
    return { part: { ...part, raters: of.length, rater: part.rater.map((r) => number.get(r)!) }, of };
  };
  const scores = Array.from({ length: most }, () => new Float64Array(data.raters));
  for (let fold = 0; fold < folds; fold++) {
    const training = renumber(ofRaters(data, (r) => foldOf[r] !== fold)).part;
    const { part: held, of } = renumber(ofRaters(data, (r) => foldOf[r] === fold));
    for (let groups = 1; groups <= most; groups++) {
      const fit = fitGroups(training, { ...options, groups });
      if ('undefined' in fit) return fit;
      for (const [k, value] of fit.heldOut(held).entries()) scores[groups - 1]![of[k]!] = value;
    }
  }
  const z = normalQuantile(level);
  const gains = (from: number, to: number) => {
    const values = seen.map((r) => scores[to]![r]! - scores[from]![r]!);
    return { value: mean(values), error: standardDeviation(values) / Math.sqrt(seen.length) };
  };
  let chosen = 0;
  for (let larger = 1; larger < most; larger++) {
    const { value, error } = gains(chosen, larger);
    if (value > z * error && value > 0) chosen = larger;
  }
  const heldOut = scores.map((score, k) => {
    const { value, error } = gains(0, k);
    const half = normalQuantile(0.5 + level / 2) * error;
    return {
      groups: k + 1,
      perRater: mean(seen.map((r) => score[r]!)),
      gain: { value, interval: { low: value - half, high: value + half, level } },
    };
  });
  const best = heldOut[chosen]!.gain.value.toFixed(3);
  return {
    groups: chosen + 1,
    oneIsEnough: chosen === 0,
    heldOut,
    because:
      chosen === 0
        ? `one group is enough: no larger number up to ${most} predicts held-out raters better with confidence ${level}`
        : `${chosen + 1} groups predict a held-out rater better than one, by ${best} nats, and no larger number up to ${most} better still`,
    n: seen.length,
    level,
  };
}
