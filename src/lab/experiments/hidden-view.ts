import type { Item, Judgment, Rater } from '../../feedback/index.ts';
import { createRng, mean, type Rng, sigmoid } from '../../stats/index.ts';
import { SIMULATED_RATERS, simulatedRater, sumOfParts } from '../../world/index.ts';
import { baseItems, judgmentsOf } from '../base-items.ts';
import type { Experiment } from '../experiment.ts';
import { HARBOUR } from '../harbour.ts';
import { remembered } from '../remembered.ts';

/** Two halves of a pool: one sees all of every item, the other what is in its view. */
interface Views {
  /** Share of the items on which the second half sees no facts. */
  readonly hidden: number;
  /** Boltzmann rationality of the second half. */
  readonly rationality: number;
  readonly items: number;
}

const RATERS = 16;
const OVERLAP = 8;

const itemsOf = (rng: Rng, count: number) => baseItems(HARBOUR, { count, rng });

/** Whether the partial view of an item lacks the facts. */
const hides = ({ id }: Item, { hidden }: Views): boolean => createRng(`hidden/${id}`).uniform() < hidden;

/** A rater of the second half: the view is `partial` by name, and hides the facts of some items. */
function seesPart(rater: Rater, setting: Views): Rater {
  return {
    ...rater,
    view: 'partial',
    judge: (item, presentation, uniform) =>
      rater.judge(item, { ...presentation, view: hides(item, setting) ? 'partial' : 'full' }, uniform),
  };
}

async function judged(setting: Views, rng: Rng): Promise<Judgment[]> {
  const items = await itemsOf(rng, setting.items);
  const own = SIMULATED_RATERS.noisy;
  const raters = Array.from({ length: RATERS }, (_, i) => {
    const second = i % 2 === 1;
    const params = second ? { ...own, rationality: setting.rationality } : own;
    const rater = simulatedRater(HARBOUR, { id: `rater-${i + 1}`, params });
    return second ? seesPart(rater, setting) : rater;
  });
  return judgmentsOf({ items, raters, overlap: OVERLAP, rng });
}

/** The true loss of a setting: what the halves prefer, exact for each of many items. */
const trueLoss = remembered(async (setting: Omit<Views, 'items'>): Promise<number> => {
  const items = await itemsOf(createRng('lab/hidden-view/truth'), 6000);
  const leads = items.map(({ prompt: text, replies }) => {
    const prompt = HARBOUR.promptOf(text)!;
    const lead = (view: string) => {
      const [a, b] = replies.map((reply) => sumOfParts(HARBOUR.look(prompt, reply.text, { view })!.parts));
      return a! - b!;
    };
    return { full: lead('full'), partial: lead('partial') };
  });
  const own = leads.map(({ full }) => sigmoid(SIMULATED_RATERS.noisy.rationality * full) - 0.5);
  const others = leads.map(({ full, partial }) => ({
    shown: sigmoid(setting.rationality * full) - 0.5,
    hidden: sigmoid(setting.rationality * partial) - 0.5,
  }));
  const mix = (of: (other: (typeof others)[number], i: number) => readonly [shown: number, hidden: number]) =>
    mean(others.map((other, i) => of(other, i)).map(([s, h]) => (1 - setting.hidden) * s + setting.hidden * h));
  const within = mix(({ shown, hidden }) => [shown ** 2, hidden ** 2]);
  const across = mix(({ shown, hidden }, i) => [shown * own[i]!, hidden * own[i]!]);
  return 2 * (Math.sqrt(mean(own.map((x) => x * x)) * within) - across);
});

/** H5 at its source: half of the raters see no facts of some items, and go by what looks true. */
export const hiddenView: Experiment<Views> = {
  world: 'harbour',
  planted: 'share of the items of which half of the raters see no facts',
  doses: [0.25, 0.5, 1],
  documented: 1,
  lookAlike: 'a second view that hides nothing, whose raters are three times as noisy',
  usual: { hidden: 0, rationality: SIMULATED_RATERS.noisy.rationality, items: 350 },
  plant: (setting, dose) => ({ ...setting, hidden: dose }),
  resemble: (setting) => ({ ...setting, rationality: setting.rationality / 3 }),
  draw: async (setting, rng) => ({
    evidence: { judgments: await judged(setting, rng) },
    truth: await trueLoss(setting),
  }),
};
