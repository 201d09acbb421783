import type { Observation } from '../observation.ts';
import { addChoice, addSetChoice, choiceTerm, sharedTarget, utilitiesOf } from './choice.ts';
import { type Likelihood, positionNuisance, shownReplies, sourceOf } from './likelihood.ts';
import { tieNuisances, tieSizes, tieSlopes } from './ties.ts';

/**
 * A ranking as the choices it is made of: the best of all, then the best of what is left, and so on (Plackett 1975). A full
 * likelihood of the ranking, where all its pairs at once would count the same choices again and again. A group that ties is
 * a set chosen at once (Turner et al. 2020), or one choice with its target shared evenly; replies that were not ranked say nothing.
 */
export const ranking: Likelihood<'ranking'> = {
  kind: 'ranking',
  title: 'choices of the best, or of a set that ties, among what is left (Plackett–Luce, Davidson–Luce)',
  citation: 'Plackett 1975; Luce 1959; Turner et al. 2020, Eq. 4',
  shiftInvariant: true,
  observe(item, judgment) {
    const { answer } = judgment;
    if (answer.kind !== 'ranking') return `kind-${answer.kind}`;
    const replies = answer.groups.flat();
    if (replies.length < 2) return 'fewer-than-two-ranked';
    const groups = answer.groups.map((group) => group.map((reply) => replies.indexOf(reply)));
    const { candidates, shown } = shownReplies(item, judgment, replies);
    return [
      {
        kind: 'ranking',
        answer: { kind: 'ranking', groups },
        candidates,
        shown,
        weight: 1,
        ...sourceOf(item, judgment),
      },
    ];
  },
  nuisances: (observations, options) => [
    ...positionNuisance(observations, options),
    ...tieNuisances('ranking', observations.flatMap(tiedSizes)),
  ],
  term(rewards, observation, nuisances) {
    const { answer, candidates, weight } = observation;
    const utilities = utilitiesOf(rewards, observation, nuisances);
    const slopes = new Float64Array(rewards.length);
    const ties = observation.ties === undefined ? undefined : tieSizes('ranking', candidates.length, nuisances);
    const dTies = new Map<string, number>();
    let left = candidates.map((_, i) => i);
    let loss = 0;
    for (const chosen of answer.groups) {
      // A tie of everything that is left is a choice as well: it could have been broken.
      if (ties?.sizes.includes(chosen.length) !== true)
        loss += addChoice(utilities, { left, target: sharedTarget(left, chosen), weight }, slopes);
      else {
        const own = addSetChoice(utilities, { left, chosen, weight, ties }, slopes);
        loss += own.loss;
        for (const [name, slope] of tieSlopes('ranking', ties, own.dLogDelta))
          dTies.set(name, (dTies.get(name) ?? 0) + slope);
      }
      left = left.filter((i) => !chosen.includes(i));
    }
    const term = choiceTerm(loss, slopes, observation, nuisances);
    return { ...term, dNuisances: [...term.dNuisances, ...dTies] };
  },
};

/** Sizes of the groups that tie where ties are outcomes of their own. */
const tiedSizes = ({ ties, answer }: Observation<'ranking'>): number[] =>
  ties === undefined ? [] : answer.groups.map((group) => group.length);
