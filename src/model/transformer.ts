import {
  add,
  concat,
  constant,
  type Dim,
  gather,
  greater,
  input,
  logSoftmax,
  matmul,
  mul,
  reduceSum,
  reshape,
  rmsNorm,
  type Shape,
  scalar,
  sigmoid,
  silu,
  slice,
  softmax,
  sub,
  type Tensor,
  takeAlong,
  transpose,
  where,
} from '../tensor/index.ts';
import { parameterShapes, type TransformerSpec } from './spec.ts';

/** Added to attention scores where a key may not be seen. */
const HIDDEN = -1e9;
const ROTARY_BASE = 10_000;

export type Parameters = ReadonlyMap<string, Tensor>;

/** Every weight as a named graph input. */
export function parameterInputs(spec: TransformerSpec): Parameters {
  return new Map([...parameterShapes(spec)].map(([name, shape]) => [name, input(name, 'float32', shape)]));
}

function rotaryTables(spec: TransformerSpec): { cos: Tensor; sin: Tensor } {
  const half = spec.width / spec.heads / 2;
  const angles = Array.from(
    { length: spec.maxContext * half },
    (_, i) => Math.floor(i / half) * ROTARY_BASE ** (-(i % half) / half),
  );
  const table = (f: (angle: number) => number) => constant(angles.map(f), [spec.maxContext, half]);
  return { cos: table(Math.cos), sin: table(Math.sin) };
}

/** Rotary position embedding over the last axis (Su et al. 2021), halves paired. cos, sin broadcast to [batch, heads, time, half]. */
function rotate(x: Tensor, cos: Tensor, sin: Tensor): Tensor {
  const size = x.shape.at(-1) as number;
  const left = slice(x, -1, 0, size / 2);
  const right = slice(x, -1, size / 2, size);
  return concat([sub(mul(left, cos), mul(right, sin)), add(mul(right, cos), mul(left, sin))], -1);
}

/** Attention of one layer: queries [batch, heads, time, d], new keys and values likewise, to mixed values of that shape. */
type Attend = (layer: number, q: Tensor, k: Tensor, v: Tensor) => Tensor;

interface Trunk {
  readonly spec: TransformerSpec;
  readonly parameters: Parameters;
  /** Token ids, int64 [batch, time]. */
  readonly tokens: Tensor;
  /** Rotary factors that broadcast to [batch, heads, time, half]. */
  readonly cos: Tensor;
  readonly sin: Tensor;
  readonly attend: Attend;
}

/** Final hidden states [batch, time, width]. */
function hiddenStates({ spec, parameters, tokens, cos, sin, attend }: Trunk): Tensor {
  const { width, heads, feedForward, layers } = spec;
  const weight = (name: string) => parameters.get(name)!;
  const [batch, time] = tokens.shape as [Dim, Dim];
  let x = gather(weight('embedding'), tokens);
  for (let layer = 0; layer < layers; layer++) {
    const of = (name: string) => weight(`layer${layer}.${name}`);
    const qkv = matmul(rmsNorm(x, of('attention.norm')), of('attention.qkv'));
    const split = (part: number) => {
      const rows = slice(qkv, -1, part * width, (part + 1) * width);
      return transpose(reshape(rows, [batch, time, heads, width / heads]), [0, 2, 1, 3]);
    };
    const mixed = attend(layer, rotate(split(0), cos, sin), rotate(split(1), cos, sin), split(2));
    const joined = reshape(transpose(mixed, [0, 2, 1, 3]), [batch, time, width]);
    x = add(x, matmul(joined, of('attention.out')));
    const gateUp = matmul(rmsNorm(x, of('mlp.norm')), of('mlp.gateUp'));
    const activated = mul(silu(slice(gateUp, -1, 0, feedForward)), slice(gateUp, -1, feedForward, 2 * feedForward));
    x = add(x, matmul(activated, of('mlp.down')));
  }
  return rmsNorm(x, weight('norm'));
}

const scale = (spec: TransformerSpec) => 1 / Math.sqrt(spec.width / spec.heads);

/** A whole sequence at once: causal attention over `time`, right padding harmless. Inputs `tokens` and `positions` [time]. */
export function sequenceGraph(spec: TransformerSpec, parameters: Parameters) {
  const tokens = input('tokens', 'int64', ['batch', 'time']);
  const positions = input('positions', 'int64', ['time']);
  const tables = rotaryTables(spec);
  const future = greater(reshape(positions, [1, 'time']), reshape(positions, ['time', 1]));
  const keys: Tensor[] = [];
  const values: Tensor[] = [];
  const attend: Attend = (_, q, k, v) => {
    keys.push(k);
    values.push(v);
    const scores = mul(matmul(q, transpose(k)), scale(spec));
    return matmul(softmax(where(future, scalar(HIDDEN), scores)), v);
  };
  const [cos, sin] = [gather(tables.cos, positions), gather(tables.sin, positions)];
  const hidden = hiddenStates({ spec, parameters, tokens, cos, sin, attend });
  return { tokens, positions, hidden, keys, values };
}

