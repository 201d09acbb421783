import {
  constant,
  div,
  encodeOnnx,
  expandLike,
  gather,
  input,
  matmul,
  reshape,
  sub,
  type Tensor,
} from '../tensor/index.ts';
import { parameterShapes } from './parameters.ts';
import type { TransformerSpec } from './spec.ts';
import { logitsOf, sequenceGraph } from './transformer.ts';

/** A protobuf message, and with it an ONNX file of one part, holds less than 2 GiB. */
export const ONNX_BYTES = 2 ** 31 - 1;

/** Weights as values stored in the graph. */
const stored = (spec: TransformerSpec, weights: ReadonlyMap<string, Float32Array>): Map<string, Tensor> =>
  new Map([...parameterShapes(spec)].map(([name, shape]) => [name, constant(weights.get(name)!, shape)]));

/** Final hidden states [batch, time, width] of one sequence to a row, from `tokens` and `positions`. */
function hiddenOfRows(spec: TransformerSpec, parameters: ReadonlyMap<string, Tensor>): Tensor {
  const tokens = input('tokens', 'int64', ['batch', 'time']);
  const order = input('positions', 'int64', ['time']);
  // No token's subtree ends: each is seen by all that follow.
  const ends = expandLike(constant([2 ** 31], [1], 'int64'), tokens);
  const inputs = { tokens, positions: expandLike(order, tokens), ends, order };
  const { hidden } = sequenceGraph(spec, parameters, { inputs });
  return reshape(hidden, ['batch', 'time', spec.width], gather(parameters.get('embedding')!, tokens));
}

/**
 * A language model as one ONNX file with its weights: `tokens` int64 [batch, time] and `positions` int64 [time] (0, 1, …) to
 * `logits` [batch, time, vocabulary].
 */
export function languageOnnx(spec: TransformerSpec, weights: ReadonlyMap<string, Float32Array>): Uint8Array {
  const parameters = stored(spec, weights);
  return encodeOnnx({ logits: logitsOf(hiddenOfRows(spec, parameters), parameters) });
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
  const scalars = reshape(matmul(hiddenOfRows(spec, parameters), parameters.get('scalarHead')!), ['batch', 'time']);
  return encodeOnnx({ rewards: div(sub(scalars, normaliser.mean), normaliser.scale) });
}
