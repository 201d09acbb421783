import {
  add,
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
  slice,
  softmax,
  sub,
  type Tensor,
  takeAlong,
  transpose,
  where,
} from '../tensor/index.ts';
import { feedForward, linear, normalised, type Parameters, rotaryTables, rotate } from './layers.ts';
import { parameterShapes } from './parameters.ts';
import { architectureOf, type TransformerSpec } from './spec.ts';

/** Added to attention scores where a key may not be seen. */
const HIDDEN = -1e9;

/** Every weight as a named graph input. */
export function parameterInputs(spec: TransformerSpec): Parameters {
  return new Map([...parameterShapes(spec)].map(([name, shape]) => [name, input(name, 'float32', shape)]));
}

/**
 * Attention of one layer: queries [batch, heads, time, d], new keys and values [batch, keyValueHeads, time, d], to mixed
 * values of the queries' shape.
 */
type Attend = (layer: number, q: Tensor, k: Tensor, v: Tensor) => Tensor;

interface Trunk {
  readonly spec: TransformerSpec;
  readonly parameters: Parameters;
  /** Token ids, int64 [batch, time]. */
  readonly tokens: Tensor;
  /** What positions add: rotary factors that broadcast to [batch, heads, time, half], or vectors to [batch, time, width]. */
  readonly place: Place;
  readonly attend: Attend;
}
type Place = { readonly cos: Tensor; readonly sin: Tensor } | { readonly vectors: Tensor };

/** Final hidden states [batch, time, width]. */
function hiddenStates({ spec, parameters, tokens, place, attend }: Trunk): Tensor {
  const { heads, layers } = spec;
  const { keyValueHeads, headWidth, queryKeyNorm, normEpsilon } = architectureOf(spec);
  const [batch, time] = tokens.shape as [Dim, Dim];
  let x = gather(parameters.get('embedding')!, tokens);
  if ('vectors' in place) x = add(x, place.vectors);
  for (let layer = 0; layer < layers; layer++) {
    const block = { spec, parameters, layer };
    const of = (name: string) => `layer${layer}.${name}`;
    const qkv = linear(normalised(x, of('attention.norm'), block), 'attention.qkv', block);
    const split = (from: number, count: number) => {
      const rows = slice(qkv, -1, from * headWidth, (from + count) * headWidth);
      return transpose(reshape(rows, [batch, time, count, headWidth]), [0, 2, 1, 3]);
    };
    const placed = (states: Tensor, norm: string) => {
      const normed = queryKeyNorm ? rmsNorm(states, parameters.get(of(norm))!, normEpsilon) : states;
      return 'cos' in place ? rotate(normed, place) : normed;
    };
    const q = placed(split(0, heads), 'attention.queryNorm');
    const k = placed(split(heads, keyValueHeads), 'attention.keyNorm');
    const mixed = attend(layer, q, k, split(heads + keyValueHeads, keyValueHeads));
    const joined = reshape(transpose(mixed, [0, 2, 1, 3]), [batch, time, heads * headWidth]);
    x = add(x, linear(joined, 'attention.out', block));
    x = add(x, feedForward(normalised(x, of('mlp.norm'), block), block));
  }
  return normalised(x, 'norm', { spec, parameters, layer: layers });
}

const scale = (spec: TransformerSpec) => 1 / Math.sqrt(architectureOf(spec).headWidth);

/** What positions add, for position ids of any shape; `shape` is what their rows are reshaped to, last axis left out. */
function placeOf(spec: TransformerSpec, parameters: Parameters, at: { positions: Tensor; shape: Shape }): Place {
  const rows = (table: Tensor, shape: Shape) =>
    reshape(gather(table, at.positions), [...shape, table.shape.at(-1) as number]);
  if (architectureOf(spec).positions === 'learned') {
    // Heads are no axis of the residual stream: [batch, heads, time] without the second.
    const shape = at.shape.length === 3 ? [at.shape[0]!, at.shape[2]!] : at.shape;
    return { vectors: rows(parameters.get('positionEmbedding')!, shape) };
  }
  const { cos, sin } = rotaryTables(spec);
  return { cos: rows(cos, at.shape), sin: rows(sin, at.shape) };
}

