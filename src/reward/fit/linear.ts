import { z } from 'zod';
import { minimise, standardDeviation } from '../../stats/index.ts';
import { extractFeatures, FEATURES, type Features, HASHED, holdToRange, seenRange } from '../features.ts';
import { fitNormaliser, IDENTITY, normalise, normaliserSchema } from '../normaliser.ts';
import { type Candidate, candidateKey, type Observation } from '../observation.ts';
import type { Refits } from '../people/fit-people.ts';
import type { Design } from '../people/intervals.ts';
import type { FittedReward, ReferenceReplies, Score } from '../reward-model.ts';
import { linearObjective, refuseNothing, type SparseFeatures } from './objective.ts';

export interface LinearOptions {
  /** Strength of the L2 penalty on every weight. */
  readonly ridge: number;
  /** Longest word n-gram among the features; 2 by default. */
  readonly order?: number;
  /** Estimate a first-shown bonus as a nuisance. */
  readonly position?: boolean;
  /** Replies by prompt on which the scores are normalised. */
  readonly reference?: ReferenceReplies;
  readonly iterations?: number;
}

/** Everything of a fitted linear reward model, as plain JSON. */
export const linearStateSchema = z.strictObject({
  order: z.int().positive(),
  weights: z.array(z.tuple([z.int().nonnegative(), z.number()])).readonly(),
  /** What explains answers beside the reward and is no part of it, such as the log-odds bonus of standing first. */
  nuisances: z.array(z.tuple([z.string(), z.number()])).readonly(),
  normaliser: normaliserSchema,
  seen: z.strictObject({
    fewestGrams: z.int().positive(),
    surface: z.array(z.tuple([z.number(), z.number()]).readonly()).readonly(),
  }),
});
export type LinearState = Readonly<z.infer<typeof linearStateSchema>>;

export interface LinearRewardModel extends FittedReward {
  readonly family: 'linear';
  readonly state: LinearState;
  /** Scores without waiting: the model is arithmetic. */
  scoreNow(replies: readonly string[]): number[];
}

const cache = new Map<string, Features>();
/** Features are pure in the text, and cross-validation asks for the same texts many times. */
function featuresOf(text: string, order: number): Features {
  const key = `${order} ${text}`;
  let features = cache.get(key);
  if (features === undefined) {
    if (cache.size > 50_000) cache.clear();
    features = extractFeatures(text, order);
    cache.set(key, features);
  }
  return features;
}

/**
 * One over the deviation of each surface measure on the texts, so that one penalty fits them all; zero for a measure that never
 * varied there, about which nothing was learned. N-grams keep their scale.
 */
function featureScales(texts: readonly Features[]): Float64Array {
  const scales = new Float64Array(FEATURES).fill(1);
  for (let k = HASHED; k < FEATURES; k++) {
    const deviation = standardDeviation(texts.map(({ values }) => values[values.length - FEATURES + k]!));
    scales[k] = deviation > 1e-9 ? 1 / deviation : 0;
  }
  return scales;
}

/** A linear reward on hashed n-grams and surface measures, fitted to answers of any kinds by the one linear objective. */
export function fitLinearReward(observations: readonly Observation[], options: LinearOptions): LinearRewardModel {
  const { reference } = options;
  const raw = linearFits(observations, options).fitNow(observations);
  if (reference === undefined) return raw;
  const normaliser = fitNormaliser(reference.map(({ replies }) => raw.scoreNow(replies)));
  return linearFromState({ ...raw.state, normaliser });
}

interface LinearFits extends Refits {
  readonly design: Design;
  /** Features of any reply, held to the range of those that were seen, as the design has them. */
  scaledFeatures(candidate: Candidate): SparseFeatures;
  /** A fit without waiting, from where the one before ended. */
  fitNow(observations: readonly Observation[]): LinearRewardModel;
}

