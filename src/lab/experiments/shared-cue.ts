import { createRng, mean, type Rng } from '../../stats/index.ts';
import { SIMULATED_RATERS, simulatedRater } from '../../world/index.ts';
import { baseItems, judgmentsOf } from '../base-items.ts';
import type { Experiment } from '../experiment.ts';
import { HARBOUR } from '../harbour.ts';
import { chanceOfFirst, isHard } from '../known-pairs.ts';
import { remembered } from '../remembered.ts';

/** Raters who all fall for the same thing. */
interface Swayed {
  /** What flattery is worth to every rater; the truth of a reply is worth four and a bit. */
  readonly flattery: number;
  readonly pairs: number;
  readonly overlap: number;
  /** Only pairs whose replies are about as good. */
  readonly hard: boolean;
}

const RATERS = 8;
const DRAWN_FOR_ONE = 4;
const MANY = 4000;

async function pairsFor({ pairs, hard }: Swayed, rng: Rng) {
  const items = await baseItems(HARBOUR, { count: hard ? DRAWN_FOR_ONE * pairs : pairs, rng });
  return (hard ? items.filter(isHard) : items).slice(0, pairs);
}

const paramsOf = ({ flattery }: Swayed) => ({ ...SIMULATED_RATERS.noisy, flatteryWeight: flattery });

/** The estimand over many pairs, from each pair’s exact chance that a rater is wrong. */
const truthOf = remembered(async (setting: Swayed): Promise<number> => {
  const items = await pairsFor({ ...setting, pairs: MANY }, createRng('lab/shared-cue/pairs'));
  const values = items.flatMap((item) => {
    if (item.gold !== 0 && item.gold !== 1) return [];
    const first = chanceOfFirst(item, paramsOf(setting));
    const wrong = item.gold === 0 ? 1 - first : first;
    const panelWrong = 3 * wrong ** 2 - 2 * wrong ** 3;
    return [panelWrong * (2 * wrong - 1)];
  });
  return Math.max(0, mean(values));
});

/** H4 by what raters share: a cue that makes all of them err on the same pairs. */
export const sharedCue: Experiment<Swayed> = {
  world: 'harbour',
  planted: 'what flattery is worth to each of eight raters, who are right otherwise',
  doses: [4, 6, 8],
  documented: 8,
  lookAlike: 'pairs whose replies are about as good, on which everybody is wrong half of the time, each in his own way',
  usual: { flattery: 0, pairs: 600, overlap: 5, hard: false },
  plant: (setting, dose) => ({ ...setting, flattery: dose }),
  resemble: (setting) => ({ ...setting, hard: true }),
  async draw(setting, rng) {
    const items = await pairsFor(setting, rng.fork('pairs'));
    const raters = Array.from({ length: RATERS }, (_, i) =>
      simulatedRater(HARBOUR, { id: `rater-${i + 1}`, params: paramsOf(setting) }),
    );
    const judgments = await judgmentsOf({ items, raters, overlap: setting.overlap, rng: rng.fork('judged') });
    return { evidence: { items, judgments }, truth: await truthOf(setting) };
  },
};
