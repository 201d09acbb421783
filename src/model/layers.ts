import type { RotaryScaling } from '../engine/index.ts';
import {
  add,
  concat,
  constant,
  div,
  matmul,
  mul,
  padLike,
  reduceMean,
  rmsInverse,
  rmsNorm,
  silu,
  slice,
  sqrt,
  sub,
  type Tensor,
  tanh,
  transpose,
} from '../tensor/index.ts';
import { adaptersOf } from './parameters.ts';
import { architectureOf, type TransformerSpec } from './spec.ts';
import type { Watch } from './watch.ts';

/** The layers of a block as graphs, chosen by the architecture. */

export type Parameters = ReadonlyMap<string, Tensor>;

/** x to (x − mean) / √(variance + eps) · gain + bias over the last axis (Ba et al. 2016). */
function layerNorm(x: Tensor, options: { gain: Tensor; bias: Tensor; eps: number }, watch: Watch): Tensor {
  const centred = sub(x, reduceMean(x, [-1], true));
  const variance = reduceMean(mul(centred, centred), [-1], true);
  const deviation = sqrt(add(variance, options.eps));
  watch.finite(deviation);
  return add(mul(div(centred, deviation), options.gain), options.bias);
}

/** RMS norm, with its root mean square watched. */
export function watchedRmsNorm(x: Tensor, gain: Tensor, { spec, watch }: Block): Tensor {
  const { normEpsilon: eps } = architectureOf(spec);
  watch.inverse(rmsInverse(x, gain, eps));
  return rmsNorm(x, gain, eps);
}

/** The architecture's norm with the parameters of that name. */
export function normalised(x: Tensor, name: string, block: Block): Tensor {
  const { spec, parameters, watch } = block;
  const { norm, normEpsilon: eps } = architectureOf(spec);
  const gain = parameters.get(name)!;
  if (norm === 'rms') return watchedRmsNorm(x, gain, block);
  return layerNorm(x, { gain, bias: parameters.get(`${name}.bias`)!, eps }, watch);
}

/** 0.5 x (1 + tanh(√(2/π) (x + 0.044715 x³))) (Hendrycks and Gimpel 2016): `gelu_new` of GPT-2. */
function gelu(x: Tensor): Tensor {
  const inner = mul(add(x, mul(mul(mul(x, x), x), 0.044715)), Math.sqrt(2 / Math.PI));
  return mul(mul(x, 0.5), add(tanh(inner), 1));
}

/** What a block's layers read: the description, the weights, and the block's index. */
export interface Block {
  readonly spec: TransformerSpec;
  readonly parameters: Parameters;
  readonly layer: number;
  /** Whether activations are few rows [rows, width], as where each is the next token of a sequence. */
  readonly few?: boolean;
  /** Whether gradients will be wanted. */
  readonly learns?: boolean;
  readonly watch: Watch;
}

/**
 * x W for few rows [rows, in]. ONNX Runtime copies the right operand of a product into blocks at every call, which for 32
 * rows takes a third of the time of the product itself. Where the weights lie as [out, in], the rows stand there instead.
 */
export function productOfFew(x: Tensor, weights: Tensor): Tensor {
  if (weights.op !== 'transpose') return matmul(x, weights);
  return transpose(matmul(weights.inputs[0]!, transpose(x)));
}

/** One linear layer: x W, its bias where it has one, and its adapters scaled by alpha / rank. */
export function linear(x: Tensor, name: string, { spec, parameters, layer, few = false }: Block): Tensor {
  const of = (suffix: string) => parameters.get(`layer${layer}.${suffix}`);
  const product = few ? productOfFew(x, of(name)!) : matmul(x, of(name)!);
  const bias = of(`${name}.bias`);
  const y = bias === undefined ? product : add(product, bias);
  const adapters = adaptersOf(spec, name);
  if (adapters.length === 0) return y;
  const { rank, alpha } = spec.lora!;
  const deltas = adapters.map((adapter) =>
    matmul(mul(matmul(x, of(`${adapter.name}.loraA`)!), alpha / rank), of(`${adapter.name}.loraB`)!),
  );
  const covered = adapters.reduce((sum, { size }) => sum + size, 0) === y.shape.at(-1);
  return covered
    ? add(y, concat(deltas, -1))
    : deltas.reduce((sum, delta, i) => add(sum, padLike(delta, y, y.shape.length - 1, adapters[i]!.start)), y);
}

/**
 * The outputs of one linear layer in parts of these sizes. Where it learns there are many rows, and the weights are cut instead
 * of the outputs, each way: they are the smaller array.
 */
export function linearParts(x: Tensor, name: string, sizes: readonly number[], block: Block): Tensor[] {
  const starts = sizes.map((_, i) => sizes.slice(0, i).reduce((sum, size) => sum + size, 0));
  const cut = (y: Tensor) => sizes.map((size, i) => slice(y, -1, starts[i]!, starts[i]! + size));
  const { spec, parameters, layer, learns = false } = block;
  if (!learns || spec.lora !== undefined) return cut(linear(x, name, block));
  const bias = parameters.get(`layer${layer}.${name}.bias`);
  const biases = bias === undefined ? undefined : cut(bias);
  return cut(parameters.get(`layer${layer}.${name}`)!).map((weights, i) => {
    const product = matmul(x, weights);
    return biases === undefined ? product : add(product, biases[i]!);
  });
}

/** The feed-forward half of a block, without its norm. */
export function feedForward(x: Tensor, block: Block): Tensor {
  if (architectureOf(block.spec).activation === 'gelu') {
    const up = linear(x, 'mlp.up', block);
    block.watch.cubes(up);
    return linear(gelu(up), 'mlp.down', block);
  }
  const size = block.spec.feedForward;
  const [gate, up] = linearParts(x, 'mlp.gateUp', [size, size], block) as [Tensor, Tensor];
  return linear(mul(silu(gate), up), 'mlp.down', block);
}

/** The frequency of one rotary pair under a scaling (Llama 3.1: low frequencies divided, a smooth blend between). */
export function scaledFrequency(frequency: number, scaling: RotaryScaling | undefined): number {
  if (scaling === undefined) return frequency;
  if (scaling.kind === 'linear') return frequency / scaling.factor;
  const { factor, lowFrequencyFactor, highFrequencyFactor, originalContext } = scaling;
  const turns = (originalContext * frequency) / (2 * Math.PI);
  if (turns < lowFrequencyFactor) return frequency / factor;
  if (turns > highFrequencyFactor) return frequency;
  const blend = (turns - lowFrequencyFactor) / (highFrequencyFactor - lowFrequencyFactor);
  return (1 - blend) * (frequency / factor) + blend * frequency;
}

/** Tokens in a row of several sequences may be more than the context holds; a row is at most this wide or one sequence. */
export const WIDEST_ROW = 384;

/** Cosines and sines by position: [entries, headWidth / 2], as many entries as a row may have tokens. */
export function rotaryTables(spec: TransformerSpec): { cos: Tensor; sin: Tensor } {
  const { headWidth, rotaryBase, rotaryScaling } = architectureOf(spec);
  const half = headWidth / 2;
  const entries = Math.max(spec.maxContext, WIDEST_ROW);
  const frequencies = Array.from({ length: half }, (_, i) => scaledFrequency(rotaryBase ** (-i / half), rotaryScaling));
  const angles = Array.from({ length: entries * half }, (_, i) => Math.floor(i / half) * frequencies[i % half]!);
  const table = (f: (angle: number) => number) => constant(angles.map(f), [entries, half]);
  return { cos: table(Math.cos), sin: table(Math.sin) };
}
