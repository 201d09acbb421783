import type { PreferencePair } from '../feedback/index.ts';
import { standardDeviation } from '../stats/index.ts';
import { extractFeatures, FEATURES, type Features, HASHED } from './features.ts';
import { minimise } from './lbfgs.ts';
import { comparisonLoss } from './likelihood/index.ts';
import { fitNormaliser, IDENTITY, type Normaliser, normalise } from './normaliser.ts';
import type { RewardModel, Score } from './reward-model.ts';

export interface LinearOptions {
  /** Strength of the L2 penalty on every weight. */
  readonly ridge: number;
  /** Estimate a first-shown bonus as a nuisance. */
  readonly position?: boolean;
  /** Replies by prompt on which the scores are normalised. */
  readonly reference?: readonly { prompt: string; replies: readonly string[] }[];
  readonly iterations?: number;
  /** Longest word n-gram among the features; 2 by default. */
  readonly order?: number;
}

/** Everything of a fitted linear reward model, as plain JSON. */
export interface LinearState {
  readonly kind: 'linear';
  readonly order: number;
  readonly weights: readonly (readonly [index: number, weight: number])[];
  /** Log-odds bonus of standing first; not part of the reward. */
  readonly position: number;
  readonly normaliser: Normaliser;
}

export interface LinearRewardModel extends RewardModel {
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

/** Votes on one comparison, pooled: same first and second, same place. */
interface Pooled {
  readonly first: Features;
  readonly second: Features;
  readonly shown: number;
  weight: number;
  preferred: number;
}

function pool(pairs: readonly PreferencePair[], order: number): Pooled[] {
  const rows = new Map<string, Pooled>();
  for (const pair of pairs) {
    const shown = pair.firstShownFirst === null ? 0 : pair.firstShownFirst ? 1 : -1;
    const key = `${pair.itemId}/${shown}`;
    let row = rows.get(key);
    if (row === undefined) {
      row = {
        first: featuresOf(pair.first, order),
        second: featuresOf(pair.second, order),
        shown,
        weight: 0,
        preferred: 0,
      };
      rows.set(key, row);
    }
    row.weight += pair.weight;
    row.preferred += pair.weight * pair.target;
  }
  return [...rows.values()];
}

/**
 * One over the deviation of each surface measure on the training texts, so that one penalty fits them all; zero for a
 * measure that never varied there, about which nothing was learned. N-grams keep their scale.
 */
function featureScales(rows: readonly Pooled[]): Float64Array {
  const scales = new Float64Array(FEATURES).fill(1);
  const dense = Array.from({ length: FEATURES - HASHED }, (_, k) =>
    rows.flatMap(({ first, second }) =>
      [first, second].map(({ values, indices }) => values[indices.length - (FEATURES - HASHED) + k]!),
    ),
  );
  for (const [k, values] of dense.entries()) {
    const deviation = standardDeviation(values);
    scales[HASHED + k] = deviation > 1e-9 ? 1 / deviation : 0;
  }
  return scales;
}

/** A linear reward on hashed n-grams and surface measures, fitted by penalised logistic regression on differences. */
export function fitLinearReward(pairs: readonly PreferencePair[], options: LinearOptions): LinearRewardModel {
  const { order = 2 } = options;
  const rows = pool(pairs, order);
  const scales = featureScales(rows);
  const at = FEATURES;
  const total = rows.reduce((sum, row) => sum + row.weight, 0);
  const objective = (w: Float64Array, gradient: Float64Array): number => {
    let value = 0;
    for (const { first, second, shown, weight, preferred } of rows) {
      let difference = options.position === true ? w[at]! * shown : 0;
      for (let i = 0; i < first.indices.length; i++)
        difference += w[first.indices[i]!]! * first.values[i]! * scales[first.indices[i]!]!;
      for (let i = 0; i < second.indices.length; i++)
        difference -= w[second.indices[i]!]! * second.values[i]! * scales[second.indices[i]!]!;
      const { loss, slope } = comparisonLoss(difference, preferred / weight, weight);
      value += loss;
      for (let i = 0; i < first.indices.length; i++)
        gradient[first.indices[i]!]! += slope * first.values[i]! * scales[first.indices[i]!]!;
      for (let i = 0; i < second.indices.length; i++)
        gradient[second.indices[i]!]! -= slope * second.values[i]! * scales[second.indices[i]!]!;
      if (options.position === true) gradient[at]! += slope * shown;
    }
    for (let i = 0; i < FEATURES; i++) {
      value += (options.ridge / 2) * w[i]! ** 2;
      gradient[i]! += options.ridge * w[i]!;
    }
    for (let i = 0; i < gradient.length; i++) gradient[i]! /= total;
    return value / total;
  };
  const { iterations = 60 } = options;
  const w = minimise(objective, new Float64Array(FEATURES + 1), { iterations, tolerance: 1e-6 });
  const weights: [number, number][] = [];
  for (let i = 0; i < FEATURES; i++) if (w[i] !== 0) weights.push([i, w[i]! * scales[i]!]);
  const raw = linearFromState({ kind: 'linear', order, weights, position: w[at]!, normaliser: IDENTITY });
  const normaliser =
    options.reference === undefined
      ? IDENTITY
      : fitNormaliser(options.reference.map(({ replies }) => raw.scoreNow(replies)));
  return linearFromState({ ...raw.state, normaliser });
}

/** A model from its state. */
export function linearFromState(state: LinearState): LinearRewardModel {
  const dense = new Float64Array(FEATURES);
  for (const [index, weight] of state.weights) dense[index] = weight;
  const scoreNow = (replies: readonly string[]) =>
    replies.map((reply) => {
      const { indices, values } = featuresOf(reply, state.order);
      let sum = 0;
      for (let i = 0; i < indices.length; i++) sum += dense[indices[i]!]! * values[i]!;
      return normalise(state.normaliser, sum);
    });
  return {
    id: 'linear',
    family: 'linear',
    state,
    scoreNow,
    score: async (_prompt, replies): Promise<Score[]> => scoreNow(replies).map((value) => ({ mean: value })),
    dispose: async () => {},
  };
}
