import { type Nuisances, type Term, tieName } from '../likelihood/index.ts';
import type { Observation } from '../observation.ts';

/**
 * Probability of an answer that is given without a look, every answer alike; undefined where answers are no choice among shown
 * replies, or no single one.
 */
export function blindChance(observation: Observation, nuisances: Nuisances): number | undefined {
  if (observation.kind === 'ranking') {
    let left = observation.candidates.length;
    let chance = 1;
    for (const { length } of observation.answer.groups) {
      chance /= left;
      left -= length;
    }
    return chance;
  }
  if (observation.kind !== 'comparison') return undefined;
  const { answer, candidates, strength, ties } = observation;
  if (answer.shares !== undefined || strength === 'graded') return undefined;
  const mayTie = ties !== undefined && nuisances.has(tieName('comparison', candidates.length));
  return typeof answer.outcome === 'number' || mayTie ? 1 / (candidates.length + Number(mayTie)) : undefined;
}

/** A term by what its rater heard, with its slope by the probability of a lapse. */
export interface LapsingTerm extends Term {
  readonly dLapse: number;
}

/** −log((1 − λ)·P + λ·g) for an attentive term −log P, by rewards and nuisances, where its rater is known to lapse. */
export function withLapses(attentive: Term, observation: Observation, nuisances: Nuisances): LapsingTerm {
  const { weight, hearing } = observation;
  const lapse = hearing?.lapse ?? 0;
  const chance = lapse === 0 || weight === 0 ? undefined : blindChance(observation, nuisances);
  if (chance === undefined) return { ...attentive, dLapse: 0 };
  const likely = Math.exp(-attentive.loss / weight);
  const mixed = (1 - lapse) * likely + lapse * chance;
  const share = ((1 - lapse) * likely) / mixed;
  return {
    loss: -weight * Math.log(mixed),
    dRewards: attentive.dRewards.map((slope) => share * slope),
    dNuisances: attentive.dNuisances.map(([name, slope]) => [name, share * slope]),
    dLapse: (-weight * (chance - likely)) / mixed,
  };
}
