import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { TrainableModel } from '../engine/index.ts';
import { parameterShapes, scalarGradientOutputs, tokenLossOutputs } from '../model/index.ts';
import { preferenceLoss } from '../policy/index.ts';
import { comparisonLoss } from '../stats/index.ts';
import {
  evaluate,
  gradients,
  input,
  matmul,
  mul,
  type NdArray,
  neg,
  reduceSum,
  reshape,
  softplus,
  sub,
  type Tensor,
} from '../tensor/index.ts';
import { topologicalOrder } from '../tensor/tensor.ts';
import { readCheckpoint } from './checkpoint.ts';
import { createEmbeddedEngine } from './index.ts';

/** Losses in two passes (numbers out, gradients back in) against one graph that holds the whole loss. */

const folder = mkdtempSync(join(tmpdir(), 'goodhart-exact-'));
const engine = createEmbeddedEngine({ threads: 1 });
afterAll(async () => {
  await engine.dispose();
  rmSync(folder, { recursive: true, force: true });
});

const spec = {
  ...{ vocabulary: 11, width: 16, layers: 2, heads: 2, feedForward: 24, maxContext: 16, seed: 5 },
  scalarHead: true,
};
const BETA = 0.4;
/** Chosen and rejected in turn. */
const LENGTHS = [7, 3, 5, 6, 2, 7];
const [ROWS, PAIRS, TIME] = [LENGTHS.length, LENGTHS.length / 2, Math.max(...LENGTHS)];
const ids = LENGTHS.map((length, r) =>
  Int32Array.from({ length: length + 1 }, (_, t) => (5 * r + 3 * t + r * t) % spec.vocabulary),
);
const data = ids.map((row) => ({ tokens: row.slice(0, -1), targets: row.slice(1) }));
const reference = LENGTHS.map((length, r) => Float32Array.from({ length }, (_, t) => -2.4 + 0.3 * Math.sin(r + t)));

/** Right-padded with zeros, as [rows, time]. */
const padded = (value: (r: number, t: number) => number): NdArray => ({
  shape: [ROWS, TIME],
  data: Float64Array.from({ length: ROWS * TIME }, (_, i) => {
    const [r, t] = [Math.floor(i / TIME), i % TIME];
    return t < LENGTHS[r]! ? value(r, t) : 0;
  }),
});
/** The same as one list, which is how a pass takes and gives what belongs to its tokens. */
const listed = (value: (r: number, t: number) => number): NdArray => ({
  shape: [ROWS * TIME],
  data: padded(value).data,
});
const unpadded = ({ data: values }: NdArray) => LENGTHS.map((length, r) => values.slice(r * TIME, r * TIME + length));
const batch: Record<string, NdArray> = {
  tokens: padded((r, t) => data[r]!.tokens[t]!),
  targets: listed((r, t) => data[r]!.targets[t]!),
  positions: { shape: [ROWS, TIME], data: Float64Array.from({ length: ROWS * TIME }, (_, i) => i % TIME) },
  ends: { shape: [ROWS, TIME], data: new Float64Array(ROWS * TIME).fill(TIME) },
  order: { shape: [TIME], data: Float64Array.from({ length: TIME }, (_, t) => t) },
  mask: padded(() => 1),
  last: padded((r, t) => Number(t === LENGTHS[r]! - 1)),
  reference: padded((r, t) => reference[r]![t]!),
  pairs: {
    shape: [PAIRS, ROWS],
    data: Float64Array.from({ length: PAIRS * ROWS }, (_, i) => {
      const [pair, row] = [Math.floor(i / ROWS), i % ROWS];
      return row === 2 * pair ? 1 : row === 2 * pair + 1 ? -1 : 0;
    }),
  },
};
const perToken = (name: string) => input(name, 'float32', ['batch', 'time']);
const inRows = (values: Tensor) => reshape(values, ['batch', 'time'], perToken('mask'));

/** Σ over pairs of −log σ(β · (first − second)), where each is the sum of a row: one graph. */
function logisticOfRows(values: Tensor, beta: number): Tensor {
  const sums = reshape(reduceSum(values, [1]), ['batch', 1]);
  const differences = matmul(input('pairs', 'float32', [PAIRS, 'batch']), sums);
  return reduceSum(softplus(neg(mul(differences, beta))));
}

