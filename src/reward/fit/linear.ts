import { z } from 'zod';
import { minimise, standardDeviation } from '../../stats/index.ts';
import { extractFeatures, FEATURES, type Features, HASHED, holdToRange, seenRange } from '../features.ts';
import { fitNormaliser, IDENTITY, type Normaliser, normalise, normaliserSchema } from '../normaliser.ts';
import { type Candidate, candidateKey, type Observation } from '../observation.ts';
import type { Refits } from '../people/fit-people.ts';
import type { Design } from '../people/intervals.ts';
import { type Worth, worthOfAtoms } from '../people/worth.ts';
import type { FittedReward, ReferenceReplies, Score } from '../reward-model.ts';
import { ATOMS, atomShares, fitDistribution, WORTH_FORMS, type WorthForm } from './distribution.ts';
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
  /** Fits how worths are distributed over people, in this form, and not one reward. */
  readonly worth?: WorthForm;
}

const weightsSchema = z.array(z.tuple([z.int().nonnegative(), z.number()])).readonly();

/** Everything of a fitted linear reward model, as plain JSON. */
export const linearStateSchema = z.strictObject({
  order: z.int().positive(),
  weights: weightsSchema,
  /** How worths are distributed over people, where that was fitted: the weights above are none then. */
  worth: z
    .strictObject({
      form: z.enum(WORTH_FORMS),
      heads: z.array(z.strictObject({ level: z.number(), weights: weightsSchema })).readonly(),
    })
    .exactOptional(),
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
  const { reference, worth } = options;
  const fits = linearFits(observations, options);
  const raw = worth === undefined ? fits.fitNow(observations) : fits.fitWorths(observations, worth);
  if (reference === undefined) return raw;
  const normaliser = fitNormaliser(reference.map(({ replies }) => raw.scoreNow(replies)));
  return linearFromState({ ...raw.state, normaliser });
}

interface LinearFits extends Refits {
  readonly design: Design;
  /** How worths are distributed over people. */
  fitWorths(observations: readonly Observation[], form: WorthForm): LinearRewardModel;
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
  const size = used.length;
  const byFeature = (w: ArrayLike<number>) =>
    used.map((feature, k): [number, number] => [feature, w[k]! * scales[feature]!]).filter(([, v]) => v !== 0);
  const design: Design = { size, ridge, featuresOf: scaled };
  let last: Float64Array | undefined;
  const fitAgain = (heard: readonly Observation[]) => {
    const { objective, start, nuisances } = linearObjective(heard, scaled, { size, ridge, position });
    const w = minimise(objective, last ?? start, { iterations, tolerance: 1e-6 });
    last = w;
    const reward = linearFromState({
      order,
      weights: byFeature(w),
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
    design,
    fitNow: (heard) => fitAgain(heard).reward,
    fitWorths(heard, form) {
      const { heads, nuisances } = fitDistribution(heard, design, { form, position });
      return linearFromState({
        order,
        weights: [],
        worth: { form, heads: heads.map(({ level, weights }) => ({ level, weights: byFeature(weights) })) },
        nuisances,
        normaliser: IDENTITY,
        seen,
      });
    },
    async fit(heard) {
      const { reward, values } = fitAgain(heard);
      return { nuisances: reward.nuisances, values };
    },
  };
}

const dotOf = (weights: Float64Array, { indices, values }: Features): number => {
  let sum = 0;
  for (let i = 0; i < indices.length; i++) sum += weights[indices[i]!]! * values[i]!;
  return sum;
};

const denseOf = (weights: LinearState['weights']): Float64Array => {
  const dense = new Float64Array(FEATURES);
  for (const [index, weight] of weights) dense[index] = weight;
  return dense;
};

/** What a text is worth over people, in log-odds, by its features. */
function worthsFrom({ form, heads }: NonNullable<LinearState['worth']>): (features: Features) => Worth {
  const rows = heads.map(({ level, weights }) => ({ level, dense: denseOf(weights) }));
  return (features) => {
    const own = rows.map(({ level, dense }) => level + dotOf(dense, features));
    if (form === 'normal') return { mean: own[0]!, deviation: Math.exp(own[1]!) };
    const shares = atomShares(own);
    return worthOfAtoms(ATOMS.map((value, k) => ({ value, share: shares[k]! })));
  };
}

/** A model from its state. */
export function linearFromState(state: LinearState): LinearRewardModel {
  const { worth, normaliser, seen, order } = state;
  const worthOf = worth === undefined ? undefined : worthsFrom(worth);
  const dense = worth === undefined ? denseOf(state.weights) : undefined;
  const rewardOf = (features: Features) => (dense === undefined ? worthOf!(features).mean : dotOf(dense, features));
  const heldFeatures = (reply: string) => holdToRange(featuresOf(reply, order), seen);
  const scoreNow = (replies: readonly string[]) =>
    replies.map((reply) => normalise(normaliser, rewardOf(heldFeatures(reply))));
  const scoreOf = (reply: string): Score => {
    const features = heldFeatures(reply);
    if (worthOf === undefined) return { mean: normalise(normaliser, rewardOf(features)) };
    const people = worthInUnits(worthOf(features), normaliser);
    return { mean: people.mean, spread: people.deviation, people };
  };
  return {
    id: 'linear',
    family: 'linear',
    logOdds: normaliser.scale,
    state,
    scoreNow,
    nuisances: new Map(state.nuisances),
    // The beginning of a reply is outside the range of replies, and was fitted as it is.
    values: async (candidates) =>
      candidates.map(({ reply, unfinished }) =>
        rewardOf(unfinished === true ? featuresOf(reply, order) : heldFeatures(reply)),
      ),
    score: async (_prompt, replies): Promise<Score[]> => replies.map(scoreOf),
    dispose: async () => {},
  };
}

/** A worth in log-odds on the scale of scores. */
const worthInUnits = ({ mean, deviation, atoms }: Worth, normaliser: Normaliser): Worth => ({
  mean: normalise(normaliser, mean),
  deviation: deviation / normaliser.scale,
  ...(atoms !== undefined && { atoms: atoms.map((own) => ({ ...own, value: normalise(normaliser, own.value) })) }),
});
