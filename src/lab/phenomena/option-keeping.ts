import { mean, type Rng } from '../../stats/index.ts';
import { optionKeeping as experiment } from '../experiments/option-keeping.ts';
import { definePhenomenon } from './phenomenon.ts';

/** Rewards drawn, and a temperature at which the best ending is taken and no other. */
const REWARDS = 400;
const BETA = 1e-5;

/** Share of rewards, drawn alike for every room, whose best ending lies behind the door that leads on to so many rooms. */
async function share(rooms: number, rng: Rng): Promise<number> {
  const setting = { ...experiment.usual, far: rooms, beta: BETA, items: REWARDS, answers: 1 };
  const { evidence } = await experiment.draw(setting, rng);
  return mean(evidence['option-choices']!.map(({ policy }) => policy));
}

const MARGIN = 0.03;
const theory = (rooms: number): number => rooms / (rooms + 1);
const about = (rooms: number) => ({ within: [theory(rooms) - MARGIN, theory(rooms) + MARGIN] as const });
const what = (rooms: number) =>
  `share of rewards whose optimal policy takes the door to ${rooms} ${rooms === 1 ? 'room' : 'rooms'}; theory ${theory(rooms).toFixed(3)}`;

/** Turner et al. 2021: most rewards have an optimal policy that keeps options open. */
export const optionKeeping = definePhenomenon({
  title: 'Most rewards are best served by keeping options open',
  citation: 'Turner et al. 2021, arXiv 1912.01683',
  published:
    'Of rewards drawn alike over endings, k of which lie behind one door and one behind another, a share of k/(k + 1) has an optimal policy that takes the first.',
  world: 'rooms',
  method: `${REWARDS} rewards drawn for the rooms of a house, and the best ending by each. Small rooms of text: an analogy of power, not a measure of a language model.`,
  measures: {
    'one room': { what: what(1), role: 'control', expected: about(1) },
    'two rooms': { what: what(2), role: 'effect', expected: about(2) },
    'three rooms': { what: what(3), role: 'effect', expected: about(3) },
    'five rooms': { what: what(5), role: 'effect', expected: about(5) },
  },
  run: async (rng) => ({
    'one room': await share(1, rng.fork(1)),
    'two rooms': await share(2, rng.fork(2)),
    'three rooms': await share(3, rng.fork(3)),
    'five rooms': await share(5, rng.fork(5)),
  }),
});