/** Gradients of a scalar by the names of the parameters it depends on, in float64. */
function gradientsOf(loss: Tensor, feeds: Record<string, NdArray>): Map<string, Float64Array> {
  const shapes = parameterShapes(spec);
  const parameters = topologicalOrder([loss]).filter(
    (node) => node.op === 'input' && shapes.has((node.attributes as { name: string }).name),
  );
  const values = evaluate(gradients(loss, parameters), feeds);
  return new Map(parameters.map((node, i) => [(node.attributes as { name: string }).name, values[i]!.data]));
}

/** Weights of a model as the evaluator takes them, and its accumulated gradient (the first moment when β₁ = 0). */
async function read(model: TrainableModel, name: string) {
  await model.optimStep({ learningRate: 0, beta1: 0 });
  const path = join(folder, name);
  await model.saveState(path);
  const { weights, firstMoments } = readCheckpoint(path);
  const feeds = Object.fromEntries(
    [...weights].map(([key, values]) => [
      key,
      { shape: parameterShapes(spec).get(key)!, data: Float64Array.from(values) },
    ]),
  );
  return { feeds, gradient: firstMoments };
}

/** Largest difference of two gradients in units of the second one's norm. */
function gap(got: ReadonlyMap<string, ArrayLike<number>>, want: ReadonlyMap<string, Float64Array>): number {
  const norm = Math.sqrt([...want.values()].reduce((sum, g) => sum + g.reduce((s, v) => s + v * v, 0), 0));
  let largest = 0;
  for (const [name, values] of want)
    for (const [i, v] of values.entries()) largest = Math.max(largest, Math.abs(v - got.get(name)![i]!));
  return largest / norm;
}

/** A model some steps from its start, so that gradients are not small. */
async function trained(): Promise<TrainableModel> {
  const model = await engine.createModel(spec);
  for (let step = 0; step < 3; step++) {
    await model.forwardBackward(data, 'cross_entropy');
    await model.optimStep({ learningRate: 1e-2 });
  }
  return model;
}

describe('forwardBackwardCustom is the direct graph', () => {
  it('for DPO: in float64 to 1e-7, through the engine to float32', async () => {
    const model = await trained();
    const custom = preferenceLoss({ loss: 'dpo', beta: BETA, data, reference });
    const { loss } = await model.forwardBackwardCustom(data, custom);
    const { feeds: weights, gradient } = await read(model, 'dpo');
    const feeds = { ...weights, ...batch };

    const outputs = tokenLossOutputs(spec, 'cross_entropy');
    const direct = logisticOfRows(mul(perToken('mask'), sub(inRows(outputs.logprobs!), perToken('reference'))), BETA);
    const want = gradientsOf(direct, feeds);
    const [value, logprobs] = evaluate([direct, outputs.logprobs!], feeds);
    expect(Math.abs(loss - value!.data[0]!)).toBeLessThan(1e-5);

    const { gradients: slopes } = custom(unpadded(logprobs!));
    const twoPass = gradientsOf(outputs.loss!, { ...feeds, weights: listed((r, t) => -slopes[r]![t]!) });
    expect(gap(twoPass, want)).toBeLessThan(1e-7);
    expect(gap(gradient, want)).toBeLessThan(1e-6);
    await model.dispose();
  });

  it('for Bradley–Terry on the scalar head', async () => {
    const model = await trained();
    const custom = (scalars: ArrayLike<number>) => {
      const terms = Array.from({ length: PAIRS }, (_, p) => comparisonLoss(scalars[2 * p]! - scalars[2 * p + 1]!, 1));
      const gradient = Float32Array.from(terms.flatMap(({ slope }) => [slope, -slope]));
      return { loss: terms.reduce((sum, term) => sum + term.loss, 0), gradient };
    };
    const { loss } = await model.forwardBackwardScalar(
      data.map((d) => d.tokens),
      custom,
    );
    const { feeds: weights, gradient } = await read(model, 'bradley-terry');
    const feeds = { ...weights, ...batch };

    const outputs = scalarGradientOutputs(spec);
    const direct = logisticOfRows(mul(perToken('last'), inRows(outputs.scalars!)), 1);
    const want = gradientsOf(direct, feeds);
    const [value, scalars] = evaluate([direct, outputs.scalars!], feeds);
    expect(Math.abs(loss - value!.data[0]!)).toBeLessThan(1e-5);

    const slopes = custom(unpadded(scalars!).map((row) => row.at(-1)!)).gradient;
    const seeds = listed((r, t) => (t === LENGTHS[r]! - 1 ? slopes[r]! : 0));
    expect(gap(gradientsOf(outputs.loss!, { ...feeds, seeds }), want)).toBeLessThan(1e-7);
    expect(gap(gradient, want)).toBeLessThan(1e-6);
    await model.dispose();
  });
});
