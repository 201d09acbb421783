import type { Observation } from '../observation.ts';
import { addChoice, addSetChoice, choiceTerm, sharedTarget, type TieSizes, utilitiesOf } from './choice.ts';
import { gradedNuisances, gradedTerm, isGraded } from './graded.ts';
import { type Likelihood, positionNuisance, shownReplies, sourceOf } from './likelihood.ts';
import { tieNuisances, tieSizes, tieSlopes } from './ties.ts';

/**
 * By how many log-odds a preferred reply must lead before its lead is believed, by strength (slightly, clearly, much better),
 * as the margins of Touvron et al. (2023, §3.2.2, Eq. 2).
 */
export const STRENGTH_MARGINS: readonly [slightly: number, clearly: number, much: number] = [1 / 3, 2 / 3, 1];

/**
 * The best of k ≥ 2 replies: a softmax over their rewards, which for two is Bradley–Terry. That all tie is one more outcome
 * (Davidson 1970), or a target shared evenly. How much better one of two was said to be is a margin or a class, where the
 * observation says so.
 */
export const comparison: Likelihood<'comparison'> = {
  kind: 'comparison',
  title: 'the best of k replies as one choice, or a tie (Bradley–Terry and Davidson for two)',
  citation: 'Bradley and Terry 1952; Luce 1959; Davidson 1970; Casper et al. 2023, Eq. 2',
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
  nuisances: (observations, options) => [
    ...positionNuisance(observations, options),
    ...gradedNuisances(observations),
    ...tieNuisances(
      'comparison',
      observations.filter(tied).map(({ candidates }) => candidates.length),
    ),
  ],
  term(rewards, observation, nuisances) {
    const { outcome, strength, shares } = observation.answer;
    const utilities = utilitiesOf(rewards, observation, nuisances);
    if (isGraded(observation)) return gradedTerm(utilities, observation, nuisances);
    const left = observation.candidates.map((_, i) => i);
    const chosen = typeof outcome === 'number' ? [outcome] : left;
    if (observation.strength === 'margin' && strength !== undefined && shares === undefined)
      utilities[chosen[0]!]! -= STRENGTH_MARGINS[strength - 1]!;
    const slopes = new Float64Array(rewards.length);
    const { weight, ties } = observation;
    const sizes = ties === undefined ? undefined : tieSizes('comparison', left.length, nuisances);
    // Here only one and all can be answered, whatever ties among fewer occur elsewhere.
    const own = shares === undefined && sizes?.sizes.at(-1) === left.length ? ends(sizes) : undefined;
    if (own === undefined) {
      // Shares are what as many hard answers would add up to.
      const target = shares ?? sharedTarget(left, chosen);
      const loss = addChoice(utilities, { left, target, weight }, slopes);
      return choiceTerm(loss, slopes, observation, nuisances);
    }
    const { loss, dLogDelta } = addSetChoice(utilities, { left, chosen, weight, ties: own }, slopes);
    const term = choiceTerm(loss, slopes, observation, nuisances);
    return { ...term, dNuisances: [...term.dNuisances, ...tieSlopes('comparison', own, dLogDelta)] };
  },
};

/** A tie that is an outcome of its own, and not a band of strengths. */
const tied = (observation: Observation<'comparison'>): boolean =>
  observation.ties !== undefined &&
  observation.answer.outcome === 'tie' &&
  observation.answer.shares === undefined &&
  !isGraded(observation);

const ends = ({ sizes, logDelta }: TieSizes): TieSizes => ({
  sizes: [1, sizes.at(-1)!],
  logDelta: [0, logDelta.at(-1)!],
});
