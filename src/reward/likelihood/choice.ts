import { comparisonLoss } from '../../stats/index.ts';
import type { Observation } from '../observation.ts';
import { firstShown, type Nuisances, POSITION, type Term } from './likelihood.ts';

/**
 * Adds to `slopes` the derivatives of −log P(one of `chosen` is taken out of `left`), P ∝ exp(utility) (Luce 1959), the target
 * being shared evenly among `chosen`: one for a choice, all that tie for a tie. Returns the loss. Two alternatives are the
 * comparison of Bradley and Terry.
 */
export function addChoice(
  utilities: Float64Array,
  { left, chosen, weight }: { left: readonly number[]; chosen: readonly number[]; weight: number },
  slopes: Float64Array,
): number {
  if (left.length < 2) return 0;
  if (left.length === 2) {
    const [a, b] = left as [number, number];
    const target = chosen.length === 2 ? 0.5 : Number(chosen[0] === a);
    const { loss, slope } = comparisonLoss(utilities[a]! - utilities[b]!, target, weight);
    slopes[a]! += slope;
    slopes[b]! -= slope;
    return loss;
  }
  const top = Math.max(...left.map((i) => utilities[i]!));
  const worths = left.map((i) => Math.exp(utilities[i]! - top));
  const total = worths.reduce((sum, worth) => sum + worth, 0);
  for (const [k, i] of left.entries()) slopes[i]! += (weight * worths[k]!) / total;
  let mean = 0;
  for (const i of chosen) {
    slopes[i]! -= weight / chosen.length;
    mean += (utilities[i]! - top) / chosen.length;
  }
  return weight * (Math.log(total) - mean);
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
