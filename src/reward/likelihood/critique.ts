import { words } from '../../text/index.ts';
import { attributeNuisances, attributeTerm, seenInWhole } from './attributes.ts';
import { type Likelihood, shownReplies, sourceOf } from './likelihood.ts';

/** Whether words stand one after another in a text. */
const says = (text: readonly string[], phrase: readonly string[]): boolean =>
  text.some((_, at) => phrase.every((word, k) => text[at + k] === word));

/**
 * A critique through the attributes that it names, by phrases that whoever fits the reward stated: nothing else of the text is
 * read, and a negation in front of a phrase is not understood.
 */
export const critique: Likelihood<'critique'> = {
  kind: 'critique',
  title: 'attributes named by stated phrases, each above a threshold of its own and of the rater (logit)',
  citation: 'Jeon, Milli and Dragan 2020, §3; Birnbaum 1968',
  shiftInvariant: false,
  observe(item, judgment, { attributes }) {
    const { answer } = judgment;
    if (answer.kind !== 'critique') return `kind-${answer.kind}`;
    const readable = [...attributes].filter(([, { phrases }]) => phrases.length > 0);
    if (readable.length === 0) return 'no-stated-phrase';
    const text = words(answer.text);
    return [
      {
        kind: 'critique',
        answer: { ...answer, reply: 0 },
        attributes: seenInWhole(readable, (_, { phrases }) => phrases.some((phrase) => says(text, phrase))),
        ...shownReplies(item, judgment, [answer.reply]),
        weight: 1,
        ...sourceOf(item, judgment),
      },
    ];
  },
  nuisances: attributeNuisances,
  term: attributeTerm,
};
