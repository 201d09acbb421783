import { createRng, mean } from '../../stats/index.ts';
import { SIMULATED_RATERS, simulatedRater } from '../../world/index.ts';
import { baseItems, judgmentsOf } from '../base-items.ts';
import type { Experiment } from '../experiment.ts';
import { HARBOUR } from '../harbour.ts';
import { chanceOfFirst, isHard } from '../known-pairs.ts';
import { remembered } from '../remembered.ts';

/** Raters who are asked everything twice. */
interface Asked {
  /** P(one of the eight answers without looking). */
  readonly careless: number;
  /** Pairs, which every rater judges twice. */
  readonly pairs: number;
  /** Only pairs whose replies are about as good. */
  readonly hard: boolean;
}

const RATERS = 8;
/** Of hard pairs four in ten are kept. */
const DRAWN_FOR_ONE = 4;
const MANY = 3000;

async function pairsFor({ pairs, hard }: Asked, rng: ReturnType<typeof createRng>) {
  const items = await baseItems(HARBOUR, { count: hard ? DRAWN_FOR_ONE * pairs : pairs, rng });
  return (hard ? items.filter(isHard) : items).slice(0, pairs);
}

/** How much more often the careless rater answers otherwise, over many pairs, exactly. */
const truthOf = remembered(async (setting: Asked): Promise<number> => {
  const items = await pairsFor({ ...setting, pairs: MANY }, createRng('lab/self-consistency/pairs'));
  const otherwise = (careless: number) =>
    mean(
      items.map((item) => {
        const p = (1 - careless) * chanceOfFirst(item, SIMULATED_RATERS.noisy) + careless / 2;
        return 2 * p * (1 - p);
      }),
    );
  return otherwise(setting.careless) - otherwise(0);
});

/** H4 by asking again: one rater who does not always look, among seven who do. */
export const selfConsistency: Experiment<Asked> = {
  world: 'harbour',
  planted: 'of eight raters, how often one answers without looking',
  doses: [0.5, 0.7, 0.9],
  documented: 0.9,
  lookAlike: 'pairs whose replies are about as good, on which everybody wavers',
  usual: { careless: 0, pairs: 400, hard: false },
  plant: (setting, dose) => ({ ...setting, careless: dose }),
  resemble: (setting) => ({ ...setting, hard: true }),
  async draw(setting, rng) {
    const items = await pairsFor(setting, rng.fork('pairs'));
    const raters = Array.from({ length: RATERS }, (_, i) =>
      simulatedRater(HARBOUR, {
        id: `rater-${i + 1}`,
        params: { ...SIMULATED_RATERS.noisy, careless: i === 0 ? setting.careless : 0 },
      }),
    );
    const ask = (name: string) => judgmentsOf({ items, raters, overlap: RATERS, rng: rng.fork(name) });
    const first = await ask('first');
    const before = new Map(first.map((judgment) => [judgment.id, judgment]));
    const again = (await ask('again')).map((judgment) => {
      const same = before.get(judgment.id)!.presentation.order[0] === judgment.presentation.order[0];
      const purpose = same ? ('repeat' as const) : ('swapped-repeat' as const);
      const presentation = { ...judgment.presentation, purpose, repeats: judgment.id };
      return { ...judgment, id: `${judgment.id}/${purpose}`, presentation };
    });
    return { evidence: { judgments: [...first, ...again] }, truth: await truthOf(setting) };
  },
};
