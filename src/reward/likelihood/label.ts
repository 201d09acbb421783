import { attributeNuisances, attributeTerm, seenInWhole } from './attributes.ts';
import { type Likelihood, shownReplies, sourceOf } from './likelihood.ts';

/**
 * Labels of a reply as attributes whose meaning was stated: one that speaks for a reply applies the likelier the higher its
 * reward. A label that answers to the same question use elsewhere and this one does not was denied.
 */
export const label: Likelihood<'label'> = {
  kind: 'label',
  title: 'stated labels, each above a threshold of its own and of the rater (logit)',
  citation: 'Jeon, Milli and Dragan 2020, §3; Birnbaum 1968',
  shiftInvariant: false,
  observe(item, judgment, { attributes, asked }) {
    const { answer } = judgment;
    if (answer.kind !== 'label') return `kind-${answer.kind}`;
    const names = asked(judgment);
    if (names.length === 0) return 'no-stated-attribute';
    return [
      {
        kind: 'label',
        answer: { ...answer, reply: 0 },
        attributes: seenInWhole(
          names.map((name) => [name, attributes.get(name)!] as const),
          (name) => answer.labels.includes(name),
        ),
        ...shownReplies(item, judgment, [answer.reply]),
        weight: 1,
        ...sourceOf(item, judgment),
      },
    ];
  },
  nuisances: attributeNuisances,
  term: attributeTerm,
};
