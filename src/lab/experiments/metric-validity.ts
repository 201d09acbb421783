import type { EvidenceRow } from '../../audit/index.ts';
import {
  createRng,
  dot,
  expectedCalibrationError,
  fitLogistic,
  mean,
  type Rng,
  reliabilityBins,
  sigmoid,
  spearman,
} from '../../stats/index.ts';
import { betaForKl, expectation, SIMULATED_RATERS, tilt } from '../../world/index.ts';
import { type BasePair, basePairs } from '../base-pairs.ts';
import type { Experiment } from '../experiment.ts';
import { ALL_SLOTS, slotValues } from '../feature-reward.ts';
import { HARBOUR } from '../harbour.ts';
import { remembered } from '../remembered.ts';

/** A collection of reward models, of which a draw examines some. */
interface Collection {
  /** What a hundred characters are worth to those whose votes the models are held against. */
  readonly examinersLength: number;
  /** Most that they are worth to those who taught a model; each model was taught by other people. */
  readonly teachersLength: number;
  /** Fewest and most pairs that a model was taught on. */
  readonly pairs: readonly [fewest: number, most: number];
  /** Models examined. */
  readonly models: number;
  /** Replies drawn for the true utility of a policy. */
  readonly replies: number;
}

const MODELS = 64;
const EXAMINED_ON = 500;
const KL = 1.5;
const { rationality } = SIMULATED_RATERS.noisy;

/** Votes of Boltzmann raters to whom length is worth something. */
const vote = ({ gold, length }: BasePair, lengthWeight: number, rng: Rng): number =>
  Number(rng.uniform() < sigmoid(rationality * (gold + lengthWeight * length)));

/** Prompts on which policies are optimised, every reply with its slots. */
function spaces() {
  return HARBOUR.prompts('train')
    .filter(({ belief }) => belief === 'none')
    .slice(0, 4)
    .map((prompt) => {
      const replies = HARBOUR.replies(prompt);
      return {
        base: replies.map(({ logprob }) => logprob),
        gold: replies.map(({ gold }) => gold),
        slots: replies.map(({ features }) => Float64Array.from(slotValues(prompt, features, ALL_SLOTS))),
      };
    });
}

/** Mean and deviation of true utility under the exact optimum of a reward at a distance from the base policy. */
function optimised(weights: Float64Array, on: ReturnType<typeof spaces>) {
  const each = on.map(({ base, gold, slots }) => {
    const rewards = slots.map((values) => dot(values, weights));
    const policy = tilt(base, rewards, betaForKl(base, rewards, KL));
    const middle = expectation(policy, gold);
    return {
      middle,
      variance: expectation(
        policy,
        gold.map((g) => (g - middle) ** 2),
      ),
    };
  });
  return { gold: mean(each.map(({ middle }) => middle)), deviation: Math.sqrt(mean(each.map((e) => e.variance))) };
}

interface Model {
  readonly metrics: Readonly<Record<string, number>>;
  readonly gold: number;
  readonly deviation: number;
}

/** The models of a collection, made once: rewards fitted to votes, held against votes, and optimised exactly. */
const collectionOf = remembered((setting: Omit<Collection, 'models' | 'replies'>): readonly Model[] => {
  const { examinersLength, teachersLength, pairs } = setting;
  const rng = createRng(`lab/metric-validity/${JSON.stringify([examinersLength, teachersLength, pairs])}`);
  const examination = basePairs(EXAMINED_ON, rng).map((pair) => ({
    ...pair,
    target: vote(pair, examinersLength, rng),
  }));
  const on = spaces();
  const [fewest, most] = pairs;
  return Array.from({ length: MODELS }, (): Model => {
    const lengthWeight = teachersLength * rng.uniform();
    const count = Math.round(fewest * (most / fewest) ** rng.uniform());
    const rows = basePairs(count, rng).map((pair) => ({ features: pair.slots, target: vote(pair, lengthWeight, rng) }));
    const weights = fitLogistic(rows, ALL_SLOTS.length, { ridge: 1 });
    const scores = examination.map(({ slots }) => dot(slots, weights));
    const outcomes = examination.map(({ target }) => target);
    const accuracy = mean(scores.map((s, i) => (s === 0 ? 0.5 : Number(s > 0 === (outcomes[i] === 1)))));
    const ece = expectedCalibrationError(reliabilityBins(scores.map(sigmoid), outcomes));
    return { metrics: { accuracy, ece }, ...optimised(weights, on) };
  });
});

/** R5: reward models of which some were taught to like length, held against votes of people who like it, or do not. */
export const metricValidity: Experiment<Collection> = {
  world: 'harbour',
  planted:
    'what a hundred characters are worth to those whose votes say how accurate a model is; to those who taught the models, from nothing to forty',
  doses: [10, 20, 40],
  documented: 40,
  lookAlike:
    'models taught alike, on as many pairs by honest people: they differ by chance only, and their true utility is known from few replies',
  usual: { examinersLength: 0, teachersLength: 40, pairs: [60, 600], models: 20, replies: 2000 },
  plant: (setting, examinersLength) => ({ ...setting, examinersLength }),
  resemble: (setting) => ({ ...setting, teachersLength: 0, pairs: [1500, 1500], replies: 20 }),
  async draw(setting, rng) {
    const all = collectionOf(setting);
    const rows = rng
      .shuffle(all)
      .slice(0, setting.models)
      .map(({ metrics, gold, deviation }, i): EvidenceRow<'reward-metrics'> => {
        const goldError = deviation / Math.sqrt(setting.replies);
        return { model: `model-${i + 1}`, metrics, gold: gold + goldError * rng.normal(), goldError };
      });
    const accuracies = all.map(({ metrics }) => metrics.accuracy!);
    return {
      evidence: { 'reward-metrics': rows },
      truth:
        1 -
        spearman(
          accuracies,
          all.map(({ gold }) => gold),
        ),
    };
  },
};
