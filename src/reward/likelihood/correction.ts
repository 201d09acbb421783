import { addChoice } from './choice.ts';
import { type Likelihood, sourceOf } from './likelihood.ts';

/**
 * A correction as the choice that it is: whoever rewrote a reply preferred the new text to the old one (Jeon, Milli and Dragan
 * 2020). The two were never shown side by side, so no place has a bonus.
 */
export const correction: Likelihood<'correction'> = {
  kind: 'correction',
  title: 'the corrected text preferred to the reply (Bradley–Terry)',
  citation: 'Jeon, Milli and Dragan 2020, §3',
  shiftInvariant: true,
  observe(item, judgment) {
    const { answer } = judgment;
    if (answer.kind !== 'correction') return `kind-${answer.kind}`;
    const { prompt, replies } = item;
    const reply = replies[answer.reply]!.text;
    if (answer.text === reply) return 'nothing-corrected';
    const candidates = [
      { prompt, reply },
      { prompt, reply: answer.text },
    ];
    return [
      {
        kind: 'correction',
        answer: { ...answer, reply: 0 },
        candidates,
        shown: [null, null],
        weight: 1,
        ...sourceOf(item, judgment),
      },
    ];
  },
  nuisances: () => [],
  term(rewards, { weight }) {
    const dRewards = new Float64Array(2);
    const loss = addChoice(rewards, { left: [0, 1], chosen: [1], weight }, dRewards);
    return { loss, dRewards, dNuisances: [] };
  },
};
