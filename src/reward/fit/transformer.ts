import type { Engine, ModelSpec, TrainableModel } from '../../engine/index.ts';
import type { DialogueCodec } from '../../text/index.ts';
import { coalesced } from '../coalesced.ts';
import { IDENTITY, type Normaliser, normalise } from '../normaliser.ts';
import type { Candidate, Observation } from '../observation.ts';
import type { FittedReward } from '../reward-model.ts';
import { sequenceOf } from '../sequence.ts';
import { type NetworkOptions, normalisedOn, trainNetwork } from './network.ts';

export interface TransformerOptions extends NetworkOptions {
  readonly spec: ModelSpec;
  /** A saved language model to start from (training-details: from the supervised model, not from nothing). */
  readonly from?: string;
  readonly codec: DialogueCodec;
}

export interface TransformerRewardModel extends FittedReward {
  readonly family: 'transformer';
  readonly model: TrainableModel;
  readonly normaliser: Normaliser;
}

/** What a score needs beside the network. */
export interface TransformerParts {
  readonly codec: DialogueCodec;
  readonly normaliser: Normaliser;
  readonly nuisances: ReadonlyMap<string, number>;
}

/** Scores by the scalar head at the last token of prompt and reply (its eos, in training and in use alike). */
export async function transformerReward(
  model: TrainableModel,
  { codec, normaliser, nuisances }: TransformerParts,
): Promise<TransformerRewardModel> {
  const sampler = await model.sampler({ retain: true });
  const scalars = coalesced((sequences) => sampler.scalars(sequences));
  const values = async (candidates: readonly Candidate[]) => {
    const rows = await scalars(candidates.map((candidate) => sequenceOf(codec, candidate).tokens));
    return rows.map((row) => row.at(-1)!);
  };
  return {
    id: model.id,
    family: 'transformer',
    logOdds: normaliser.scale,
    model,
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

/**
 * Fits a scalar head on a transformer to answers of any kinds (Ziegler et al. 2019). The normaliser is fitted afterwards on
 * reference replies.
 */
export async function fitTransformerReward(
  engine: Engine,
  observations: readonly Observation[],
  { codec, from, ...options }: TransformerOptions,
): Promise<TransformerRewardModel> {
  const spec = { ...options.spec, scalarHead: true, seed: options.seed };
  const model = await engine.createModel(spec, from === undefined ? {} : { from });
  const nuisances = await trainNetwork(
    model,
    async (candidates, lossOf) => {
      const sequences = candidates.map((candidate) => sequenceOf(codec, candidate).tokens);
      const { loss } = await model.forwardBackwardScalar(sequences, (scalars) => {
        const { loss: value, slopes } = lossOf(Float64Array.from(scalars));
        return { loss: value, gradient: Float32Array.from(slopes) };
      });
      return loss;
    },
    { observations, options },
  );
  const raw = await transformerReward(model, { codec, nuisances, normaliser: IDENTITY });
  return normalisedOn(options.reference, raw);
}
