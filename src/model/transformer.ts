import {
  add,
  cast,
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
  rotary,
  type Shape,
  scalar,
  sigmoid,
  softmax,
  sub,
  type Tensor,
  takeAlong,
  transpose,
} from '../tensor/index.ts';
import {
  feedForward,
  linear,
  linearParts,
  normalised,
  type Parameters,
  productOfFew,
  rotaryTables,
  watchedRmsNorm,
} from './layers.ts';
import { parameterShapes, parametersOf } from './parameters.ts';
import { architectureOf, type TransformerSpec } from './spec.ts';
import { Watch } from './watch.ts';

/** Added to attention scores where a key may not be seen. */
const HIDDEN = -1e9;

/** Every weight as a named graph input. */
export function parameterInputs(spec: TransformerSpec): Parameters {
  return new Map([...parameterShapes(spec)].map(([name, shape]) => [name, input(name, 'float32', shape)]));
}

/** The same with the inputs of matrices turned, [out, in], which suits products of few rows. */
export function turnedInputs(spec: TransformerSpec): Parameters {
  return new Map(
    parametersOf(spec).map(({ name, role, shape }) => [
      name,
      role === 'matrix' ? transpose(input(name, 'float32', [...shape].reverse())) : input(name, 'float32', shape),
    ]),
  );
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
  /** Place of each token in its sequence, int64 [batch, time]. */
  readonly positions: Tensor;
  readonly attend: Attend;
  readonly watch: Watch;
  readonly learns?: boolean;
  /** Which rows of the flattened states are wanted; all by default. */
  readonly wanted?: { readonly rows: Tensor; readonly from: 'late' | 'early' } | undefined;
}

/** Final hidden states, one row per wanted token: [rows, width], or [batch·time, width]; of single tokens [batch, width]. */
function hiddenStates({ spec, parameters, tokens, positions, attend, watch, learns = false, wanted }: Trunk): Tensor {
  const { heads, layers } = spec;
  const { keyValueHeads, headWidth, queryKeyNorm, positions: kind } = architectureOf(spec);
  const tables = kind === 'rotary' ? rotaryTables(spec) : undefined;
  const [batch, time] = tokens.shape as [Dim, Dim];
  // Single tokens have no axis of time but in attention: fewer turns and moves of small arrays.
  const few = time === 1;
  const lead = few ? [batch] : [batch, time];
  const ids = (x: Tensor) => reshape(x, lead);
  let x = gather(parameters.get('embedding')!, ids(tokens));
  if (kind === 'learned') x = add(x, gather(parameters.get('positionEmbedding')!, ids(positions)));
  for (let layer = 0; layer < layers; layer++) {
    const block = { spec, parameters, layer, few, learns, watch };
    const of = (name: string) => `layer${layer}.${name}`;
    const counts = [heads, keyValueHeads, keyValueHeads];
    const sizes = counts.map((count) => count * headWidth);
    const [q, k, v] = linearParts(normalised(x, of('attention.norm'), block), 'attention.qkv', sizes, block).map(
      (rows, i) => {
        const count = counts[i]!;
        if (few) return reshape(rows, [batch, count, 1, headWidth]);
        return transpose(reshape(rows, [batch, time, count, headWidth]), [0, 2, 1, 3]);
      },
    ) as [Tensor, Tensor, Tensor];
    const placed = (states: Tensor, norm: string) => {
      const normed = queryKeyNorm ? watchedRmsNorm(states, parameters.get(of(norm))!, block) : states;
      return tables === undefined ? normed : rotary(normed, positions, tables);
    };
    const [queries, newKeys] = [placed(q, 'attention.queryNorm'), placed(k, 'attention.keyNorm')];
    watch.products(queries, newKeys);
    const mixed = attend(layer, queries, newKeys, v);
    let joined = reshape(few ? mixed : transpose(mixed, [0, 2, 1, 3]), [...lead, heads * headWidth]);
    // Past the last attention no token reads another: what nobody wants need not be computed.
    if (layer === layers - 1 && wanted?.from === 'early')
      [x, joined] = [pick(x, wanted.rows), pick(joined, wanted.rows)];
    x = add(x, linear(joined, 'attention.out', block));
    x = add(x, feedForward(normalised(x, of('mlp.norm'), block), block));
  }
  if (wanted === undefined) x = few ? x : flatten(x);
  else if (wanted.from === 'late') x = pick(x, wanted.rows);
  return normalised(x, 'norm', { spec, parameters, layer: layers, watch });
}

