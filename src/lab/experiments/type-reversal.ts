import type { Item, Judgment } from '../../feedback/index.ts';
import { type Rng, sigmoid } from '../../stats/index.ts';
import type { Experiment } from '../experiment.ts';

/** What is judged in two types, and how well. */
export interface TypesSetting {
  readonly pairs: number;
  /** Comparisons, and ratings of both replies, of each pair. */
  readonly comparisons: number;
  readonly ratings: number;
  /** Share of the pairs of which one reply is a lottery. */
  readonly lotteries: number;
  /** Deviation of a rating's noise, in units of utility. */
  readonly ratingNoise: number;
}

/** A sure thing, and a gamble whose mean is higher and whose median is lower. */
const SURE = 1;
const GAIN = { chance: 0.25, worth: 10 };
/** Deviation of the utility of an ordinary reply, and how well comparisons tell utilities apart. */
const SPREAD = 7;
const RATIONALITY = 4;
const SCALE = { min: -40, max: 40, step: 0.01 };

const clipped = (value: number): number =>
  Math.round(Math.min(SCALE.max, Math.max(SCALE.min, value)) / SCALE.step) * SCALE.step;

/** H10: replies whose worth depends on the occasion. Who compares thinks of one occasion, and so does who rates. */
export const typeReversal: Experiment<TypesSetting> = {
  world: 'tables',
  planted:
    'share of pairs of a sure reply and of one that seldom gains much: single comparisons prefer the sure one, the mean of ratings the other',
  doses: [0.1, 0.2, 0.3],
  documented: 0.3,
  lookAlike: 'ratings far noisier than comparisons, of replies that are what they are',
  usual: { pairs: 600, comparisons: 8, ratings: 18, lotteries: 0, ratingNoise: 1 },
  plant: (setting, dose) => ({ ...setting, lotteries: dose }),
  resemble: (setting) => ({ ...setting, ratingNoise: 6 }),
  async draw(setting, rng) {
    const items: Item[] = [];
    const judgments: Judgment[] = [];
    for (let i = 0; i < setting.pairs; i++) {
      const id = `pair-${i + 1}`;
      const worth = worthOf(setting, rng);
      items.push({
        id,
        projectId: 'lab',
        prompt: `question ${i + 1}`,
        replies: [0, 1].map((k) => ({ id: `${id}/${k}`, text: `reply ${k + 1}` })),
        source: { origin: 'drawn', selection: 'all' },
      });
      const add = (name: string, answer: Judgment['answer']) =>
        judgments.push({
          id: `${id}/${name}`,
          projectId: 'lab',
          itemId: id,
          raterId: name,
          presentation: { order: [0, 1], view: 'full', instructionsVersion: '1', shownAt: '2026-01-01' },
          answer,
          activeMs: null,
          submittedAt: '2026-01-01',
          source: 'simulated',
        });
      for (let c = 0; c < setting.comparisons; c++) {
        const [first, second] = worth();
        const chance = sigmoid(RATIONALITY * (first - second));
        add(`comparing-${c + 1}`, { kind: 'comparison', outcome: rng.uniform() < chance ? 0 : 1 });
      }
      for (let r = 0; r < setting.ratings; r++)
        add(`rating-${r + 1}`, {
          kind: 'rating',
          scale: SCALE,
          values: worth().map((value, reply) => ({
            reply,
            criterion: 'worth',
            value: clipped(value + setting.ratingNoise * rng.normal()),
          })),
        });
    }
    return { evidence: { items, judgments }, truth: setting.lotteries };
  },
};

/** What the two replies of a pair are worth on an occasion. */
function worthOf({ lotteries }: TypesSetting, rng: Rng): () => [number, number] {
  if (rng.uniform() >= lotteries) {
    const [first, second] = [SPREAD * rng.normal(), SPREAD * rng.normal()];
    return () => [first, second];
  }
  const gamble = () => (rng.uniform() < GAIN.chance ? GAIN.worth : 0);
  const sureFirst = rng.uniform() < 0.5;
  return () => (sureFirst ? [SURE, gamble()] : [gamble(), SURE]);
}
