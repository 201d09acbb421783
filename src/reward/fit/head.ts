import { z } from 'zod';
import type { Sampler } from '../../engine/index.ts';
import { UsageError } from '../../run/index.ts';
import { cholesky, dot, lowerSolve, minimise, type Objective } from '../../stats/index.ts';
import type { DialogueCodec } from '../../text/index.ts';
import { fitNormaliser, IDENTITY, type Normaliser, normaliserSchema } from '../normaliser.ts';
import { type Candidate, candidateKey, type Observation } from '../observation.ts';
import type { Refits } from '../people/fit-people.ts';
import type { Reference } from '../reference.ts';
import type { FittedReward, ReferenceReplies, Score } from '../reward-model.ts';
import { sequenceOf } from '../sequence.ts';
import { linearObjective, observedInformation, refuseNothing } from './objective.ts';

export interface HeadOptions {
  /** Strength of the L2 penalty on every weight, of features of deviation 1. */
  readonly ridge: number;
  /** The frozen language model whose hidden states are the features. */
  readonly relativeTo: Reference;
  readonly codec: DialogueCodec;
  readonly position?: boolean;
  readonly reference?: ReferenceReplies;
}

const base64 = z.base64();

/** Everything of a fitted head beside the language model, as plain JSON; arrays of float64 as base64. */
export const headStateSchema = z.strictObject({
  /** What of the language model is read: hidden states of the reply, and these weighted by log-probabilities. */
  features: z.literal('states and log-probabilities'),
  weights: base64,
  /** Mean and 1/deviation of each feature. */
  centre: base64,
  scale: base64,
  /** Lower Cholesky factor of the posterior's precision, row by row without the zeros. */
  precision: base64,
  normaliser: normaliserSchema,
  nuisances: z.array(z.tuple([z.string(), z.number()])),
});
export type HeadState = Readonly<z.infer<typeof headStateSchema>>;

export interface HeadRewardModel extends FittedReward {
  readonly family: 'head';
  readonly relativeTo: Reference;
  readonly state: HeadState;
}

const packed = (values: Float64Array): string =>
  Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64');
const unpacked = (text: string): Float64Array => {
  const bytes = Buffer.from(text, 'base64');
  return Float64Array.from({ length: bytes.length / 8 }, (_, i) => bytes.readDoubleLE(8 * i));
};

/** Sequences whose hidden states are held at once: those of a long text are many. */
const AT_ONCE = 64;

/** Of the hidden states of a reply: its last, their mean, and twice their sum weighted by log-probabilities. */
const PARTS = 4;

/**
 * Features of texts: the hidden state at the last token of the reply, the mean over the reply's tokens, and two sums over the
 * reply of each token's log-probability times a hidden state, of the token before it and of its own. The sums let a head read how
 * likely the language model finds what is said, place by place: a value that it holds for true, a turn of style that it expects.
 * No state behind a token tells that in a linear way: what was expected there stands one token earlier.
 */
async function featuresOf(
  sampler: Sampler,
  codec: DialogueCodec,
  candidates: readonly Candidate[],
): Promise<Float64Array[]> {
  const found: Float64Array[] = [];
  for (let from = 0; from < candidates.length; from += AT_ONCE) {
    // Without the end mark, behind which a language model was never asked for anything.
    const rows = candidates.slice(from, from + AT_ONCE).map((own) => sequenceOf(codec, { ...own, unfinished: true }));
    const sequences = rows.map(({ tokens }) => tokens);
    const hidden = await sampler.hidden!(sequences);
    const logprobs = await sampler.logprobs(sequences);
    for (const [i, { start }] of rows.entries()) found.push(replyFeatures(hidden[i]!, logprobs[i]!, start));
  }
  return found;
}

