import type {
  AdamParams,
  CustomLoss,
  Datum,
  ForwardOutput,
  LossConfig,
  LossName,
  TrainableModel,
} from '../engine/index.ts';
import { EngineError } from '../run/index.ts';
import type { ImplementationDetail } from './algorithm.ts';

/** How a step on fresh samples is taken. */
export const UPDATE_DETAILS: readonly ImplementationDetail[] = [
  [
    'What a token counts is settled over the whole batch and folded into its weight; losses sum. So `microBatch` changes memory, and no step.',
    'verl: `agg_loss` divides by counts of the global batch',
  ],
  [
    'Before the first step on samples their log-probabilities are computed anew. On the same weights the ratio is 1; where it is off by more than the engine promises, the run stops: sampler and trainer are not one model.',
    'Huang et al. 2022, “The 37 implementation details of PPO”: the ratio is 1 in the first minibatch',
  ],
  [
    'Adam without weight decay; the gradient’s L2 norm over all parameters is cut to `gradClipNorm`. Where nothing can be learned no step is taken, and Adam’s moments stay.',
    'this project; clipping as `torch.nn.utils.clip_grad_norm_`',
  ],
];

/** What a step of the optimiser shows. */
export const UPDATE_METRICS = {
  'sampler/kl':
    'nats a token by which sampler and trainer differ on the same weights: mean of (lp_trainer − lp_sampler)²/2 (k2)',
  'sampler/worst_ratio':
    'largest |ratio − 1| of a token between trainer and sampler; fresh samples would have 0 in exact arithmetic',
  grad_norm: 'L2 norm of the gradient before clipping; 0 when no sample had an advantage',
  lr: 'learning rate of the step',
} as const;

export interface UpdateOptions {
  readonly loss: LossName;
  readonly lossConfig?: LossConfig;
  readonly adam: AdamParams;
  /** Data of one pass; all when left out. Gradients of passes add up. */
  readonly microBatch?: number | undefined;
  /** See `CommonContext`; no limit when left out. */
  readonly samplerKlLimit?: number | undefined;
}

export type StepOptions = Pick<UpdateOptions, 'loss' | 'lossConfig' | 'adam' | 'microBatch'>;

/** What the passes of a step come to. */
const joined = (outputs: readonly ForwardOutput[], gradNorm: number) => ({
  loss: outputs.reduce((sum, output) => sum + output.loss, 0),
  logprobs: outputs.flatMap(({ logprobs }) => logprobs),
  gradNorm,
});

/** Passes over data and one step, submitted together: an engine does them in order, and a remote one is waited for once. */
export async function takeStep(model: TrainableModel, data: readonly Datum[], options: StepOptions) {
  const { loss, lossConfig, adam, microBatch = data.length } = options;
  const passes = [];
  for (let start = 0; start < data.length; start += microBatch) {
    passes.push(model.forwardBackward(data.slice(start, start + microBatch), loss, lossConfig));
  }
  const [outputs, { gradNorm }] = await Promise.all([Promise.all(passes), model.optimStep(adam)]);
  return joined(outputs, gradNorm);
}

/**
 * Passes over data and one step, with a loss of its own for the rows `from` to `to` of a pass; rows stay together in groups of
 * `together`. The losses sum.
 */
export async function takeCustomStep(
  model: TrainableModel,
  data: readonly Datum[],
  options: Pick<UpdateOptions, 'adam' | 'microBatch'> & {
    readonly lossOf: (from: number, to: number) => (logprobs: readonly Float32Array[]) => CustomLoss;
    readonly together?: number;
  },
) {
  const { lossOf, adam, microBatch = data.length, together = 1 } = options;
  const rows = Math.max(together, microBatch - (microBatch % together));
  const outputs = [];
  for (let from = 0; from < data.length; from += rows) {
    const to = Math.min(data.length, from + rows);
    // Waited for: its second pass is handed in when the first is back, and a step handed in meanwhile would come before it.
    outputs.push(await model.forwardBackwardCustom(data.slice(from, to), lossOf(from, to)));
  }
  const { gradNorm } = await model.optimStep(adam);
  return joined(outputs, gradNorm);
}

/**
 * One step on fresh samples. Nothing to learn from is no step: the optimiser's state stays too. Throws an `EngineError` when sampler and trainer differ by more than
 * the engine's limit: then the weights that sampled are not those that are trained, and no learning rate mends that.
 */
export async function updateOn(
  model: TrainableModel,
  data: readonly Datum[],
  options: UpdateOptions,
): Promise<Record<keyof typeof UPDATE_METRICS, number>> {
  const { adam } = options;
  if (data.length === 0) return { 'sampler/kl': 0, 'sampler/worst_ratio': 0, grad_norm: 0, lr: adam.learningRate };
  const { logprobs, gradNorm } = await takeStep(model, data, options);
  const differences = samplerDifferences(data, logprobs, options.samplerKlLimit);
  return { ...differences, grad_norm: gradNorm, lr: adam.learningRate };
}

/**
 * How far log-probabilities computed anew are from those of sampling, over the tokens that have an advantage.
 * @throws EngineError where they differ by more than the limit.
 */
export function samplerDifferences(
  data: readonly Pick<Datum, 'advantages' | 'logprobs'>[],
  logprobs_D_T: readonly Float32Array[],
  limit = Number.POSITIVE_INFINITY,
): Pick<Record<keyof typeof UPDATE_METRICS, number>, 'sampler/kl' | 'sampler/worst_ratio'> {
  let [squares, worst, tokens] = [0, 0, 0];
  for (const [d, { advantages, logprobs }] of data.entries()) {
    for (const [t, advantage] of advantages!.entries()) {
      if (advantage === 0) continue;
      const difference = logprobs_D_T[d]![t]! - logprobs![t]!;
      squares += difference ** 2 / 2;
      worst = Math.max(worst, Math.abs(Math.expm1(difference)));
      tokens += 1;
    }
  }
  const kl = squares / Math.max(1, tokens);
  if (kl > limit) {
    throw new EngineError(
      'sampler',
      `sampler and trainer differ by ${kl.toPrecision(3)} nats a token on the same weights; this engine promises at most ${limit}: the samples are not those of the policy that is trained`,
    );
  }
  return { 'sampler/kl': kl, 'sampler/worst_ratio': worst };
}
