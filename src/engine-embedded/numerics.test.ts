import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { ModelSpec, Sampler, TrainableModel } from '../engine/index.ts';
import { parameterShapes } from '../model/index.ts';
import { canonicalJson, NumericsError } from '../run/index.ts';
import { writeCheckpoint } from './checkpoint.ts';
import { createEmbeddedEngine } from './index.ts';
import { freshState } from './store.ts';

/** Planted NaN and overflow: the error names tensor, operator and step, and nothing has changed. */

const spec = {
  ...{ vocabulary: 7, width: 8, layers: 2, heads: 2, feedForward: 12, maxContext: 8, seed: 2 },
  scalarHead: true,
};
const data = [
  { tokens: Int32Array.of(0, 1, 2), targets: Int32Array.of(1, 2, 3) },
  { tokens: Int32Array.of(4), targets: Int32Array.of(5) },
];
const sequences = data.map((datum) => datum.tokens);
const weighted = (weight: number) =>
  data.map((datum) => ({ ...datum, weights: new Float32Array(datum.tokens.length).fill(weight) }));

const folder = mkdtempSync(join(tmpdir(), 'goodhart-numerics-'));
const engine = createEmbeddedEngine({ threads: 1 });
afterAll(async () => {
  await engine.dispose();
  rmSync(folder, { recursive: true, force: true });
});

/** A model two steps old with one matrix changed: by a forged checkpoint, since none is written that is not finite. */
async function planted(
  name: string,
  change: (value: number, i: number) => number,
  family: ModelSpec = spec,
): Promise<TrainableModel> {
  const path = mkdtempSync(join(folder, 'planted-'));
  writeCheckpoint(path, { ...freshState(family), step: 2 });
  const { sha256: _, ...card } = JSON.parse(readFileSync(join(path, 'state.json'), 'utf8'));
  const binary = join(path, readdirSync(path).find((file) => file.endsWith('.bin'))!);
  const bytes = readFileSync(binary);
  let offset = 0;
  for (const [parameter, shape] of parameterShapes(family)) {
    const size = shape.reduce((product, dim) => product * dim, 1);
    for (let i = 0; parameter === name && i < size; i++) {
      bytes.writeFloatLE(change(bytes.readFloatLE(offset + 4 * i), i), offset + 4 * i);
    }
    offset += 4 * size;
  }
  const sha256 = createHash('sha256').update(canonicalJson(card)).update(bytes).digest('hex');
  rmSync(binary);
  writeFileSync(join(path, `state-${sha256.slice(0, 16)}.bin`), bytes);
  writeFileSync(join(path, 'state.json'), JSON.stringify({ ...card, sha256 }));
  const model = await engine.createModel(family);
  await model.loadState(path);
  return model;
}