/** Features of one sequence of N tokens, from N × width hidden states and N − 1 log-probabilities; the reply begins at `start`. */
function replyFeatures(states: Float32Array, logprobs: Float32Array, start: number): Float64Array {
  const tokens = logprobs.length + 1;
  const width = states.length / tokens;
  const features = new Float64Array(PARTS * width);
  // A reply of nothing is what its prompt ends on.
  const first = Math.min(start, tokens - 1);
  for (let k = 0; k < width; k++) {
    features[k] = states[(tokens - 1) * width + k]!;
    for (let t = first; t < tokens; t++) features[width + k]! += states[t * width + k]! / (tokens - first);
    for (let t = Math.max(1, start); t < tokens; t++) {
      features[2 * width + k]! += logprobs[t - 1]! * states[(t - 1) * width + k]!;
      features[3 * width + k]! += logprobs[t - 1]! * states[t * width + k]!;
    }
  }
  return features;
}

/** Mean and 1/deviation of each feature; 0 for one that does not vary. */
function standardised(features: readonly Float64Array[]): { centre: Float64Array; scale: Float64Array } {
  const size = features[0]!.length;
  const [centre, scale] = [new Float64Array(size), new Float64Array(size)];
  for (const row of features) for (let k = 0; k < size; k++) centre[k]! += row[k]! / features.length;
  for (const row of features) for (let k = 0; k < size; k++) scale[k]! += (row[k]! - centre[k]!) ** 2 / features.length;
  for (let k = 0; k < size; k++) scale[k] = scale[k]! > 1e-18 ? 1 / Math.sqrt(scale[k]!) : 0;
  return { centre, scale };
}

const lowerTriangle = (factor: Float64Array, size: number): Float64Array => {
  const rows = new Float64Array((size * (size + 1)) / 2);
  for (let i = 0, at = 0; i < size; i++) for (let j = 0; j <= i; j++) rows[at++] = factor[i * size + j]!;
  return rows;
};

/** A point whose first `size` numbers are Lᵀw, as w: the rest stays. */
function along(lower: Float64Array, size: number, point: Float64Array): Float64Array {
  const w = point.slice();
  for (let i = size - 1; i >= 0; i--) {
    w[i]! /= lower[i * size + i]!;
    const own = w[i]!;
    for (let j = 0; j < i; j++) w[j]! -= lower[i * size + j]! * own;
  }
  return w;
}

/** An objective of w as one of Lᵀw in its first `size` numbers, L lower triangular (row-major). */
function alongAxes(objective: Objective, lower: Float64Array, size: number): Objective {
  return (point, gradient) => {
    const value = objective(along(lower, size, point), gradient);
    for (let i = 0; i < size; i++) {
      let sum = gradient[i]!;
      for (let j = 0; j < i; j++) sum -= lower[i * size + j]! * gradient[j]!;
      gradient[i] = sum / lower[i * size + i]!;
    }
    return value;
  };
}

/** Refuses an engine that shows no hidden states, by name. */
function requireHidden({ model, sampler }: Reference): void {
  if (sampler.hidden === undefined)
    throw new UsageError(
      'reward.family',
      `reward.family head: expected an engine that shows hidden states, got that of ${model.id}, which shows none; choose transformer, log-ratio or linear, or another engine.reward`,
    );
}

/**
 * Fits a linear head on frozen features of a language model to answers of any kinds, and its posterior by Laplace's approximation
 * around the optimum, the nuisances held at it (last-layer Laplace, Daxberger et al. 2021): what the answers leave open is the
 * spread of a score.
 */
export async function fitHeadReward(
  observations: readonly Observation[],
  options: HeadOptions,
): Promise<HeadRewardModel> {
  const { relativeTo, codec, reference = [] } = options;
  const reward = (await headFits(observations, options)).fitReward(observations);
  if (reference.length === 0) return reward;
  const groups: number[][] = [];
  for (const { prompt, replies } of reference)
    groups.push(await reward.values(replies.map((reply) => ({ prompt, reply }))));
  return headFromState({ ...reward.state, normaliser: fitNormaliser(groups) }, { relativeTo, codec });
}

interface HeadFits extends Refits {
  /** A fit from where the one before ended. */
  fitReward(observations: readonly Observation[]): HeadRewardModel;
}

