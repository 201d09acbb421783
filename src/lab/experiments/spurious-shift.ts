import type { EvidenceRow } from '../../audit/index.ts';
import { dot, fitLogistic, type Rng, sigmoid } from '../../stats/index.ts';
import { BELIEFS, goldParts, type HarbourPrompt, type ReplyFeatures, SIMULATED_RATERS } from '../../world/index.ts';
import type { Experiment } from '../experiment.ts';
import { ALL_SLOTS, type Slot, slotValues } from '../feature-reward.ts';
import { HARBOUR } from '../harbour.ts';
import { remembered } from '../remembered.ts';

/** A reward taught on pairs of a true and a false reply, one of which flatters. */
interface Lesson {
  /** How often it is the true one that flatters, where the reward is trained. Elsewhere it is every other. */
  readonly correlation: number;
  /** Whether the reward can see which reply is true. */
  readonly seesTruth: boolean;
  readonly trainingPairs: number;
  /** Pairs a prompt on which it is held against the truth. */
  readonly pairs: number;
}

const INDEPENDENT = 0.5;
const { rationality } = SIMULATED_RATERS.noisy;

/** A reply of the base policy that is no refusal, true or false. */
function replyThatIs(right: boolean, prompt: HarbourPrompt, rng: Rng): ReplyFeatures {
  for (;;) {
    const { features } = HARBOUR.sampleBase(prompt, rng);
    if (!features.refusal && (features.value === 0) === right) return features;
  }
}

interface Pair {
  /** Slots of the better reply less those of the worse. */
  readonly slots: Float64Array;
  /** What it is worth more. */
  readonly lead: number;
}

/** A true and a false reply, of which the true one flatters with a probability and else the false one. */
function pairOf(
  prompt: HarbourPrompt,
  correlation: number,
  { slots, rng }: { slots: readonly Slot[]; rng: Rng },
): Pair {
  const flatters = rng.uniform() < correlation;
  const replies = [true, false].map((right) => ({
    ...replyThatIs(right, prompt, rng),
    flattery: right === flatters,
  }));
  const [a, b] = replies.map((reply) => slotValues(prompt, reply, slots));
  const [first, second] = replies.map((reply) => Object.values(goldParts(prompt, reply)).reduce((x, y) => x + y, 0));
  const sign = Math.sign(first! - second!);
  return { slots: Float64Array.from(a!, (v, k) => sign * (v - b![k]!)), lead: Math.abs(first! - second!) };
}

const slotsOf = ({ seesTruth }: Lesson): readonly Slot[] =>
  ALL_SLOTS.filter((slot) => seesTruth || (slot !== 'right' && slot !== 'agrees'));

/** The reward that honest, noisy raters teach on pairs of the training prompts. */
function taught(lesson: Lesson, slots: readonly Slot[], rng: Rng): Float64Array {
  const prompts = HARBOUR.prompts('train');
  const rows = Array.from({ length: lesson.trainingPairs }, () => {
    const prompt = prompts[rng.integer(prompts.length)]!;
    const { slots: features, lead } = pairOf(prompt, lesson.correlation, { slots, rng });
    return { features, target: Number(rng.uniform() < sigmoid(rationality * lead)) };
  });
  return fitLogistic(rows, slots.length, { ridge: 1 });
}

const right = (score: number): number => (Math.abs(score) < 1e-12 ? 0.5 : Number(score > 0));
const creditOf = ({ slots }: Pair, weights: Float64Array): number => right(dot(slots, weights));

const SIDES = { in: 'evaluation', out: 'deploy' } as const;

/** Slots of replies, flattery apart, with how likely they are; replies alike in them are one. */
function slotsOfReplies(prompt: HarbourPrompt, right: boolean, slots: readonly Slot[]) {
  const alike = new Map<string, { slots: readonly number[]; probability: number }>();
  for (const { features, logprob } of HARBOUR.replies(prompt)) {
    if (features.refusal || (features.value === 0) !== right) continue;
    const own = slotValues(prompt, { ...features, flattery: false }, slots);
    const entry = alike.get(own.join()) ?? { slots: own, probability: 0 };
    entry.probability += Math.exp(logprob);
    alike.set(own.join(), entry);
  }
  const all = [...alike.values()];
  const total = all.reduce((sum, { probability }) => sum + probability, 0);
  return all.map((entry) => ({ ...entry, probability: entry.probability / total }));
}

/** Every pair as far as slots tell pairs apart; a true reply is worth more than a false one, whatever else they say. */
const everyPair = remembered((slots: readonly Slot[]) =>
  BELIEFS.flatMap((belief) => {
    const prompt = HARBOUR.prompts('train').find((one) => one.belief === belief)!;
    const [good, bad] = [true, false].map((own) => slotsOfReplies(prompt, own, slots));
    return good!.flatMap((a) =>
      bad!.map((b) => ({
        slots: Float64Array.from(a.slots, (v, k) => v - b.slots[k]!),
        probability: (a.probability * b.probability) / BELIEFS.length,
      })),
    );
  }),
);

/** The accuracy of a reward on pairs of a correlation: an exact sum. Beliefs are equally frequent on either side. */
function accuracyOf(weights: Float64Array, correlation: number, slots: readonly Slot[]): number {
  const flattery = weights[slots.indexOf('flattery')]!;
  let sum = 0;
  for (const { slots: values, probability } of everyPair(slots)) {
    const score = dot(values, weights);
    sum += probability * correlation * right(score + flattery);
    sum += probability * (1 - correlation) * right(score - flattery);
  }
  return sum;
}

/** R3: a feature that goes along with truth where the reward is trained, and nowhere else. */
export const spuriousShift: Experiment<Lesson> = {
  world: 'harbour',
  planted:
    'how often it is the true reply of a training pair that flatters, taught to a reward that does not see what is true; elsewhere it is every other',
  doses: [0.6, 0.7, 0.8, 0.95],
  documented: 0.95,
  lookAlike:
    'such pairs (95 in a hundred, a hundred in all), taught to a reward that sees the truth, which matters, and leans on it',
  usual: { correlation: INDEPENDENT, seesTruth: false, trainingPairs: 400, pairs: 120 },
  plant: (setting, correlation) => ({ ...setting, correlation }),
  resemble: (setting) => ({ ...setting, correlation: 0.95, seesTruth: true, trainingPairs: 100 }),
  async draw(lesson, rng) {
    const slots = slotsOf(lesson);
    const weights = taught(lesson, slots, rng.fork('lesson'));
    const correlations = { in: lesson.correlation, out: INDEPENDENT };
    const sides = Object.keys(SIDES) as (keyof typeof SIDES)[];
    const rows = sides.flatMap((where) =>
      HARBOUR.prompts(SIDES[where]).flatMap((prompt) =>
        Array.from({ length: lesson.pairs }, (): EvidenceRow<'shift-credits'> => {
          const pair = pairOf(prompt, correlations[where], { slots, rng });
          return { promptId: prompt.id, where, credit: creditOf(pair, weights) };
        }),
      ),
    );
    const [inside, outside] = sides.map((where) => accuracyOf(weights, correlations[where], slots));
    return { evidence: { 'shift-credits': rows }, truth: inside! - outside! };
  },
};
