import type { Datum, Engine, ModelSpec, TrainableModel } from '../../engine/index.ts';
import type { DialogueCodec } from '../../text/index.ts';
import { coalesced } from '../coalesced.ts';
import { IDENTITY, type Normaliser, normalise } from '../normaliser.ts';
import { type Candidate, candidateKey, type Observation } from '../observation.ts';
import type { Reference } from '../reference.ts';
import type { FittedReward } from '../reward-model.ts';
import { sequenceOf } from '../sequence.ts';
import { type NetworkOptions, normalisedOn, trainNetwork } from './network.ts';

export interface LogRatioOptions extends NetworkOptions {
  readonly spec: ModelSpec;
  /** The saved language model to start from, which is the reference as well. */
  readonly from: string;
  readonly codec: DialogueCodec;
  /** Log-odds of a nat of log-ratio. */
  readonly beta: number;
  readonly relativeTo: Reference;
}

export interface LogRatioRewardModel extends FittedReward {
  readonly family: 'log-ratio';
  readonly model: TrainableModel;
  readonly relativeTo: Reference;
  readonly beta: number;
  readonly normaliser: Normaliser;
}

/** What a score needs beside the network. */
export type LogRatioParts = Pick<LogRatioRewardModel, 'relativeTo' | 'beta' | 'normaliser' | 'nuisances'> & {
  readonly codec: DialogueCodec;
};

/** A reply after its prompt, as the engine reads it, and where its first log-probability stands. */
function datumOf(codec: DialogueCodec, candidate: Candidate) {
  const { tokens: sequence, start: after } = sequenceOf(codec, candidate);
  const start = after - 1;
  const weights = new Float32Array(sequence.length - 1).fill(1, start);
  const datum: Datum = { tokens: sequence.slice(0, -1), targets: sequence.slice(1), weights };
  return { sequence, datum, start };
}

/** Log-probability of the reply: the sum from its first token on. */
const sumFrom = (logprobs: Float32Array, start: number): number => {
  let sum = 0;
  for (let t = start; t < logprobs.length; t++) sum += logprobs[t]!;
  return sum;
};

/** Scores by how much likelier a reply became than it is under the reference. */
export async function logRatioReward(
  model: TrainableModel,
  { codec, relativeTo, beta, normaliser, nuisances }: LogRatioParts,
): Promise<LogRatioRewardModel> {
  const sampler = await model.sampler({ retain: true });
  const logprobs = coalesced((sequences) => sampler.logprobs(sequences));
  const values = async (candidates: readonly Candidate[]) => {
    const rows = candidates.map((candidate) => datumOf(codec, candidate));
    const sequences = rows.map(({ sequence }) => sequence);
    const own = await logprobs(sequences);
    const base = await relativeTo.logprobs(sequences);
    return rows.map(({ start }, i) => beta * (sumFrom(own[i]!, start) - sumFrom(base[i]!, start)));
  };
  return {
    id: model.id,
    family: 'log-ratio',
    logOdds: normaliser.scale,
    model,
    relativeTo,
    beta,
    normaliser,
    nuisances,
    values,
    score: async (prompt, replies) =>
      (await values(replies.map((reply) => ({ prompt, reply })))).map((value) => ({
        mean: normalise(normaliser, value),
      })),
    async dispose() {
      await sampler.dispose();
      await model.dispose();
    },
  };
}

/** Log-probability under the reference of every candidate, once. */
async function referenceLogprobs(
  { sampler }: Reference,
  observations: readonly Observation[],
  codec: DialogueCodec,
): Promise<Map<string, number>> {
  const texts = new Map<string, Candidate>();
  for (const { candidates } of observations)
    for (const candidate of candidates) texts.set(candidateKey(candidate), candidate);
  const rows = [...texts].map(([key, candidate]) => ({ key, ...datumOf(codec, candidate) }));
  const logprobs = await sampler.logprobs(rows.map(({ sequence }) => sequence));
  return new Map(rows.map(({ key, start }, i) => [key, sumFrom(logprobs[i]!, start)]));
}

/**
 * Fits a language model so that β·log(π_φ(reply) / π_base(reply)) is the reward that explains the answers (Rafailov et al. 2023,
 * Eq. 5; there the policy itself, here a reward like any other). What the base model knows about replies is in its
 * log-probabilities already: such a reward starts from it, where a scalar head has to find it again.
 */
export async function fitLogRatioReward(
  engine: Engine,
  observations: readonly Observation[],
  { codec, from, beta, relativeTo, ...options }: LogRatioOptions,
): Promise<LogRatioRewardModel> {
  const model = await engine.createModel({ ...options.spec, seed: options.seed }, { from });
  const before = await referenceLogprobs(relativeTo, observations, codec);
  const nuisances = await trainNetwork(
    model,
    async (candidates, lossOf) => {
      const rows = candidates.map((candidate) => ({
        base: before.get(candidateKey(candidate))!,
        ...datumOf(codec, candidate),
      }));
      const { loss } = await model.forwardBackwardCustom(
        rows.map(({ datum }) => datum),
        (logprobs) => {
          const rewards = Float64Array.from(rows, ({ base, start }, i) => beta * (sumFrom(logprobs[i]!, start) - base));
          const { loss: value, slopes } = lossOf(rewards);
          const gradients = rows.map(({ start }, i) =>
            new Float32Array(logprobs[i]!.length).fill(beta * slopes[i]!, start),
          );
          return { loss: value, gradients };
        },
      );
      return loss;
    },
    { observations, options },
  );
  const parts = { codec, relativeTo, beta, nuisances };
  const raw = await logRatioReward(model, { ...parts, normaliser: IDENTITY });
  return normalisedOn(options.reference, raw);
}