/** Features of what some answers are about, made once, and heads on them, not normalised. */
export async function headFits(
  observations: readonly Observation[],
  { ridge, relativeTo, codec, position = false }: HeadOptions,
): Promise<HeadFits> {
  refuseNothing(observations);
  requireHidden(relativeTo);
  const texts = new Map<string, Candidate>();
  for (const { candidates } of observations) for (const own of candidates) texts.set(candidateKey(own), own);
  const raw = await featuresOf(relativeTo.sampler, codec, [...texts.values()]);
  const { centre, scale } = standardised(raw);
  const size = centre.length;
  const indices = Int32Array.from({ length: size }, (_, k) => k);
  const rows = new Map(
    [...texts.keys()].map((key, c) => [key, raw[c]!.map((value, k) => (value - centre[k]!) * scale[k]!)]),
  );
  const valuesOf = (candidate: Candidate) => rows.get(candidateKey(candidate))!;
  const design = { size, ridge, featuresOf: (candidate: Candidate) => ({ indices, values: valuesOf(candidate) }) };
  const informationAt = (heard: readonly Observation[], weights: Float64Array, named: readonly [string, number][]) => {
    const found = observedInformation(heard, valuesOf, { weights, nuisances: new Map(named) });
    for (let k = 0; k < size; k++) found[k * size + k]! += ridge;
    return found;
  };
  // Hidden states are correlated, and their objective long and narrow: along the axes of its curvature it is nearly round. Those of
  // the first fit serve the ones after it, which begin where it ended.
  let axes: Float64Array | undefined;
  let last: Float64Array | undefined;
  const weightsOf = (heard: readonly Observation[]) => {
    const { objective, start, nuisances } = linearObjective(heard, design.featuresOf, { size, ridge, position });
    const namedAt = (point: Float64Array) => nuisances.map(({ name }, k): [string, number] => [name, point[size + k]!]);
    axes ??= cholesky(informationAt(heard, start.slice(0, size), namedAt(start)), size)!;
    last = minimise(alongAxes(objective, axes, size), last ?? start, { iterations: 300, tolerance: 1e-6 });
    const fitted = along(axes, size, last);
    return { weights: fitted.slice(0, size), named: namedAt(fitted) };
  };
  return {
    turns: 12,
    design,
    fitReward(heard) {
      const { weights, named } = weightsOf(heard);
      const state: HeadState = {
        features: 'states and log-probabilities',
        weights: packed(weights),
        centre: packed(centre),
        scale: packed(scale),
        precision: packed(lowerTriangle(cholesky(informationAt(heard, weights, named), size)!, size)),
        normaliser: IDENTITY,
        nuisances: named,
      };
      return headFromState(state, { relativeTo, codec });
    },
    async fit(heard) {
      const { weights, named } = weightsOf(heard);
      const values = async (candidates: readonly Candidate[]) => candidates.map((own) => dot(valuesOf(own), weights));
      return { nuisances: new Map(named), values };
    },
  };
}

/** A head from its state, on the language model that it was fitted on. */
export function headFromState(
  state: HeadState,
  { relativeTo, codec }: { readonly relativeTo: Reference; readonly codec: DialogueCodec },
): HeadRewardModel {
  requireHidden(relativeTo);
  const [weights, centre, scale, precision] = [state.weights, state.centre, state.scale, state.precision].map(unpacked);
  const normaliser: Normaliser = state.normaliser;
  const standard = async (candidates: readonly Candidate[]) =>
    (await featuresOf(relativeTo.sampler, codec, candidates)).map((row) =>
      row.map((value, k) => (value - centre![k]!) * scale![k]!),
    );
  const rewardOf = (row: Float64Array) => row.reduce((sum, value, k) => sum + value * weights![k]!, 0);
  return {
    id: 'head',
    family: 'head',
    logOdds: normaliser.scale,
    relativeTo,
    state,
    nuisances: new Map(state.nuisances),
    values: async (candidates) => (await standard(candidates)).map(rewardOf),
    async score(prompt, replies): Promise<Score[]> {
      const rows = await standard(replies.map((reply) => ({ prompt, reply })));
      return rows.map((row) => {
        const half = lowerSolve(precision!, row);
        const deviation = Math.sqrt(half.reduce((sum, value) => sum + value * value, 0));
        return { mean: (rewardOf(row) - normaliser.mean) / normaliser.scale, spread: deviation / normaliser.scale };
      });
    },
    dispose: async () => {},
  };
}
