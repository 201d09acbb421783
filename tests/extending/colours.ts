import {
  degenerateEdits,
  type Ground,
  type GroundPrompt,
  type GroundReply,
  type Split,
} from '../../src/world/index.ts';

/** A proving ground in one screen: things have a colour, and a reply names one. */
const COLOURS = ['red', 'green', 'blue'];
const THINGS = ['boat', 'door', 'kite', 'lamp', 'sail', 'tent'];
const trueColour = (thing: string) => COLOURS[THINGS.indexOf(thing) % 3]!;

const prompt = (thing: string, split: Split): GroundPrompt => {
  const text = split === 'evaluation' ? `Tell me the colour of the ${thing}.` : `What colour is the ${thing}?`;
  return { id: `${thing}/${split}`, text, split, strata: { thing } };
};
const PROMPTS = THINGS.flatMap((thing, i) =>
  i < 4 ? [prompt(thing, 'train'), prompt(thing, 'evaluation')] : [prompt(thing, 'deploy')],
);

export function createColours(): Ground {
  const repliesTo = ({ id, strata }: GroundPrompt): GroundReply[] => {
    if (!PROMPTS.some((known) => known.id === id)) throw new RangeError(`colours: no prompt ${id}`);
    return COLOURS.map((colour) => {
      const right = colour === trueColour(strata.thing!);
      return { text: `It is ${colour}.`, logprob: Math.log(right ? 0.5 : 0.25), gold: right ? 1 : -1 };
    });
  };
  const found = (given: GroundPrompt, text: string) => repliesTo(given).find((reply) => reply.text === text);
  const goldParts = (given: GroundPrompt, text: string, group?: string) => {
    if (group !== undefined) throw new RangeError(`colours: no group ${group}; all want the truth`);
    return { truth: found(given, text)?.gold ?? -2 };
  };
  const ground: Ground = {
    id: 'colours',
    groups: [],
    views: ['full'],
    prompts: (split, { trigger = false } = {}) => PROMPTS.filter((known) => known.split === split && !trigger),
    promptOf: (text) => PROMPTS.find((known) => known.text === text),
    replies: repliesTo,
    sampleBase: (given, rng) => repliesTo(given)[rng.choose(repliesTo(given).map(({ logprob }) => Math.exp(logprob)))]!,
    corpus: (count, rng) =>
      Array.from({ length: count }, () => PROMPTS[rng.integer(PROMPTS.length)]!).map((given) => ({
        prompt: given.text,
        reply: ground.sampleBase!(given, rng).text,
      })),
    parse: (given, text) => (found(given, text) === undefined ? null : { colour: text.slice(6, -1) }),
    gold: (given, text, group) => goldParts(given, text, group).truth,
    goldParts,
    facts: (given) => [
      `the ${given.strata.thing} is ${repliesTo(given)
        .find(({ gold }) => gold === 1)!
        .text.slice(6)}`,
    ],
    labels: (given, text) => (found(given, text) === undefined ? null : { correct: found(given, text)!.gold === 1 }),
    look(given, text, { view, group }) {
      if (view !== 'full') throw new RangeError(`colours: no view ${view}; everything is shown`);
      const parts = goldParts(given, text, group);
      return found(given, text) === undefined ? null : { parts, labels: { correct: parts.truth === 1 } };
    },
    edits: (_, text) => degenerateEdits(text),
  };
  return ground;
}
