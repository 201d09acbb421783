import {
  add,
  cast,
  constant,
  type Dim,
  elementCount,
  gather,
  greater,
  input,
  logSoftmax,
  matmul,
  mul,
  reduceSum,
  reshape,
  rmsNorm,
  rotary,
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
} from '../tensor/index.ts';
import { parameterShapes, type TransformerSpec } from './spec.ts';

/** Added to attention scores where a key may not be seen. */
const HIDDEN = -1e9;
const ROTARY_BASE = 10_000;
/** Tokens in a row of several sequences may be more than the context holds; a row is at most this wide or one sequence. */
export const WIDEST_ROW = 384;

export type Parameters = ReadonlyMap<string, Tensor>;

/** Every weight as a named graph input. */
export function parameterInputs(spec: TransformerSpec): Parameters {
  return new Map([...parameterShapes(spec)].map(([name, shape]) => [name, input(name, 'float32', shape)]));
}

function rotaryTables(spec: TransformerSpec): { cos: Tensor; sin: Tensor } {
  const half = spec.width / spec.heads / 2;
  const entries = Math.max(spec.maxContext, WIDEST_ROW);
  const angles = Array.from(
    { length: entries * half },
    (_, i) => Math.floor(i / half) * ROTARY_BASE ** (-(i % half) / half),
  );
  const table = (f: (angle: number) => number) => constant(angles.map(f), [entries, half]);
  return { cos: table(Math.cos), sin: table(Math.sin) };
}

/** Attention of one layer: queries [batch, heads, time, d], new keys and values likewise, to mixed values of that shape. */
type Attend = (layer: number, q: Tensor, k: Tensor, v: Tensor) => Tensor;

interface Trunk {
  readonly spec: TransformerSpec;
  readonly parameters: Parameters;
  /** Token ids, int64 [batch, time]. */
  readonly tokens: Tensor;
  /** Place of each token in its sequence, int64 [batch, time]. */
  readonly positions: Tensor;
  readonly attend: Attend;
  /** Which rows of the flattened states are wanted; all by default. */
  readonly wanted?: { readonly rows: Tensor; readonly from: 'late' | 'early' } | undefined;
}

/** Final hidden states, one row per wanted token: [rows, width], or [batch·time, width]. */
function hiddenStates({ spec, parameters, tokens, positions, attend, wanted }: Trunk): Tensor {
  const { width, heads, feedForward, layers } = spec;
  const tables = rotaryTables(spec);
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
    const mixed = attend(layer, rotary(split(0), positions, tables), rotary(split(1), positions, tables), split(2));
    let joined = reshape(transpose(mixed, [0, 2, 1, 3]), [batch, time, width]);
    // Past the last attention no token reads another: what nobody wants need not be computed.
    if (layer === layers - 1 && wanted?.from === 'early')
      [x, joined] = [pick(x, wanted.rows), pick(joined, wanted.rows)];
    x = add(x, matmul(joined, of('attention.out')));
    const gateUp = matmul(rmsNorm(x, of('mlp.norm')), of('mlp.gateUp'));
    const activated = mul(silu(slice(gateUp, -1, 0, feedForward)), slice(gateUp, -1, feedForward, 2 * feedForward));
    x = add(x, matmul(activated, of('mlp.down')));
  }
  if (wanted === undefined) x = flatten(x);
  else if (wanted.from === 'late') x = pick(x, wanted.rows);
  return rmsNorm(x, weight('norm'));
}

const flatten = (x: Tensor): Tensor => reshape(x, [elementCount(x.shape.slice(0, 2)), x.shape[2]!]);
const pick = (x: Tensor, rows: Tensor): Tensor => gather(flatten(x), rows);

const scale = (spec: TransformerSpec) => 1 / Math.sqrt(spec.width / spec.heads);

/**
 * Which tokens the loss, or whoever asks, wants: all of a pass, [batch·time] of them; or those listed in the input `rows`, picked
 * `late` (before the final norm) or `early` (behind the last attention, which pays where they are few).
 */
export type Wanted = 'all' | 'late' | 'early';

/**
 * Whole sequences at once, several to a row where wanted. Inputs [batch, time]: `tokens`; `positions`, the place of each in its
 * sequence; `ends`, the place in the row up to which a token is seen by those after it; and `order` [time], 0, 1, 2, … A row of
 * one sequence has its length as every end; then attention is causal.
 */
