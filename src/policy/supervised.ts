import type { Datum, TrainableModel } from '../engine/index.ts';
import { createRng } from '../stats/index.ts';
import type { Codec, StepRecord } from './algorithm.ts';
import { learningRateAt } from './schedules.ts';

export interface SupervisedConfig {
  readonly steps: number;
  readonly batch: number;
  readonly learningRate: number;
  readonly seed: number;
  /** Also learn to predict the prompt: pretraining on whole dialogues. */
  readonly onPrompt?: boolean;
  readonly fromStep?: number;
}

/** A dialogue as a datum: shifted by one, weights 1/total on the tokens that are learned. */
export function dialogueDatum(codec: Codec, prompt: string, reply: string, onPrompt: boolean): Datum {
  const promptIds = codec.encodePrompt(prompt);
  const ids = Int32Array.from([...promptIds, ...codec.encodeReply(reply)]);
  const weights = new Float32Array(ids.length - 1).fill(1);
  if (!onPrompt) weights.fill(0, 0, promptIds.length - 1);
  return { tokens: ids.slice(0, -1), targets: ids.slice(1), weights };
}

/** Learning rate at a step: linear warm-up over a twentieth, then cosine to a tenth. */
const scheduled = (step: number, steps: number, peak: number): number =>
  learningRateAt('cosine', step, { peak, steps, warmup: Math.max(1, Math.floor(steps / 20)), floor: 0.1 });

/**
 * Supervised learning: mean negative log-likelihood per learned token of the batch. Batches follow from the seed and the
 * step alone, so a resumed run sees the same ones.
 */
export async function* supervised(
  context: {
    readonly model: TrainableModel;
    readonly codec: Codec;
    readonly examples: readonly { prompt: string; reply: string }[];
  },
  config: SupervisedConfig,
): AsyncGenerator<StepRecord> {
  const { model, codec, examples } = context;
  const perEpoch = Math.max(1, Math.floor(examples.length / config.batch));
  let epoch = -1;
  let order: { prompt: string; reply: string }[] = [];
  for (let step = config.fromStep ?? 0; step < config.steps; step++) {
    if (Math.floor(step / perEpoch) !== epoch) {
      epoch = Math.floor(step / perEpoch);
      order = createRng(config.seed).fork(`epoch/${epoch}`).shuffle(examples);
    }
    const at = (step % perEpoch) * config.batch;
    const data = order
      .slice(at, at + config.batch)
      .map(({ prompt, reply }) => dialogueDatum(codec, prompt, reply, config.onPrompt === true));
    const learned = data.reduce((sum, d) => sum + d.weights!.reduce((a, b) => a + b, 0), 0);
    const scaled = data.map((d) => ({ ...d, weights: d.weights!.map((w) => w / learned) }));
    const { loss } = await model.forwardBackward(scaled, 'cross_entropy');
    const learningRate = scheduled(step, config.steps, config.learningRate);
    const { gradNorm } = await model.optimStep({ learningRate, gradClipNorm: 1, weightDecay: 0.01 });
    yield { step: step + 1, metrics: { loss, grad_norm: gradNorm, lr: learningRate } };
  }
}
