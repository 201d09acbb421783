import { mean } from '../../stats/index.ts';
import { entropy } from '../../world/index.ts';
import { policyAt, rewardOf, type Space } from '../scene.ts';
import { USUAL } from '../setting.ts';
import { spacesOf } from './paths.ts';
import { definePhenomenon } from './phenomenon.ts';

const [SLIGHT, STRONG] = [0.05, 3];
const DRAWS = 16;

/** Expected different ones among so many draws. */
const distinct = (chances: Iterable<number>): number => {
  let sum = 0;
  for (const p of chances) sum += 1 - (1 - p) ** DRAWS;
  return sum;
};

/** Chances of kinds of replies, whatever the fact that they are about, over prompts drawn alike. */
function acrossPrompts(spaces: readonly Space[], kl: number): number {
  const chances = new Map<string, number>();
  for (const space of spaces)
    for (const [i, lp] of policyAt(space, kl).entries()) {
      const kind = JSON.stringify(space.replies[i]!.features);
      chances.set(kind, (chances.get(kind) ?? 0) + Math.exp(lp) / spaces.length);
    }
  return distinct(chances.values());
}

const perPrompt = (spaces: readonly Space[], kl: number): number =>
  mean(spaces.map((space) => distinct(policyAt(space, kl).map(Math.exp))));
const meanEntropy = (spaces: readonly Space[], kl: number): number =>
  mean(spaces.map((space) => entropy(policyAt(space, kl))));

/** Kirk et al. 2023: optimisation narrows what is said, to one prompt above all. */
export const diversity = definePhenomenon({
  title: 'Optimisation narrows what is said, to one prompt more than across prompts',
  citation: 'Kirk et al. 2023, arXiv 2310.06452',
  published:
    'Reinforcement learning from human feedback lowers the diversity of replies to one input a lot, and the diversity across inputs less.',
  world: 'harbour',
  method: `A reward taught by honest raters; the exact tilt at ${STRONG} nats. Expected different replies among ${DRAWS} to one prompt, and among one reply each to ${DRAWS} prompts, as kinds of replies whatever they are about. On the harbour prompts differ in little but what they are about, so that the two can hardly part.`,
  measures: {
    'per prompt': {
      what: `share of the different replies among ${DRAWS} to one prompt that is lost`,
      role: 'effect',
      expected: { above: 0.2 },
    },
    'across prompts': {
      what: `share of the different kinds among one reply each to ${DRAWS} prompts that is lost`,
      role: 'effect',
      expected: { above: 0 },
    },
    'per prompt less across': {
      what: 'the first less the second',
      role: 'effect',
      expected: { above: 0 },
    },
    'entropy, nats': { what: 'fall of the entropy of a reply', role: 'effect', expected: { above: 0 } },
    'a slight tilt': {
      what: `share lost per prompt at ${SLIGHT} nats`,
      role: 'control',
      expected: { within: [-0.05, 0.05] },
    },
  },
  async run(rng) {
    const spaces = spacesOf(await rewardOf(USUAL, rng));
    const lost = (of: (own: readonly Space[], kl: number) => number, kl: number) => 1 - of(spaces, kl) / of(spaces, 0);
    const [per, across] = [lost(perPrompt, STRONG), lost(acrossPrompts, STRONG)];
    return {
      'per prompt': per,
      'across prompts': across,
      'per prompt less across': per - across,
      'entropy, nats': meanEntropy(spaces, 0) - meanEntropy(spaces, STRONG),
      'a slight tilt': lost(perPrompt, SLIGHT),
    };
  },
});
