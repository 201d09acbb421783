import { constant, div, encodeOnnx, sub, type Tensor } from '../tensor/index.ts';
import { parameterShapes } from './parameters.ts';
import type { TransformerSpec } from './spec.ts';
import { logitsOf, scalarOutputs, sequenceGraph } from './transformer.ts';

/** A protobuf message, and with it an ONNX file of one part, holds less than 2 GiB. */
export const ONNX_BYTES = 2 ** 31 - 1;

/** Weights as values stored in the graph. */
const stored = (spec: TransformerSpec, weights: ReadonlyMap<string, Float32Array>): Map<string, Tensor> =>
  new Map([...parameterShapes(spec)].map(([name, shape]) => [name, constant(weights.get(name)!, shape)]));

/**
 * A language model as one ONNX file with its weights: `tokens` int64 [batch, time] and `positions` int64 [time] (0, 1, …) to
 * `logits` [batch, time, vocabulary].
 */
export function languageOnnx(spec: TransformerSpec, weights: ReadonlyMap<string, Float32Array>): Uint8Array {
  const parameters = stored(spec, weights);
  return encodeOnnx({ logits: logitsOf(sequenceGraph(spec, parameters).hidden, parameters) });
}

/**
 * A reward model likewise, to `rewards` [batch, time]: the reward of a sequence stands at its last token. They are
 * normalised as the reward model's are: (score − mean) / scale.
 */
export function rewardOnnx(
  spec: TransformerSpec,
  weights: ReadonlyMap<string, Float32Array>,
  normaliser: { readonly mean: number; readonly scale: number } = { mean: 0, scale: 1 },
): Uint8Array {
  const parameters = stored(spec, weights);
  const scalars = scalarOutputs(sequenceGraph(spec, parameters).hidden, parameters);
  return encodeOnnx({ rewards: div(sub(scalars, normaliser.mean), normaliser.scale) });
}
