import type { Observation } from '../observation.ts';
import { addChoice, choiceTerm, utilitiesOf } from './choice.ts';
import { gradedNuisances, gradedTerm, isGraded } from './graded.ts';
import { type Likelihood, type Nuisances, positionNuisance, shownReplies, sourceOf, type Term } from './likelihood.ts';

/**
 * By how many log-odds a preferred reply must lead before its lead is believed, by strength (slightly, clearly, much better),
 * as the margins of Touvron et al. (2023, §3.2.2, Eq. 2).
 */
export const STRENGTH_MARGINS: readonly [slightly: number, clearly: number, much: number] = [1 / 3, 2 / 3, 1];

/**
 * The best of k ≥ 2 replies: a softmax over their rewards, which for two is Bradley–Terry. A tie shares its target evenly. How
 * much better one of two was said to be is a margin or a class, where the observation says so.
 */
export const comparison: Likelihood<'comparison'> = {
  kind: 'comparison',
  title: 'the best of k replies as one choice (Bradley–Terry for two)',
  citation: 'Bradley and Terry 1952; Luce 1959; Casper et al. 2023, Eq. 2',
  shiftInvariant: true,
  observe(item, judgment) {
    const { answer } = judgment;
    if (answer.kind !== 'comparison') return `kind-${answer.kind}`;
    const { outcome } = answer;
    if (outcome === 'cant-judge' || outcome === 'both-bad') return outcome;
    const replies = item.replies.map((_, i) => i);
    return [
      {
        kind: 'comparison',
        answer,
        ...shownReplies(item, judgment, replies),
        // Counted votes are as many judgments of one answer each.
        weight: answer.votes ?? 1,
        ...sourceOf(item, judgment),
      },
    ];
  },
  nuisances: (observations, options) => [...positionNuisance(observations, options), ...gradedNuisances(observations)],
  term(rewards, observation, nuisances) {
    const { outcome, strength, shares } = observation.answer;
    const utilities = utilitiesOf(rewards, observation, nuisances);
    if (isGraded(observation)) return gradedTerm(utilities, observation, nuisances);
    const left = observation.candidates.map((_, i) => i);
    if (shares !== undefined) return softTerm(shares, utilities, observation, nuisances);
    const chosen = typeof outcome === 'number' ? [outcome] : left;
    if (observation.strength === 'margin' && strength !== undefined)
      utilities[chosen[0]!]! -= STRENGTH_MARGINS[strength - 1]!;
    const slopes = new Float64Array(rewards.length);
    const loss = addChoice(utilities, { left, chosen, weight: observation.weight }, slopes);
    return choiceTerm(loss, slopes, observation, nuisances);
  },
};

/** Cross-entropy of the softmax to shares of the preference: what a share of as many hard answers would add up to. */
function softTerm(
  shares: readonly number[],
  utilities: Float64Array,
  observation: Observation<'comparison'>,
  nuisances: Nuisances,
): Term {
  const left = shares.map((_, i) => i);
  const slopes = new Float64Array(shares.length);
  let loss = 0;
  for (const [reply, share] of shares.entries())
    if (share > 0) loss += addChoice(utilities, { left, chosen: [reply], weight: observation.weight * share }, slopes);
  return choiceTerm(loss, slopes, observation, nuisances);
}
