import { attributeNuisances, attributeTerm } from './attributes.ts';
import { type Likelihood, sourceOf } from './likelihood.ts';
import { type Part, partRewards, placeSlopes, placesOf, wordParts } from './parts.ts';

/** Whether spans of a label cover at least half of a part's letters. */
function marked(
  text: string,
  { start, end }: Part,
  spans: readonly { readonly start: number; readonly end: number }[],
): boolean {
  let [letters, covered] = [0, 0];
  for (let at = start; at < end; at++) {
    if (/\s/.test(text[at]!)) continue;
    letters += 1;
    covered += Number(spans.some((span) => span.start <= at && at < span.end));
  }
  return 2 * covered >= letters;
}

/**
 * Marks in a reply, word by word: each word adds its share to the reply's reward, and a mark that speaks against is the likelier
 * the less a word adds (as token rewards, Wu et al. 2023). The words of one answer are taken as independent given what they add.
 */
export const spans: Likelihood<'spans'> = {
  kind: 'spans',
  title: 'stated marks on words, whose rewards sum to the reply’s (logit by word)',
  citation: 'Wu et al. 2023, §3; Birnbaum 1968',
  shiftInvariant: true,
  observe(item, judgment, { attributes, asked }) {
    const { answer } = judgment;
    if (answer.kind !== 'spans') return `kind-${answer.kind}`;
    const names = asked(judgment);
    if (names.length === 0) return 'no-stated-attribute';
    const reply = item.replies[answer.reply]!.text;
    const parts = wordParts(reply);
    if (parts.length === 0) return 'empty-reply';
    const candidates = placesOf(item.prompt, reply, parts);
    return [
      {
        kind: 'spans',
        answer: { ...answer, reply: candidates.length - 1 },
        candidates,
        attributes: names.map((name) => {
          const own = answer.spans.filter((span) => span.label === name);
          return { name, speaks: attributes.get(name)!.speaks, seen: parts.map((part) => marked(reply, part, own)) };
        }),
        shown: candidates.map(() => null),
        weight: 1,
        ...sourceOf(item, judgment),
      },
    ];
  },
  nuisances: attributeNuisances,
  term(rewards, observation, nuisances) {
    const byPart = attributeTerm(partRewards(rewards), observation, nuisances);
    return { ...byPart, dRewards: placeSlopes(byPart.dRewards) };
  },
};
