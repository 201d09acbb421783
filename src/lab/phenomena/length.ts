import type { Rng } from '../../stats/index.ts';
import { type Reward, rewardOf, type Space } from '../scene.ts';
import { type Setting, USUAL } from '../setting.ts';
import { spacesOf, underTilt } from './paths.ts';
import { definePhenomenon } from './phenomenon.ts';

const KL = 1.5;

const wordsOf = ({ replies }: Space): number[] => replies.map(({ text }) => text.split(' ').length);

/** What the base policy's replies of a reply's length get on average: all of a reward that length tells. */
function byLength(space: Space): number[] {
  const words = wordsOf(space);
  const totals = new Map<number, { mass: number; sum: number }>();
  for (const [i, length] of words.entries()) {
    const own = totals.get(length) ?? { mass: 0, sum: 0 };
    const p = Math.exp(space.base[i]!);
    totals.set(length, { mass: own.mass + p, sum: own.sum + p * space.rewards[i]! });
  }
  return words.map((length) => totals.get(length)!.sum / totals.get(length)!.mass);
}

/** A reward that pays for words alone, in the place of another one. */
const ofWords = (space: Space): Space => ({ ...space, rewards: wordsOf(space) });

async function shares(setting: Setting, rng: Rng): Promise<{ explained: number; lengthOnly: number }> {
  const reward: Reward = await rewardOf(setting, rng);
  const spaces = spacesOf(reward);
  const rise = (values: (space: Space) => readonly number[]) =>
    underTilt(spaces, KL, values) - underTilt(spaces, 0, values);
  const gain = rise(({ rewards }) => rewards);
  // Each prompt's own reward, under the policy that a reward for words alone makes.
  const own = new Map(spaces.map((space) => [space.prompt.id, space.rewards]));
  const long = spaces.map(ofWords);
  const paid = ({ prompt }: Space) => own.get(prompt.id)!;
  return {
    explained: rise(byLength) / gain,
    lengthOnly: (underTilt(long, KL, paid) - underTilt(long, 0, paid)) / gain,
  };
}

/** Singhal et al. 2023: most of what a reward gains is length. */
export const length = definePhenomenon({
  title: 'Much of the gain in reward is length',
  citation: 'Singhal et al. 2023, arXiv 2310.03716',
  published:
    'Of the gain in reward through optimisation 70 to 90 % goes with longer replies, and a reward for length alone reaches most of it.',
  world: 'harbour',
  method: `Rewards taught by eight raters who like length, or by eight honest ones; the exact tilt at ${KL} nats. How much of the gain in score is what replies of such a length get anyway, and how much of it a policy reaches that is tilted by the number of words alone.`,
  measures: {
    'by length, biased raters': {
      what: 'share of the gain in score that the lengths of replies explain, raters who like length',
      role: 'effect',
      expected: { above: 0.5 },
    },
    'length alone, biased raters': {
      what: 'share of that gain that a policy tilted by length alone reaches at the same KL',
      role: 'effect',
      expected: { above: 0.5 },
    },
    'by length, honest raters': {
      what: 'share of the gain that lengths explain, honest raters',
      role: 'control',
      expected: { below: 0.5 },
    },
    'length alone, honest raters': {
      what: 'share of that gain that length alone reaches, honest raters',
      role: 'control',
      expected: { below: 0.5 },
    },
  },
  async run(rng) {
    const biased = await shares({ ...USUAL, raters: { 'length-biased': 8 } }, rng.fork('biased'));
    const honest = await shares(USUAL, rng.fork('honest'));
    return {
      'by length, biased raters': biased.explained,
      'length alone, biased raters': biased.lengthOnly,
      'by length, honest raters': honest.explained,
      'length alone, honest raters': honest.lengthOnly,
    };
  },
});
