import type { Engine, ModelSpec, Sampler, TrainableModel } from '../engine/index.ts';
import { answeredOnce, coalesced, type SequenceCall } from './coalesced.ts';

/** The model that rewards are relative to, shared by all members of an ensemble. */
export interface Reference {
  readonly model: TrainableModel;
  readonly sampler: Sampler;
  /** Log-probabilities of sequences. Members ask the same, one after the other: it is computed for the first. */
  readonly logprobs: SequenceCall<Float32Array>;
}

/** A model with a snapshot that stays, from a description and a saved state. */
export async function openReference(engine: Engine, spec: ModelSpec, folder: string): Promise<Reference> {
  const model = await engine.createModel(spec, { from: folder });
  const sampler = await model.sampler({ retain: true });
  return { model, sampler, logprobs: coalesced(answeredOnce((sequences) => sampler.logprobs(sequences))) };
}

export async function closeReference({ model, sampler }: Reference): Promise<void> {
  await sampler.dispose();
  await model.dispose();
}