const flatten = (x: Tensor): Tensor => reshape(x, [elementCount(x.shape.slice(0, 2)), x.shape[2]!]);
const pick = (x: Tensor, rows: Tensor): Tensor => gather(flatten(x), rows);

const scale = (spec: TransformerSpec) => 1 / Math.sqrt(architectureOf(spec).headWidth);

/**
 * Softmax attention within a row; a group of query heads shares a head of keys and values. `mask` [batch, 1, time, time] is
 * added to the scores.
 */
function attendWithin(spec: TransformerSpec, a: Record<'q' | 'k' | 'v' | 'mask', Tensor>): Tensor {
  const { keyValueHeads, headWidth } = architectureOf(spec);
  const [batch, , time] = a.q.shape as [Dim, Dim, Dim];
  const grouped = keyValueHeads !== spec.heads;
  const group = (x: Tensor, size: number) => reshape(x, [batch, keyValueHeads, size, time, headWidth]);
  const q = grouped ? group(a.q, spec.heads / keyValueHeads) : a.q;
  const [k, v] = grouped ? [group(a.k, 1), group(a.v, 1)] : [a.k, a.v];
  const mask = grouped ? reshape(a.mask, [batch, 1, 1, time, time]) : a.mask;
  const scores = add(mul(matmul(q, transpose(k)), scale(spec)), mask);
  return reshape(matmul(softmax(scores), v), a.q.shape);
}

/**
 * Which tokens the loss, or whoever asks, wants: all of a pass, [batch·time] of them; or those listed in the input `rows`, picked
 * `late` (before the final norm) or `early` (behind the last attention, which pays where they are few).
 */
export type Wanted = 'all' | 'late' | 'early';

/** What a graph of whole sequences reads. */
export type SequenceInputs = Readonly<Record<'tokens' | 'positions' | 'ends' | 'order', Tensor>>;

function packedInputs(): SequenceInputs {
  const perToken = (name: string) => input(name, 'int64', ['batch', 'time']);
  const order = input('order', 'int64', ['time']);
  return { tokens: perToken('tokens'), positions: perToken('positions'), ends: perToken('ends'), order };
}

/**
 * Whole sequences at once, several to a row where wanted. Inputs [batch, time]: `tokens`; `positions`, the place of each in its
 * sequence; `ends`, the place in the row up to which a token is seen by those after it; and `order` [time], 0, 1, 2, … A row of
 * one sequence has its length as every end; then attention is causal. `learns` lays it out for a pass whose gradients are wanted.
 */
export function sequenceGraph(
  spec: TransformerSpec,
  parameters: Parameters,
  {
    wanted = 'all',
    learns = false,
    inputs = packedInputs(),
  }: { wanted?: Wanted | undefined; learns?: boolean; inputs?: SequenceInputs } = {},
) {
  const { tokens, positions, ends, order } = inputs;
  const query = reshape(order, ['time', 1]);
  const future = cast(greater(reshape(order, [1, 'time']), query), 'float32');
  const seen = cast(greater(reshape(ends, ['batch', 1, 1, 'time']), query), 'float32');
  const mask = mul(add(future, sub(scalar(1), seen)), HIDDEN);
  const watch = new Watch();
  const keys: Tensor[] = [];
  const values: Tensor[] = [];
  const attend: Attend = (_, q, k, v) => {
    keys.push(k);
    values.push(v);
    return attendWithin(spec, { q, k, v, mask });
  };
  const some = wanted === 'all' ? undefined : { rows: input('rows', 'int64', ['rows']), from: wanted };
  const hidden = hiddenStates({ spec, parameters, tokens, positions, attend, watch, learns, wanted: some });
  return { hidden, keys, values, watch };
}

