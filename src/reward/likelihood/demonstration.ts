import { chosenTerm } from './choice.ts';
import { type Likelihood, sourceOf } from './likelihood.ts';

/**
 * A demonstration as a choice among what could have been said. Where a person writes y with P ∝ π(y)·exp(r(y)) and the others
 * are samples of π, the chance that y is the written one of all is exactly the softmax of the rewards (Ma and Collins 2018,
 * §3, ranking; Jeon, Milli and Dragan 2020, §3). Other replies to the prompt stand for the samples.
 */
export const demonstration: Likelihood<'demonstration'> = {
  kind: 'demonstration',
  title: 'the demonstrated text chosen out of itself and other replies to the prompt',
  citation: 'Ma and Collins 2018, §3; Jeon, Milli and Dragan 2020, §3',
  shiftInvariant: true,
  observe(item, judgment, { others }) {
    const { answer } = judgment;
    if (answer.kind !== 'demonstration') return `kind-${answer.kind}`;
    const alternatives = others(item, [answer.text]);
    if (alternatives.length === 0) return 'no-other-reply-to-the-prompt';
    const texts = [answer.text, ...alternatives];
    return [
      {
        kind: 'demonstration',
        answer,
        candidates: texts.map((text) => ({ prompt: item.prompt, reply: text })),
        shown: texts.map(() => null),
        weight: 1,
        ...sourceOf(item, judgment),
      },
    ];
  },
  nuisances: () => [],
  term: (rewards, { weight }) => chosenTerm(rewards, 0, weight),
};