/** Softmax attention within a sequence; a group of query heads shares a head of keys and values. `future` [time, time] hides. */
function attendWithin(spec: TransformerSpec, a: Record<'q' | 'k' | 'v' | 'future', Tensor>): Tensor {
  const { keyValueHeads, headWidth } = architectureOf(spec);
  const [batch, , time] = a.q.shape as [Dim, Dim, Dim];
  const grouped = keyValueHeads !== spec.heads;
  const group = (x: Tensor, size: number) => reshape(x, [batch, keyValueHeads, size, time, headWidth]);
  const q = grouped ? group(a.q, spec.heads / keyValueHeads) : a.q;
  const [k, v] = grouped ? [group(a.k, 1), group(a.v, 1)] : [a.k, a.v];
  const scores = mul(matmul(q, transpose(k)), scale(spec));
  return reshape(matmul(softmax(where(a.future, scalar(HIDDEN), scores)), v), a.q.shape);
}

/** A whole sequence at once: causal attention over `time`, right padding harmless. Inputs `tokens` and `positions` [time]. */
export function sequenceGraph(spec: TransformerSpec, parameters: Parameters) {
  const tokens = input('tokens', 'int64', ['batch', 'time']);
  const positions = input('positions', 'int64', ['time']);
  const future = greater(reshape(positions, [1, 'time']), reshape(positions, ['time', 1]));
  const keys: Tensor[] = [];
  const values: Tensor[] = [];
  const attend: Attend = (_, q, k, v) => {
    keys.push(k);
    values.push(v);
    return attendWithin(spec, { q, k, v, future });
  };
  const place = placeOf(spec, parameters, { positions, shape: ['time'] });
  const hidden = hiddenStates({ spec, parameters, tokens, place, attend });
  return { tokens, positions, hidden, keys, values };
}

/** Scores of every vocabulary entry: hidden states through the output projection, which may be the embedding. */
export const logitsOf = (hidden: Tensor, parameters: Parameters): Tensor =>
  matmul(hidden, transpose(parameters.get('unembedding') ?? parameters.get('embedding')!));

/** Log-probabilities of `targets` [batch, time] under hidden states. */
export function targetLogprobs(hidden: Tensor, parameters: Parameters, targets: Tensor): Tensor {
  const logits = logitsOf(hidden, parameters);
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
 * keys and values of every layer [batch, keyValueHeads, time, d] for the cache.
 */
export function prefillOutputs(spec: TransformerSpec): Record<string, Tensor> {
  const parameters = parameterInputs(spec);
  const { hidden, keys, values } = sequenceGraph(spec, parameters);
  const rows = reshape(hidden, ['batch*time', spec.width]);
  const last = gather(rows, input('last', 'int64', ['batch']));
  const outputs: Record<string, Tensor> = { logits: logitsOf(last, parameters) };
  for (let layer = 0; layer < spec.layers; layer++) {
    outputs[`key${layer}`] = keys[layer]!;
    outputs[`value${layer}`] = values[layer]!;
  }
  return outputs;
}

/**
 * One token per row against a cache the caller owns. Inputs: `tokens` [batch, 1], `positions` [batch], `mask`
 * [batch, 1, 1, slots] (0 or a large negative number), `pastKey<i>`, `pastValue<i>` [batch, keyValueHeads, slots, d].
 * Outputs: `logits` [batch, vocabulary] and the new `key<i>`, `value<i>` [batch, keyValueHeads, 1, d].
 */
export function decodeOutputs(spec: TransformerSpec): Record<string, Tensor> {
  const parameters = parameterInputs(spec);
  const { keyValueHeads, headWidth } = architectureOf(spec);
  const cacheShape: Shape = ['batch', keyValueHeads, 'slots', headWidth];
  const tokens = input('tokens', 'int64', ['batch', 1]);
  const positions = input('positions', 'int64', ['batch']);
  const mask = input('mask', 'float32', ['batch', 1, 1, 'slots']);
  const outputs: Record<string, Tensor> = {};
  const attend: Attend = (layer, q, k, v) => {
    outputs[`key${layer}`] = k;
    outputs[`value${layer}`] = v;
    const pastKey = input(`pastKey${layer}`, 'float32', cacheShape);
    const pastValue = input(`pastValue${layer}`, 'float32', cacheShape);
    // With one position per row, the queries that share a head of keys stand where its positions would.
    const grouped = reshape(q, ['batch', keyValueHeads, spec.heads / keyValueHeads, headWidth]);
    const mixed = attendWithPast({ q: mul(grouped, scale(spec)), k, v, pastKey, pastValue, mask });
    return reshape(mixed, q.shape);
  };
  const place = placeOf(spec, parameters, { positions, shape: ['batch', 1, 1] });
  const hidden = hiddenStates({ spec, parameters, tokens, place, attend });
  const rows = reshape(hidden, ['batch', spec.width]);
  return { logits: logitsOf(rows, parameters), ...outputs };
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
