import { addChoice, choiceTerm, utilitiesOf } from './choice.ts';
import { type Likelihood, positionNuisance, shownReplies, sourceOf } from './likelihood.ts';

/**
 * A ranking as the choices it is made of: the best of all, then the best of what is left, and so on (Plackett 1975). A full
 * likelihood of the ranking, where all its pairs at once would count the same choices again and again. A group that ties is
 * one choice with its target shared evenly; replies that were not ranked say nothing.
 */
export const ranking: Likelihood<'ranking'> = {
  kind: 'ranking',
  title: 'choices of the best among what is left (Plackett–Luce)',
  citation: 'Plackett 1975; Luce 1959',
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
  nuisances: positionNuisance,
  term(rewards, observation, nuisances) {
    const { answer, candidates, weight } = observation;
    const utilities = utilitiesOf(rewards, observation, nuisances);
    const slopes = new Float64Array(rewards.length);
    let left = candidates.map((_, i) => i);
    let loss = 0;
    for (const chosen of answer.groups) {
      loss += addChoice(utilities, { left, chosen, weight }, slopes);
      left = left.filter((i) => !chosen.includes(i));
    }
    return choiceTerm(loss, slopes, observation, nuisances);
  },
};