const projectionOf = (parameters: Parameters): Tensor =>
  transpose(parameters.get('unembedding') ?? parameters.get('embedding')!);

/** Scores of every vocabulary entry: hidden states through the output projection, which may be the embedding. */
export const logitsOf = (hidden: Tensor, parameters: Parameters): Tensor => matmul(hidden, projectionOf(parameters));

/** Log-probabilities of `targets` [rows] under hidden states [rows, width]. */
export function targetLogprobs(hidden: Tensor, parameters: Parameters, targets: Tensor, watch: Watch): Tensor {
  const logits = logitsOf(hidden, parameters);
  // Not the logits themselves: the largest array of all, and so another copy of it, since log-softmax then cannot write over it.
  watch.products(hidden, projectionOf(parameters).inputs[0]!);
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
 * layer [batch, keyValueHeads, time, d] for the cache.
 */
export function prefillOutputs(spec: TransformerSpec, parameters = parameterInputs(spec)): Record<string, Tensor> {
  const { hidden, keys, values, watch } = sequenceGraph(spec, parameters, { wanted: 'early' });
  const logits = productOfFew(hidden, projectionOf(parameters));
  watch.finite(logits);
  const outputs: Record<string, Tensor> = { logits };
  for (let layer = 0; layer < spec.layers; layer++) {
    outputs[`key${layer}`] = keys[layer]!;
    outputs[`value${layer}`] = values[layer]!;
  }
  return { ...outputs, ...watch.output() };
}

/**
 * One token per row against a cache the caller owns. Inputs: `tokens` and `positions` [batch, 1], `mask`
 * [batch, 1, 1, slots] (0 or a large negative number), `pastKey<i>`, `pastValue<i>` [batch, keyValueHeads, slots, d].
 * Outputs: `logits` [batch, vocabulary], the new `key<i>`, `value<i>` [batch, keyValueHeads, 1, d], and `overflow`.
 */
export function decodeOutputs(spec: TransformerSpec, parameters = parameterInputs(spec)): Record<string, Tensor> {
  const { keyValueHeads, headWidth } = architectureOf(spec);
  const cacheShape: Shape = ['batch', keyValueHeads, 'slots', headWidth];
  const tokens = input('tokens', 'int64', ['batch', 1]);
  const positions = input('positions', 'int64', ['batch', 1]);
  const mask = input('mask', 'float32', ['batch', 1, 1, 'slots']);
  const outputs: Record<string, Tensor> = {};
  const attend: Attend = (layer, q, k, v) => {
    outputs[`key${layer}`] = k;
    outputs[`value${layer}`] = v;
    const pastKey = input(`pastKey${layer}`, 'float32', cacheShape);
    const pastValue = input(`pastValue${layer}`, 'float32', cacheShape);
    // With one position per row, the queries that share a head of keys stand where its positions would.
    const grouped = reshape(q, ['batch', keyValueHeads, spec.heads / keyValueHeads, headWidth]);
    const mixed = attendWithPast({ q: grouped, k, v, pastKey, pastValue, mask }, scale(spec));
    return reshape(mixed, q.shape);
  };
  const watch = new Watch({ few: true });
  const hidden = hiddenStates({ spec, parameters, tokens, positions, attend, watch });
  const logits = productOfFew(hidden, projectionOf(parameters));
  watch.finite(logits);
  return { logits, ...outputs, ...watch.output() };
}

/**
 * Softmax over past and new keys together without joining the cache to the new entry, which would copy it. Scores are scaled
 * behind the mask: a product with a factor of its own misses ONNX Runtime's quick way for a single row.
 */
function attendWithPast(a: Record<'q' | 'k' | 'v' | 'pastKey' | 'pastValue' | 'mask', Tensor>, factor: number): Tensor {
  const past = mul(add(matmul(a.q, transpose(a.pastKey)), a.mask), factor);
  const own = mul(reduceSum(mul(a.q, a.k), [-1], true), factor);
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
