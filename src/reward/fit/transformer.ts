import type { Engine, ModelSpec, TrainableModel } from '../../engine/index.ts';
import type { Checkpoints } from '../../engine/node.ts';
import { ignoreProgress, type Progress } from '../../run/index.ts';
import { createRng } from '../../stats/index.ts';
import type { DialogueCodec } from '../../text/index.ts';
import { fitNormaliser, IDENTITY, type Normaliser, normalise } from '../normaliser.ts';
import type { Observation } from '../observation.ts';
import type { ReferenceReplies, RewardModel } from '../reward-model.ts';
import { type NuisanceState, NuisanceSteps } from './nuisance-steps.ts';
import { indexCandidates, nuisancesOf, refuseNothing, sumTerms } from './objective.ts';

export interface TransformerOptions {
  readonly spec: ModelSpec;
  /** A saved language model to start from (training-details: from the supervised model, not from nothing). */
  readonly from?: string;
  readonly codec: DialogueCodec;
  readonly epochs: number;
  /** Items per optimiser step. */
  readonly batch: number;
  readonly learningRate: number;
  readonly seed: number;
  /** Estimate a first-shown bonus as a nuisance. */
  readonly position?: boolean;
  readonly reference?: ReferenceReplies;
  readonly progress?: Progress;
  readonly stage?: string;
  /** Where training stands now and then, so that one that was killed goes on; by default nowhere. */
  readonly checkpoints?: Checkpoints<NuisanceState>;
}

/** Steps between checkpoints. */
const CHECKPOINT_EVERY = 50;
/** Peak rate of the nuisances: log-odds a step, so that a bonus of 1 is found within an epoch of some dozen steps. */
const NUISANCE_RATE = 0.03;

export interface TransformerRewardModel extends RewardModel {
  readonly family: 'transformer';
  readonly model: TrainableModel;
  readonly normaliser: Normaliser;
  /** What explains answers beside the reward and is no part of it. */
  readonly nuisances: ReadonlyMap<string, number>;
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
  return {
    id: model.id,
    family: 'transformer',
    logOdds: normaliser.scale,
    model,
    normaliser,
    nuisances,
    async score(prompt, replies) {
      const sequences = replies.map((reply) => codec.encodeDialogue(prompt, reply));
      const rows = await sampler.scalars(sequences);
      return rows.map((row) => ({ mean: normalise(normaliser, row.at(-1)!) }));
    },
    async dispose() {
      await sampler.dispose();
      await model.dispose();
    },
  };
}

/** All observations of each item, so that a text judged by many goes through the network once a step. */
function byItem(observations: readonly Observation[]): Observation[][] {
  const items = new Map<string, Observation[]>();
  for (const observation of observations) {
    const own = items.get(observation.itemId);
    if (own === undefined) items.set(observation.itemId, [observation]);
    else own.push(observation);
  }
  return [...items.values()];
}

/** One step on some items: mean loss per judgment, gradients by the rewards for the network and by name for the nuisances. */
async function fitStep(
  model: TrainableModel,
  items: readonly (readonly Observation[])[],
  { codec, nuisances }: { codec: DialogueCodec; nuisances: ReadonlyMap<string, number> },
): Promise<{ loss: number; slopes: Map<string, number> }> {
  const observations = items.flat();
  const judgments = observations.reduce((sum, { weight }) => sum + weight, 0);
  const { candidates, indexed } = indexCandidates(observations);
  const sequences = candidates.map(({ prompt, reply }) => codec.encodeDialogue(prompt, reply));
  const slopes = new Map<string, number>();
  const { loss } = await model.forwardBackwardScalar(sequences, (scalars) => {
    const gradient = new Float64Array(scalars.length);
    const total = sumTerms(indexed, scalars, nuisances, ({ dRewards, dNuisances }, at) => {
      for (const [k, place] of at.entries()) gradient[place]! += dRewards[k]! / judgments;
      for (const [name, slope] of dNuisances) slopes.set(name, (slopes.get(name) ?? 0) + slope / judgments);
    });
    return { loss: total / judgments, gradient: Float32Array.from(gradient) };
  });
  return { loss, slopes };
}

/**
 * Fits a scalar head on a transformer to answers of any kinds: all candidates of an item in one batch, mean loss per judgment, the
 * learning rate falling linearly to zero. The normaliser is fitted afterwards on reference replies.
 */
export async function fitTransformerReward(
  engine: Engine,
  observations: readonly Observation[],
  options: TransformerOptions,
): Promise<TransformerRewardModel> {
  const { codec, epochs, batch, learningRate, seed, progress = ignoreProgress, stage = 'reward' } = options;
  refuseNothing(observations);
  const used = observations.filter(({ weight }) => weight > 0);
  const items = byItem(used);
  const spec = { ...options.spec, scalarHead: true, seed };
  const model = await engine.createModel(spec, options.from === undefined ? {} : { from: options.from });
  const all = used.reduce((sum, { weight }) => sum + weight, 0);
  const perEpoch = Math.ceil(items.length / batch);
  const total = epochs * perEpoch;
  const resumed = await options.checkpoints?.resume(model);
  const nuisances = new NuisanceSteps(nuisancesOf(used, { position: options.position ?? false }), resumed?.state);
  for (let step = resumed?.step ?? 0; step < total; step++) {
    const order = createRng(seed)
      .fork(`epoch/${Math.floor(step / perEpoch)}`)
      .shuffle(items);
    const at = (step % perEpoch) * batch;
    const { loss, slopes } = await fitStep(model, order.slice(at, at + batch), { codec, nuisances: nuisances.values });
    const falling = 1 - step / total;
    await model.optimStep({ learningRate: learningRate * falling, gradClipNorm: 1 });
    nuisances.step(slopes, { rate: NUISANCE_RATE * falling, priorShare: 1 / all });
    progress({ stage, done: step + 1, total, unit: 'steps', metrics: { loss } });
    if ((step + 1) % CHECKPOINT_EVERY === 0) await options.checkpoints?.save(model, step + 1, nuisances.state);
  }
  const parts = { codec, nuisances: nuisances.values };
  const raw = await transformerReward(model, { ...parts, normaliser: IDENTITY });
  if (options.reference === undefined) return raw;
  const groups: number[][] = [];
  for (const { prompt, replies } of options.reference)
    groups.push((await raw.score(prompt, replies)).map((s) => s.mean));
  const normaliser = fitNormaliser(groups);
  return {
    ...raw,
    normaliser,
    logOdds: normaliser.scale,
    score: async (prompt, replies) =>
      (await raw.score(prompt, replies)).map((score) => ({ mean: normalise(normaliser, score.mean) })),
  };
}
