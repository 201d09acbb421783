import { chosenTerm } from './choice.ts';
import { type Likelihood, sourceOf } from './likelihood.ts';

/**
 * A correction as the choice that it is: whoever rewrote a reply preferred the new text to the old one, and to other replies of
 * the policy that could have come of it (Jeon, Milli and Dragan 2020, §3). They were never shown side by side, so no place has a bonus.
 */
export const correction: Likelihood<'correction'> = {
  kind: 'correction',
  title: 'the corrected text chosen out of itself, the reply, and other replies to the prompt',
  citation: 'Jeon, Milli and Dragan 2020, §3',
  shiftInvariant: true,
  observe(item, judgment, { others }) {
    const { answer } = judgment;
    if (answer.kind !== 'correction') return `kind-${answer.kind}`;
    const { prompt, replies } = item;
    const reply = replies[answer.reply]!.text;
    if (answer.text === reply) return 'nothing-corrected';
    const texts = [reply, answer.text, ...others(item, [reply, answer.text])];
    return [
      {
        kind: 'correction',
        answer: { ...answer, reply: 0 },
        candidates: texts.map((text) => ({ prompt, reply: text })),
        shown: texts.map(() => null),
        weight: 1,
        ...sourceOf(item, judgment),
      },
    ];
  },
  nuisances: () => [],
  term: (rewards, { weight }) => chosenTerm(rewards, 1, weight),
};
