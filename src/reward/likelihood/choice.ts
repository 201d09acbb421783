import { comparisonLoss, SetChoice } from '../../stats/index.ts';
import type { Observation } from '../observation.ts';
import { firstShown, type Nuisances, POSITION, type Term } from './likelihood.ts';

/**
 * Adds to `slopes` the derivatives of −Σ t·log P(i is taken out of `left`), P ∝ exp(utility) (Luce 1959), for targets t (by
 * place in `left`) that sum to one: all of it on one for a choice, shared for a soft target. Returns the loss. Two
 * alternatives are the comparison of Bradley and Terry.
 */
export function addChoice(
  utilities: Float64Array,
  { left, target, weight }: { left: readonly number[]; target: readonly number[]; weight: number },
  slopes: Float64Array,
): number {
  if (left.length < 2) return 0;
  if (left.length === 2) {
    const [a, b] = left as [number, number];
    const { loss, slope } = comparisonLoss(utilities[a]! - utilities[b]!, target[0]!, weight);
    slopes[a]! += slope;
    slopes[b]! -= slope;
    return loss;
  }
  const top = Math.max(...left.map((i) => utilities[i]!));
  const worths = left.map((i) => Math.exp(utilities[i]! - top));
  const total = worths.reduce((sum, worth) => sum + worth, 0);
  let mean = 0;
  for (const [k, i] of left.entries()) {
    slopes[i]! += weight * (worths[k]! / total - target[k]!);
    mean += target[k]! * (utilities[i]! - top);
  }
  return weight * (Math.log(total) - mean);
}

/** The term of one candidate chosen out of all, where no place has a bonus. */
export function chosenTerm(rewards: Float64Array, chosen: number, weight: number): Term {
  const dRewards = new Float64Array(rewards.length);
  const left = Array.from(rewards, (_, i) => i);
  const loss = addChoice(rewards, { left, target: sharedTarget(left, [chosen]), weight }, dRewards);
  return { loss, dRewards, dNuisances: [] };
}

/** The target shared evenly by those chosen: one for a choice, all that tie for a tie. */
export const sharedTarget = (left: readonly number[], chosen: readonly number[]): number[] =>
  left.map((i) => (chosen.includes(i) ? 1 / chosen.length : 0));

/** How large sets of replies that tie are: sizes, 1 first, and log δ of each (0 for 1). */
export interface TieSizes {
  readonly sizes: readonly number[];
  readonly logDelta: readonly number[];
}

/**
 * A choice whose outcome may be a set that ties: P(S) ∝ δ_|S|·exp(mean utility of S) over all sets of the given sizes (Davidson
 * 1970 for two replies; Turner, van Etten, Firth and Kosmidis 2020, Eq. 4). Adds the derivatives by utilities; gives the loss
 * and its slope by each log δ.
 */
export function addSetChoice(
  utilities: Float64Array,
  {
    left,
    chosen,
    weight,
    ties,
  }: { left: readonly number[]; chosen: readonly number[]; weight: number; ties: TieSizes },
  slopes: Float64Array,
): { loss: number; dLogDelta: number[] } {
  const dLogDelta = ties.sizes.map(() => 0);
  if (left.length < 2) return { loss: 0, dLogDelta };
  const choice = new SetChoice(
    Float64Array.from(left, (i) => utilities[i]!),
    ties.sizes,
    ties.logDelta,
  );
  const at = ties.sizes.indexOf(chosen.length);
  let loss = choice.logNormaliser - ties.logDelta[at]!;
  for (const share of choice.shares()) for (const [k, i] of left.entries()) slopes[i]! += weight * share[k]!;
  for (const i of chosen) {
    loss -= utilities[i]! / chosen.length;
    slopes[i]! -= weight / chosen.length;
  }
  for (const [k, p] of choice.orderProbabilities.entries()) dLogDelta[k] = weight * (p - Number(k === at));
  return { loss: weight * loss, dLogDelta };
}

/** What raters choose by: the rewards, with the bonus of the candidate that stood first. */
export function utilitiesOf(rewards: Float64Array, observation: Observation, nuisances: Nuisances): Float64Array {
  const utilities = rewards.slice();
  const first = firstShown(observation);
  if (first >= 0) utilities[first]! += nuisances.get(POSITION) ?? 0;
  return utilities;
}

/** A term from its loss and the derivatives by utilities. */
export function choiceTerm(loss: number, slopes: Float64Array, observation: Observation, nuisances: Nuisances): Term {
  const first = firstShown(observation);
  const bonus = first >= 0 && nuisances.has(POSITION);
  return { loss, dRewards: slopes, dNuisances: bonus ? [[POSITION, slopes[first]!]] : [] };
}
