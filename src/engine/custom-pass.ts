import type { CustomLoss, Datum, ForwardOutput, TrainableModel } from './engine.ts';
import { requireCustomLoss } from './validate.ts';

/**
 * A loss of the caller's own by two passes: dL/dθ = Σ (dL/dlp) dlp/dθ, and cross-entropy with weight −dL/dlp has exactly that
 * gradient. `step` says which step of the model a fault belongs to.
 */
export async function customPass(
  model: Pick<TrainableModel, 'forward' | 'forwardBackward'>,
  data: readonly Datum[],
  custom: (logprobs: readonly Float32Array[]) => CustomLoss,
  step: () => number,
): Promise<ForwardOutput> {
  const { logprobs } = await model.forward(data, 'cross_entropy');
  const { loss, gradients } = custom(logprobs);
  requireCustomLoss(loss, gradients, { lengths: data.map(({ tokens }) => tokens.length), step: step() });
  const weighted = data.map((datum, i) => ({ ...datum, weights: gradients[i]!.map((g) => -g) }));
  await model.forwardBackward(weighted, 'cross_entropy');
  return { loss, logprobs };
}