/** Features of what some answers are about, made once, and linear rewards on them, not normalised. */
export function linearFits(observations: readonly Observation[], options: LinearOptions): LinearFits {
  const { order = 2, ridge, position = false, iterations = 60 } = options;
  refuseNothing(observations);
  const texts = new Map<string, Features>();
  const whole = new Map<string, Features>();
  for (const { candidates } of observations) {
    for (const candidate of candidates) {
      const key = candidateKey(candidate);
      const own = texts.get(key) ?? featuresOf(candidate.reply, order);
      texts.set(key, own);
      if (candidate.unfinished !== true) whole.set(key, own);
    }
  }
  const fitted = [...texts.values()];
  const scales = featureScales(fitted);
  // Only features that occur get a weight: a few thousand of the hash space.
  const occurs = new Uint8Array(FEATURES);
  for (const { indices } of fitted) for (const feature of indices) occurs[feature] = 1;
  const used = Array.from({ length: FEATURES }, (_, feature) => feature).filter((feature) => occurs[feature] === 1);
  const column = new Int32Array(FEATURES);
  for (const [k, feature] of used.entries()) column[feature] = k;
  const columns = new Map(
    [...texts].map(([key, { indices, values }]) => [
      key,
      {
        indices: indices.map((feature) => column[feature]!),
        values: values.map((value, i) => value * scales[indices[i]!]!),
      },
    ]),
  );
  const scaled = (candidate: Candidate) => columns.get(candidateKey(candidate))!;
  // Beginnings of replies are shorter than any reply.
  const seen = seenRange(whole.size > 0 ? [...whole.values()] : fitted);
  const scaledFeatures = ({ reply }: Candidate) => {
    const { indices, values } = holdToRange(featuresOf(reply, order), seen);
    const known = [...indices.keys()].filter((i) => occurs[indices[i]!] === 1);
    return {
      indices: known.map((i) => column[indices[i]!]!),
      values: known.map((i) => values[i]! * scales[indices[i]!]!),
    };
  };
  const size = used.length;
  let last: Float64Array | undefined;
  const fitAgain = (heard: readonly Observation[]) => {
    const { objective, start, nuisances } = linearObjective(heard, scaled, { size, ridge, position });
    const w = minimise(objective, last ?? start, { iterations, tolerance: 1e-6 });
    last = w;
    const reward = linearFromState({
      order,
      weights: used
        .map((feature, k): [number, number] => [feature, w[k]! * scales[feature]!])
        .filter(([, v]) => v !== 0),
      nuisances: nuisances.map(({ name }, k): [string, number] => [name, w[size + k]!]),
      normaliser: IDENTITY,
      seen,
    });
    const rewardAt = ({ indices, values }: ReturnType<typeof scaled>) => {
      let sum = 0;
      for (let i = 0; i < indices.length; i++) sum += w[indices[i]!]! * values[i]!;
      return sum;
    };
    return {
      reward,
      values: async (candidates: readonly Candidate[]) => candidates.map((own) => rewardAt(scaled(own))),
    };
  };
  return {
    turns: 12,
    design: { size, ridge, featuresOf: scaled },
    scaledFeatures,
    fitNow: (heard) => fitAgain(heard).reward,
    async fit(heard) {
      const { reward, values } = fitAgain(heard);
      return { nuisances: reward.nuisances, values };
    },
  };
}

/** A model from its state. */
export function linearFromState(state: LinearState): LinearRewardModel {
  const dense = new Float64Array(FEATURES);
  for (const [index, weight] of state.weights) dense[index] = weight;
  const rewardOf = (features: Features) => {
    let sum = 0;
    for (let i = 0; i < features.indices.length; i++) sum += dense[features.indices[i]!]! * features.values[i]!;
    return sum;
  };
  const scoreNow = (replies: readonly string[]) =>
    replies.map((reply) =>
      normalise(state.normaliser, rewardOf(holdToRange(featuresOf(reply, state.order), state.seen))),
    );
  return {
    id: 'linear',
    family: 'linear',
    logOdds: state.normaliser.scale,
    state,
    scoreNow,
    nuisances: new Map(state.nuisances),
    // The beginning of a reply is outside the range of replies, and was fitted as it is.
    values: async (candidates) =>
      candidates.map(({ reply, unfinished }) => {
        const features = featuresOf(reply, state.order);
        return rewardOf(unfinished === true ? features : holdToRange(features, state.seen));
      }),
    score: async (_prompt, replies): Promise<Score[]> => scoreNow(replies).map((value) => ({ mean: value })),
    dispose: async () => {},
  };
}