/** Log-probabilities of `targets` [batch, time] under hidden states, through the tied embedding. */
export function targetLogprobs(hidden: Tensor, parameters: Parameters, targets: Tensor): Tensor {
  const logits = matmul(hidden, transpose(parameters.get('embedding')!));
  const [batch, time] = targets.shape as [Dim, Dim];
  return reshape(takeAlong(logSoftmax(logits), reshape(targets, [batch, time, 1])), [batch, time]);
}

/** Scalar-head output per position: [batch, time, width] to [batch, time]. */
export function scalarOutputs(hidden: Tensor, parameters: Parameters): Tensor {
  const [batch, time] = hidden.shape as [Dim, Dim, Dim];
  return reshape(matmul(hidden, parameters.get('scalarHead')!), [batch, time]);
}

/**
 * The prompt in one pass: next-token logits after the row `last` of the flattened hidden states [batch·time], and the
 * keys and values of every layer [batch, heads, time, d] for the cache.
 */
export function prefillOutputs(spec: TransformerSpec): Record<string, Tensor> {
  const parameters = parameterInputs(spec);
  const { hidden, keys, values } = sequenceGraph(spec, parameters);
  const rows = reshape(hidden, ['batch*time', spec.width]);
  const last = gather(rows, input('last', 'int64', ['batch']));
  const outputs: Record<string, Tensor> = { logits: matmul(last, transpose(parameters.get('embedding')!)) };
  for (let layer = 0; layer < spec.layers; layer++) {
    outputs[`key${layer}`] = keys[layer]!;
    outputs[`value${layer}`] = values[layer]!;
  }
  return outputs;
}

/**
 * One token per row against a cache the caller owns. Inputs: `tokens` [batch, 1], `positions` [batch], `mask`
 * [batch, 1, 1, slots] (0 or a large negative number), `pastKey<i>`, `pastValue<i>` [batch, heads, slots, d].
 * Outputs: `logits` [batch, vocabulary] and the new `key<i>`, `value<i>` [batch, heads, 1, d].
 */
export function decodeOutputs(spec: TransformerSpec): Record<string, Tensor> {
  const parameters = parameterInputs(spec);
  const size = spec.width / spec.heads;
  const cacheShape: Shape = ['batch', spec.heads, 'slots', size];
  const tokens = input('tokens', 'int64', ['batch', 1]);
  const positions = input('positions', 'int64', ['batch']);
  const mask = input('mask', 'float32', ['batch', 1, 1, 'slots']);
  const tables = rotaryTables(spec);
  const rotary = (table: Tensor) => reshape(gather(table, positions), ['batch', 1, 1, size / 2]);
  const outputs: Record<string, Tensor> = {};
  const attend: Attend = (layer, q, k, v) => {
    outputs[`key${layer}`] = k;
    outputs[`value${layer}`] = v;
    const pastKey = input(`pastKey${layer}`, 'float32', cacheShape);
    const pastValue = input(`pastValue${layer}`, 'float32', cacheShape);
    return attendWithPast({ q: mul(q, scale(spec)), k, v, pastKey, pastValue, mask });
  };
  const [cos, sin] = [rotary(tables.cos), rotary(tables.sin)];
  const hidden = hiddenStates({ spec, parameters, tokens, cos, sin, attend });
  const rows = reshape(hidden, ['batch', spec.width]);
  return { logits: matmul(rows, transpose(parameters.get('embedding')!)), ...outputs };
}

/** Softmax over past and new keys together without joining the cache to the new entry, which would copy it. */
function attendWithPast(a: Record<'q' | 'k' | 'v' | 'pastKey' | 'pastValue' | 'mask', Tensor>): Tensor {
  const past = add(matmul(a.q, transpose(a.pastKey)), a.mask);
  const own = matmul(a.q, transpose(a.k));
  const logPast = logSumExp(past);
  const ownShare = sigmoid(sub(own, logPast));
  const mixed = matmul(softmax(past), a.pastValue);
  return add(mul(mixed, sub(scalar(1), ownShare)), mul(a.v, ownShare));
}

/** log Σ exp over the last axis, kept as size 1: x₀ − logSoftmax(x)₀ needs no separate maximum. */
function logSumExp(x: Tensor): Tensor {
  const shares = softmax(x);
  const logs = logSoftmax(x);
  return reduceSum(mul(shares, sub(x, logs)), [-1], true);
}
