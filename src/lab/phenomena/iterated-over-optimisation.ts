import { mean, type Rng } from '../../stats/index.ts';
import { expectation } from '../../world/index.ts';
import { HARBOUR } from '../harbour.ts';
import { ROUND_PROMPTS, type RoundReward, type RoundSetting, roundsOf } from '../rounds-scene.ts';
import { policyAt } from '../scene.ts';
import { USUAL } from '../setting.ts';
import { dropOf, KLS } from './paths.ts';
import { definePhenomenon } from './phenomenon.ts';

const ROUNDS = 4;
const PAIRS = 150;
/** KL of the policy that the next round asks about. */
const KL = 2;

/** True utility along the path of a round's reward. */
const goldPath = (reward: RoundReward): number[] => {
  const spaces = ROUND_PROMPTS.map((prompt) => {
    const replies = HARBOUR.replies(prompt);
    return {
      base: replies.map(({ logprob }) => logprob),
      rewards: reward.scores(prompt),
      gold: replies.map(({ gold }) => gold),
    };
  });
  return KLS.map((kl) => mean(spaces.map((space) => expectation(policyAt(space, kl), space.gold))));
};

async function paths(data: RoundSetting['data'], rng: Rng): Promise<number[][]> {
  const rounds = await roundsOf({ ...USUAL, pairs: PAIRS, kl: KL, rounds: ROUNDS, data }, rng);
  return [rounds[0]!, rounds.at(-1)!].map(({ reward }) => goldPath(reward));
}

/** Wolf, Kirk and Musolesi 2025: over-optimisation falls from round to round, with data of all rounds. */
export const iteratedOverOptimisation = definePhenomenon({
  title: 'Over-optimisation falls over rounds that keep their data',
  citation: 'Wolf, Kirk and Musolesi 2025, arXiv 2505.18126',
  published:
    'Over iterations of collecting, refitting and optimising, over-optimisation falls as rewards come nearer to the truth; keeping the preference data of all iterations does better than the latest alone.',
  world: 'harbour',
  method: `${ROUNDS} rounds of ${PAIRS} pairs each on what the last policy says (${KL} nats), a reward that has to learn which value of each fact is true, fitted on all rounds or on the latest. True utility along the path of the first and of the last reward, up to 8 nats.`,
  measures: {
    'fall in round 1': {
      what: 'fall of true utility from its peak to 8 nats, first reward',
      role: 'effect',
      expected: { above: 0.05 },
    },
    'falls less': {
      what: `the same less that of the reward of round ${ROUNDS}, data of all rounds`,
      role: 'effect',
      expected: { above: 0 },
    },
    'true utility at the end': {
      what: `true utility at 8 nats, round ${ROUNDS} less round 1, data of all rounds`,
      role: 'effect',
      expected: { above: 0 },
    },
    'kept over latest': {
      what: `true utility at 8 nats in round ${ROUNDS}, data of all rounds less the latest alone`,
      role: 'effect',
      expected: { above: 0 },
    },
    'the same round twice': {
      what: 'true utility at 8 nats in round 1 of two runs on other pairs, one less the other',
      role: 'control',
      expected: { within: [-0.15, 0.15] },
    },
  },
  async run(rng) {
    const [first, last] = (await paths('cumulative', rng.fork('all'))) as [number[], number[]];
    const [other, latest] = (await paths('latest', rng.fork('latest'))) as [number[], number[]];
    const end = (path: readonly number[]) => path.at(-1)!;
    return {
      'fall in round 1': dropOf(first),
      'falls less': dropOf(first) - dropOf(last),
      'true utility at the end': end(last) - end(first),
      'kept over latest': end(last) - end(latest),
      'the same round twice': end(first) - end(other),
    };
  },
});
