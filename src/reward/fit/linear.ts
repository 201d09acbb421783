import { z } from 'zod';
import { minimise, standardDeviation } from '../../stats/index.ts';
import { extractFeatures, FEATURES, type Features, HASHED, holdToRange, seenRange } from '../features.ts';
import { fitNormaliser, IDENTITY, normalise, normaliserSchema } from '../normaliser.ts';
import { type Candidate, candidateKey, type Observation } from '../observation.ts';
import type { FittedReward, ReferenceReplies, Score } from '../reward-model.ts';
import { linearObjective, refuseNothing } from './objective.ts';

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
  const { order = 2, ridge, position = false, reference, iterations = 60 } = options;
  refuseNothing(observations);
  const texts = new Map<string, Features>();
  const whole = new Map<string, Features>();
  for (const { candidates } of observations) {
    for (const candidate of candidates) {
      const [key, own] = [candidateKey(candidate), featuresOf(candidate.reply, order)];
      texts.set(key, own);
      if (candidate.unfinished !== true) whole.set(key, own);
    }
  }
  const fitted = [...texts.values()];
  const scales = featureScales(fitted);
  // Only features that occur get a weight: a few thousand of the hash space.
  const used = [...new Set(fitted.flatMap(({ indices }) => [...indices]))].sort((a, b) => a - b);
  const column = new Map(used.map((feature, k) => [feature, k]));
  const scaled = ({ reply }: Candidate) => {
    const { indices, values } = featuresOf(reply, order);
    return {
      indices: indices.map((feature) => column.get(feature)!),
      values: values.map((value, i) => value * scales[indices[i]!]!),
    };
  };
  const size = used.length;
  const { objective, start, nuisances } = linearObjective(observations, scaled, { size, ridge, position });
  const w = minimise(objective, start, { iterations, tolerance: 1e-6 });
  const raw = linearFromState({
    order,
    weights: used.map((feature, k): [number, number] => [feature, w[k]! * scales[feature]!]).filter(([, v]) => v !== 0),
    nuisances: nuisances.map(({ name }, k): [string, number] => [name, w[size + k]!]),
    normaliser: IDENTITY,
    // Beginnings of replies are shorter than any reply.
    seen: seenRange(whole.size > 0 ? [...whole.values()] : fitted),
  });
  if (reference === undefined) return raw;
  const normaliser = fitNormaliser(reference.map(({ replies }) => raw.scoreNow(replies)));
  return linearFromState({ ...raw.state, normaliser });
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
