import type { Engine, ModelSpec, TrainableModel } from '../engine/index.ts';
import type { Checkpoints } from '../engine/node.ts';
import type { PreferencePair } from '../feedback/index.ts';
import { ignoreProgress, type Progress } from '../run/index.ts';
import { createRng } from '../stats/index.ts';
import type { DialogueCodec } from '../text/index.ts';
import { comparisonLoss } from './likelihood/index.ts';
import { fitNormaliser, IDENTITY, type Normaliser, normalise } from './normaliser.ts';
import type { RewardModel } from './reward-model.ts';

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
  readonly reference?: readonly { prompt: string; replies: readonly string[] }[];
  readonly progress?: Progress;
  readonly stage?: string;
  /** Where training stands now and then, so that one that was killed goes on; by default nowhere. */
  readonly checkpoints?: Checkpoints<never>;
}

/** Steps between checkpoints. */
const CHECKPOINT_EVERY = 50;

export interface TransformerRewardModel extends RewardModel {
  readonly family: 'transformer';
  readonly model: TrainableModel;
  readonly normaliser: Normaliser;
}

/** Scores by the scalar head at the last token of prompt and reply (its eos, in training and in use alike). */
export async function transformerReward(
  model: TrainableModel,
  codec: DialogueCodec,
  normaliser: Normaliser,
): Promise<TransformerRewardModel> {
  const sampler = await model.sampler({ retain: true });
  return {
    id: model.id,
    family: 'transformer',
    model,
    normaliser,
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

/** Judgments of one item as one comparison with a soft target: the same likelihood, once through the network. */
function poolByItem(pairs: readonly PreferencePair[]): PreferencePair[] {
  const items = new Map<string, PreferencePair>();
  for (const pair of pairs) {
    const sofar = items.get(pair.itemId);
    const weight = pair.weight + (sofar?.weight ?? 0);
    const target = (pair.weight * pair.target + (sofar?.weight ?? 0) * (sofar?.target ?? 0)) / weight;
    items.set(pair.itemId, { ...pair, weight, target });
  }
  return [...items.values()];
}

/**
 * Fits a scalar head on a transformer by Bradley–Terry: chosen and rejected in one batch, mean loss per judgment, the
 * learning rate falling linearly to zero. The normaliser is fitted afterwards on reference replies.
 */
export async function fitTransformerReward(
  engine: Engine,
  pairs: readonly PreferencePair[],
  options: TransformerOptions,
): Promise<TransformerRewardModel> {
  const { codec, epochs, batch, learningRate, seed, progress = ignoreProgress, stage = 'reward' } = options;
  const spec = { ...options.spec, scalarHead: true, seed };
  const model = await engine.createModel(spec, options.from === undefined ? {} : { from: options.from });
  const rows = poolByItem(pairs);
  const perEpoch = Math.ceil(rows.length / batch);
  const total = epochs * perEpoch;
  const from = (await options.checkpoints?.resume(model))?.step ?? 0;
  for (let step = from; step < total; step++) {
    const order = createRng(seed)
      .fork(`epoch/${Math.floor(step / perEpoch)}`)
      .shuffle(rows);
    const at = (step % perEpoch) * batch;
    const chosen = order.slice(at, at + batch);
    const judgments = chosen.reduce((sum, pair) => sum + pair.weight, 0);
    const sequences = chosen.flatMap((pair) => [
      codec.encodeDialogue(pair.prompt, pair.first),
      codec.encodeDialogue(pair.prompt, pair.second),
    ]);
    const { loss } = await model.forwardBackwardScalar(sequences, (scalars) => {
      const gradient = new Float32Array(scalars.length);
      let sum = 0;
      for (const [i, pair] of chosen.entries()) {
        const term = comparisonLoss(scalars[2 * i]! - scalars[2 * i + 1]!, pair.target, pair.weight / judgments);
        sum += term.loss;
        gradient[2 * i] = term.slope;
        gradient[2 * i + 1] = -term.slope;
      }
      return { loss: sum, gradient };
    });
    await model.optimStep({ learningRate: learningRate * (1 - step / total), gradClipNorm: 1 });
    progress({ stage, done: step + 1, total, unit: 'steps', metrics: { loss } });
    if ((step + 1) % CHECKPOINT_EVERY === 0) await options.checkpoints?.save(model, step + 1);
  }
  const raw = await transformerReward(model, codec, IDENTITY);
  if (options.reference === undefined) return raw;
  const groups: number[][] = [];
  for (const { prompt, replies } of options.reference)
    groups.push((await raw.score(prompt, replies)).map((s) => s.mean));
  return transformerReward(model, codec, fitNormaliser(groups));
}