export function sequenceGraph(spec: TransformerSpec, parameters: Parameters, wanted: Wanted = 'all') {
  const perToken = (name: string) => input(name, 'int64', ['batch', 'time']);
  const [tokens, positions, ends] = [perToken('tokens'), perToken('positions'), perToken('ends')];
  const order = input('order', 'int64', ['time']);
  const query = reshape(order, ['time', 1]);
  const future = cast(greater(reshape(order, [1, 'time']), query), 'float32');
  const seen = cast(greater(reshape(ends, ['batch', 1, 1, 'time']), query), 'float32');
  const mask = mul(add(future, sub(scalar(1), seen)), HIDDEN);
  const keys: Tensor[] = [];
  const values: Tensor[] = [];
  const attend: Attend = (_, q, k, v) => {
    keys.push(k);
    values.push(v);
    return matmul(softmax(add(mul(matmul(q, transpose(k)), scale(spec)), mask)), v);
  };
  const some = wanted === 'all' ? undefined : { rows: input('rows', 'int64', ['rows']), from: wanted };
  const hidden = hiddenStates({ spec, parameters, tokens, positions, attend, wanted: some });
  return { hidden, keys, values };
}

/** Log-probabilities of `targets` [rows] under hidden states [rows, width], through the tied embedding. */
export function targetLogprobs(hidden: Tensor, parameters: Parameters, targets: Tensor): Tensor {
  const logits = matmul(hidden, transpose(parameters.get('embedding')!));
  const [rows] = targets.shape as [Dim];
  return reshape(takeAlong(logSoftmax(logits), reshape(targets, [rows, 1])), [rows]);
}

/** Scalar-head output per row: [rows, width] to [rows]. */
export function scalarOutputs(hidden: Tensor, parameters: Parameters): Tensor {
  const [rows] = hidden.shape as [Dim, Dim];
  return reshape(matmul(hidden, parameters.get('scalarHead')!), [rows]);
}

/**
 * Prompts in one pass: next-token logits after the tokens `rows` of the flattened pass, and the keys and values of every
 * layer [batch, heads, time, d] for the cache.
 */
export function prefillOutputs(spec: TransformerSpec): Record<string, Tensor> {
  const parameters = parameterInputs(spec);
  const { hidden, keys, values } = sequenceGraph(spec, parameters, 'early');
  const outputs: Record<string, Tensor> = { logits: matmul(hidden, transpose(parameters.get('embedding')!)) };
  for (let layer = 0; layer < spec.layers; layer++) {
    outputs[`key${layer}`] = keys[layer]!;
    outputs[`value${layer}`] = values[layer]!;
  }
  return outputs;
}

/**
 * One token per row against a cache the caller owns. Inputs: `tokens` and `positions` [batch, 1], `mask`
 * [batch, 1, 1, slots] (0 or a large negative number), `pastKey<i>`, `pastValue<i>` [batch, heads, slots, d].
 * Outputs: `logits` [batch, vocabulary] and the new `key<i>`, `value<i>` [batch, heads, 1, d].
 */
export function decodeOutputs(spec: TransformerSpec): Record<string, Tensor> {
  const parameters = parameterInputs(spec);
  const size = spec.width / spec.heads;
  const cacheShape: Shape = ['batch', spec.heads, 'slots', size];
  const tokens = input('tokens', 'int64', ['batch', 1]);
  const positions = input('positions', 'int64', ['batch', 1]);
  const mask = input('mask', 'float32', ['batch', 1, 1, 'slots']);
  const outputs: Record<string, Tensor> = {};
  const attend: Attend = (layer, q, k, v) => {
    outputs[`key${layer}`] = k;
    outputs[`value${layer}`] = v;
    const pastKey = input(`pastKey${layer}`, 'float32', cacheShape);
    const pastValue = input(`pastValue${layer}`, 'float32', cacheShape);
    return attendWithPast({ q: mul(q, scale(spec)), k, v, pastKey, pastValue, mask });
  };
  const hidden = hiddenStates({ spec, parameters, tokens, positions, attend });
  return { logits: matmul(hidden, transpose(parameters.get('embedding')!)), ...outputs };
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
