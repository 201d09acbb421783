import type { RaterProfile } from '../../feedback/index.ts';
import { lazily } from '../../run/index.ts';
import { createRng, mean, type Rng, sigmoid } from '../../stats/index.ts';
import { SIMULATED_RATERS, simulatedRater } from '../../world/index.ts';
import { baseItems, judgmentsOf } from '../base-items.ts';
import type { Experiment } from '../experiment.ts';
import { HARBOUR } from '../harbour.ts';

/** A pool of two groups, and the population that they stand for. */
interface Pool {
  /** Of twenty raters, how many are of the first group. */
  readonly plain: number;
  /** Share of the first group in the population. */
  readonly population: number;
  /** `opposed`: flattery and detail are liked by one group and disliked by the other. `same`: both want what everyone wants. */
  readonly tastes: 'opposed' | 'same';
  readonly items: number;
}

/** Raters of the pool. */
export const RATERS = 20;
const OVERLAP = 8;
const GROUPS = ['plain', 'warm'] as const;
/** With little noise, so that a group’s taste shows in its choices. */
const RATIONALITY = 4;

const itemsOf = (rng: Rng, count: number) => baseItems(HARBOUR, { count, rng });

/** Root mean square over items of how much more of one group than of the other choose the first reply. */
const tasteGap = lazily(async (): Promise<number> => {
  const items = await itemsOf(createRng('lab/representation/truth'), 6000);
  const squares = items.map(({ prompt: text, replies }) => {
    const prompt = HARBOUR.promptOf(text)!;
    const [plain, warm] = GROUPS.map((group) => {
      const [a, b] = replies.map((reply) => HARBOUR.gold(prompt, reply.text, group));
      return sigmoid(RATIONALITY * (a! - b!));
    });
    return (plain! - warm!) ** 2;
  });
  return Math.sqrt(mean(squares));
});

async function judged({ plain, tastes, items: count }: Pool, rng: Rng) {
  const items = await itemsOf(rng, count);
  const groupOf = (i: number) => GROUPS[Number(i >= plain)]!;
  const raters = Array.from({ length: RATERS }, (_, i) => {
    const own = tastes === 'opposed' ? SIMULATED_RATERS[groupOf(i)] : SIMULATED_RATERS.noisy;
    const params = { ...own, rationality: RATIONALITY };
    return simulatedRater(HARBOUR, { id: `rater-${i + 1}`, params });
  });
  const judgments = await judgmentsOf({ items, raters, overlap: OVERLAP, rng });
  const profiles = raters.map(
    ({ id }, i): RaterProfile => ({ id, kind: 'simulated', demographics: { group: groupOf(i) } }),
  );
  return { judgments, raters: profiles };
}

/** H1: a pool in which one group is far more common than in the population, and wants something else. */
export const representation: Experiment<Pool> = {
  world: 'harbour',
  planted:
    'how far the share of a group in the population lies below .7; among the raters it is three in four, and the others have opposed tastes',
  doses: [0.2, 0.4, 0.65],
  documented: 0.65,
  lookAlike: 'the same pool and the same population, and groups that want the same',
  usual: { plain: 15, population: 0.7, tastes: 'opposed', items: 250 },
  plant: (setting, dose) => ({ ...setting, population: 0.7 - dose }),
  resemble: (setting) => ({ ...setting, population: 0.05, tastes: 'same' }),
  async draw(setting, rng) {
    const { judgments, raters } = await judged(setting, rng);
    const shares = [setting.population, 1 - setting.population];
    const population = GROUPS.map((value, g) => ({ attribute: 'group', value, share: shares[g]! }));
    // The pool is what judged: loads are equal but for one judgment.
    const first = new Set(raters.slice(0, setting.plain).map(({ id }) => id));
    const pool = mean(judgments.map(({ raterId }) => Number(first.has(raterId))));
    const apart = setting.tastes === 'opposed' ? await tasteGap() : 0;
    return {
      evidence: { judgments, raters, population },
      truth: Math.abs(setting.population - pool) * apart,
    };
  },
};