async function numericsError(call: () => Promise<unknown>): Promise<NumericsError> {
  const error = await call().then(
    () => undefined,
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(NumericsError);
  return error as NumericsError;
}

describe('a weight that is not finite', () => {
  it.each([Number.NaN, Number.POSITIVE_INFINITY])('%s is named by every call that meets it', async (value) => {
    const model = await planted('layer1.mlp.down', (v, i) => (i === 3 ? value : v));
    const sampler = await model.sampler();
    const calls: Record<string, () => Promise<unknown>> = {
      loss: () => model.forward(data, 'cross_entropy'),
      scalars: () => model.forwardBackwardScalar(sequences, (s) => ({ loss: 0, gradient: s })),
      logits: () => sampler.sample(sequences, { maxTokens: 2, stop: [], n: 2, seed: 1 }),
      logprobs: () => sampler.logprobs([Int32Array.of(1, 2, 3)]),
    };
    for (const [tensor, call] of Object.entries(calls)) {
      const error = await numericsError(call);
      expect({ tensor: error.tensor, operator: error.operator, step: error.step }).toEqual({
        tensor,
        operator: 'input',
        step: 2,
      });
      expect(error.message).toMatch(
        new RegExp(
          `^${tensor} at step 2: .*it began in input layer1\\.mlp\\.down \\[12, 8\\], whose element 3 is ${value}$`,
        ),
      );
    }
    await model.dispose();
  });
});

describe('an overflow that later operators hide', () => {
  const gpt2 = { norm: 'layer', positions: 'learned', activation: 'gelu', biases: 'all' } as const;
  const one = [Int32Array.of(0, 1, 2, 3)];
  const calls = (model: TrainableModel, sampler: Sampler): Record<string, () => Promise<unknown>> => ({
    loss: () => model.forward(data, 'cross_entropy'),
    gradient: () => model.forwardBackward(data, 'cross_entropy'),
    scalars: () => model.forwardBackwardScalar(sequences, (s) => ({ loss: 0, gradient: s })),
    drawn: () => sampler.sample(one, { maxTokens: 2, stop: [], n: 9, seed: 1 }),
    greedy: () => sampler.sample(one, { maxTokens: 2, stop: [], n: 1, seed: 1, temperature: 0 }),
    logprobs: () => sampler.logprobs(one),
  });
  /** A changed matrix, the architecture, and where the overflow is said to begin. */
  const cases: [string, ModelSpec, string, (value: number, i: number) => number, RegExp, string][] = [
    // A finite row whose mean square is infinite: the norm behind it gives zeros.
    [
      'of a root mean square',
      spec,
      'embedding',
      (v) => 1e24 * v,
      /rmsInverse \[batch, time, 1\] over .*norm/,
      'rmsInverse',
    ],
    [
      'of a variance',
      { ...spec, architecture: gpt2 },
      'embedding',
      (v) => 1e24 * v,
      /mul \[batch, time, 8\] over .*/,
      'mul',
    ],
    // Scores of −∞ beside finite ones: softmax makes them zeros.
    [
      'of a score to −∞',
      { ...spec, heads: 1 },
      'layer0.attention.qkv',
      (v, i) => (i % 24 < 8 ? 3e20 : i % 24 < 16 ? -3e20 * (i < 24 ? 1 : 1e-3) : v),
      /matmul \[batch, 1, time, time\] over/,
      'matmul',
    ],
  ];
  it.each(cases)('%s is named by every call that meets it', async (_, family, matrix, change, where, operator) => {
    const model = await planted(matrix, change, family);
    const sampler = await model.sampler();
    for (const [name, call] of Object.entries(calls(model, sampler))) {
      const error = await numericsError(call);
      expect({ name, operator: error.operator, step: error.step }).toEqual({ name, operator, step: 2 });
      expect(error.message).toMatch(where);
    }
    await model.dispose();
  });

  it('is told from numbers that only its bound cannot hold', async () => {
    // Squares beyond float32 in the sum over all tokens, while every number of the network is finite.
    const model = await planted('layer0.attention.qkv', (v, i) => (i % 24 < 16 ? 1e19 * Math.sign(v) * 1e-3 : v));
    const { loss } = await model.forward(data, 'cross_entropy');
    expect(Number.isFinite(loss)).toBe(true);
    await model.dispose();
  });
});

describe('numbers that overflow', () => {
  it('in the network: the operator, its shape and what it reads are named', async () => {
    const model = await planted('layer0.attention.qkv', (v) => 1e22 * v);
    const error = await numericsError(() => model.forwardBackward(data, 'cross_entropy'));
    const { tensor, operator, step } = error;
    expect({ tensor, operator, step }).toEqual({ tensor: 'loss', operator: 'matmul', step: 2 });
    expect(error.message).toMatch(/it began in matmul \[batch, 2, time, time\] over .*whose element \d+ is -?Infinity/);
    await model.dispose();
  });

  it('in the loss', async () => {
    const model = await engine.createModel(spec);
    const error = await numericsError(() => model.forwardBackward(weighted(3e38), 'cross_entropy'));
    expect(error.message).toMatch(/^loss at step 0: .*it began in (mul|reduceSum) .*weights.*Infinity/);
    await model.dispose();
  });

  it('in the square of a gradient: refused before a weight has moved', async () => {
    const model = await engine.createModel(spec);
    const before = (await model.forward(data, 'cross_entropy')).logprobs;
    for (let i = 0; i < 2; i++) await model.forwardBackward(weighted(1e25), 'cross_entropy');
    const error = await numericsError(() => model.optimStep({ learningRate: 0.01 }));
    expect({ operator: error.operator, step: error.step }).toEqual({ operator: 'AdamW', step: 0 });
    expect(error.message).toMatch(/^grad:\S+ at step 0: element \d+ of the accumulated gradient is/);
    expect((await model.forward(data, 'cross_entropy')).logprobs).toEqual(before);
    // What was refused is gone; the next step is an ordinary one, and clipping makes a large gradient one as well.
    await model.forwardBackward(data, 'cross_entropy');
    expect((await model.optimStep({ learningRate: 0.01 })).gradNorm).toBeLessThan(10);
    await model.forwardBackward(weighted(1e25), 'cross_entropy');
    expect((await model.optimStep({ learningRate: 0.01, gradClipNorm: 1 })).gradNorm).toBeGreaterThan(1e20);
    expect((await model.forward(data, 'cross_entropy')).loss).toBeLessThan(100);
    await model.dispose();
  });

  it('by a learning rate beyond all bounds: the weights it ruined are not saved, and the next call names one', async () => {
    const model = await engine.createModel(spec);
    await model.forwardBackward(data, 'cross_entropy');
    await model.optimStep({ learningRate: 1e39 });
    const path = join(folder, 'ruined');
    expect((await numericsError(() => model.saveState(path))).message).toMatch(
      /^embedding at step 1: .* was not saved/,
    );
    const error = await numericsError(() => model.forward(data, 'cross_entropy'));
    expect({ operator: error.operator, step: error.step }).toEqual({ operator: 'input', step: 1 });
    await model.dispose();
  });
});
