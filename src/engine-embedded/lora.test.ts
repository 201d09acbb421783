import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine, ModelSpec, TrainableModel } from '../engine/index.ts';
import { parameterCount, parametersOf, trainableParameters } from '../model/index.ts';
import { readPretrainedSpec } from '../model/node.ts';
import { readCheckpoint } from './checkpoint.ts';
import { createEmbeddedEngine } from './index.ts';

const folder = mkdtempSync(join(tmpdir(), 'goodhart-lora-'));
const from = resolve(import.meta.dirname, '../../fixtures/pretrained/llama');
const base: ModelSpec = { ...readPretrainedSpec(from), seed: 4 };
const lora = { rank: 4, alpha: 8 };
const spec: ModelSpec = { ...base, lora };
const DATA = [
  [1, 2, 3, 4, 5],
  [9, 8, 7],
  [42, 17, 3, 95, 0, 1],
].map((tokens) => ({
  tokens: Int32Array.from(tokens.slice(0, -1)),
  targets: Int32Array.from(tokens.slice(1)),
}));

describe('low-rank adapters', () => {
  let engine: Engine;
  beforeAll(() => {
    engine = createEmbeddedEngine({ threads: 1 });
  });
  afterAll(async () => {
    await engine.dispose();
    rmSync(folder, { recursive: true, force: true });
  });
  const logprobs = async (model: TrainableModel) => (await model.forward(DATA, 'cross_entropy')).logprobs;
  const train = async (model: TrainableModel, steps: number) => {
    let loss = 0;
    for (let step = 0; step < steps; step++) {
      loss = (await model.forwardBackward(DATA, 'cross_entropy')).loss;
      await model.optimStep({ learningRate: 1e-2, weightDecay: 0.01 });
    }
    return loss;
  };

  it('start as the base model, bit for bit', async () => {
    const [plain, adapted] = [await engine.createModel(base, { from }), await engine.createModel(spec, { from })];
    expect(await logprobs(adapted)).toEqual(await logprobs(plain));
  });

  it('learn alone: every base weight keeps its bits, every adapter moves, and moments exist for adapters only', async () => {
    const model = await engine.createModel(spec, { from });
    const path = join(folder, 'trained');
    await model.saveState(path);
    const before = readCheckpoint(path);
    const first = await train(model, 1);
    expect(await train(model, 20)).toBeLessThan(first / 2);
    await model.saveState(path);
    const after = readCheckpoint(path);
    for (const { name, role } of parametersOf(spec)) {
      if (role === 'adapter') expect(after.weights.get(name), name).not.toEqual(before.weights.get(name));
      else expect(after.weights.get(name), name).toEqual(before.weights.get(name));
    }
    const adapters = trainableParameters(spec).map(({ name }) => name);
    expect([...after.firstMoments.keys()]).toEqual(adapters);
    const trained = parameterCount(spec) - parameterCount(base);
    const binary = readdirSync(path).find((file) => file.endsWith('.bin'))!;
    expect(statSync(join(path, binary)).size).toBe(4 * (parameterCount(spec) + 2 * trained));
  });

  it('merged into the weights they give the same log-probabilities', async () => {
    const model = await engine.createModel(spec, { from });
    await train(model, 5);
    const path = join(folder, 'to-merge');
    await model.saveState(path);
    const merged = await engine.createModel(base, { from: path });
    const [want, got, start] = await Promise.all(
      [model, merged, await engine.createModel(base, { from })].map(logprobs),
    );
    let moved = 0;
    for (const [i, row] of want!.entries()) {
      for (const [t, value] of row.entries()) {
        expect(Math.abs(got![i]![t]! - value)).toBeLessThan(1e-4);
        moved = Math.max(moved, Math.abs(start![i]![t]! - value));
      }
    }
    expect(moved).toBeGreaterThan(0.1);
  });

  it('continue from a checkpoint to the same bits; other adapters are refused', async () => {
    const [whole, first] = [await engine.createModel(spec, { from }), await engine.createModel(spec, { from })];
    const path = join(folder, 'resume');
    await train(whole, 6);
    await train(first, 3);
    await first.saveState(path);
    const second = await engine.createModel(spec, { from });
    await second.loadState(path);
    await train(second, 3);
    expect(await logprobs(second)).toEqual(await logprobs(whole));
    const other = { ...base, lora: { rank: 2, alpha: 8 } };
    await expect(engine.createModel(other, { from: path })).rejects.toThrow(/lora .*"rank":4.* instead of .*"rank":2/);
    const plain = await engine.createModel(base, { from });
    await expect(plain.loadState(path)).rejects.toThrow(/lora .* instead of undefined/);
  });

  it('train beside a scalar head, which is trained too', async () => {
    const model = await engine.createModel({ ...spec, scalarHead: true }, { from });
    const path = join(folder, 'reward');
    await model.saveState(path);
    const before = readCheckpoint(path).weights.get('scalarHead');
    const sequences = DATA.map(({ tokens }) => tokens);
    const target = (scalars: Float32Array) => ({ loss: 0, gradient: scalars.map((v, i) => v - i) });
    const pass = async () => (await model.forwardBackwardScalar(sequences, target)).scalars;
    for (let step = 0; step < 60; step++) {
      await pass();
      await model.optimStep({ learningRate: 2e-2 });
    }
    for (const [i, value] of (await pass()).entries()) expect(Math.abs(value - i)).toBeLessThan(0.2);
    await model.saveState(path);
    expect(readCheckpoint(path).weights.get('scalarHead')).not.toEqual(before);
  });

  it('says what is wrong with an adapter before anything is made', async () => {
    const make = (targets: string[]) => engine.createModel({ ...base, lora: { ...lora, targets } }, { from });
    await expect(make(['attention.z'])).rejects.toThrow(/attention.z is no linear layer/);
    const adapter = resolve(from, '../llama-lora');
    await expect(engine.createModel(base, { from, adapter })).rejects.toThrow(/no adapters; create it with lora/);
    await expect(engine.createModel(base, { from: folder })).rejects.toThrow(/expected a checkpoint folder/);
    const wider = { ...base, feedForward: 44 };
    await expect(engine.createModel(wider, { from })).rejects.toThrow(/feedForward 40 instead of 44/);
  });
});
