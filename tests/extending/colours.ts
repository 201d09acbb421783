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
  const found = (of: GroundPrompt, text: string) => repliesTo(of).find((reply) => reply.text === text);
  const goldParts = (of: GroundPrompt, text: string, group?: string) => {
    if (group !== undefined) throw new RangeError(`colours: no group ${group}; all want the truth`);
    return { truth: found(of, text)?.gold ?? -2 };
  };
  const ground: Ground = {
    id: 'colours',
    groups: [],
    views: ['full'],
    prompts: (split, { trigger = false } = {}) => PROMPTS.filter((known) => known.split === split && !trigger),
    promptOf: (text) => PROMPTS.find((known) => known.text === text),
    replies: repliesTo,
    sampleBase: (of, rng) => repliesTo(of)[rng.choose(repliesTo(of).map(({ logprob }) => Math.exp(logprob)))]!,
    corpus: (count, rng) =>
      Array.from({ length: count }, () => PROMPTS[rng.integer(PROMPTS.length)]!).map((of) => ({
        prompt: of.text,
        reply: ground.sampleBase!(of, rng).text,
      })),
    parse: (of, text) => (found(of, text) === undefined ? null : { colour: text.slice(6, -1) }),
    gold: (of, text, group) => goldParts(of, text, group).truth,
    goldParts,
    facts: (of) => [
      `the ${of.strata.thing} is ${repliesTo(of)
        .find(({ gold }) => gold === 1)!
        .text.slice(6)}`,
    ],
    labels: (of, text) => (found(of, text) === undefined ? null : { correct: found(of, text)!.gold === 1 }),
    look(of, text, { view, group }) {
      if (view !== 'full') throw new RangeError(`colours: no view ${view}; everything is shown`);
      const parts = goldParts(of, text, group);
      return found(of, text) === undefined ? null : { parts, labels: { correct: parts.truth === 1 } };
    },
    edits: (_, text) => degenerateEdits(text),
  };
  return ground;
}
