import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Datum, LossName, TrainableModel } from '../engine/index.ts';
import { parameterShapes } from '../model/index.ts';
import { preferenceLoss, valueLoss } from '../policy/index.ts';
import { comparisonLoss } from '../stats/index.ts';
import { readCheckpoint, writeCheckpoint } from './checkpoint.ts';
import { createEmbeddedEngine } from './index.ts';
import { adamStep, freshState } from './store.ts';

/** Against PyTorch: numbers computed by scripts/fixtures/torch_engine.py in float64. */
const fixture = JSON.parse(readFileSync(new URL('../../fixtures/torch.json', import.meta.url), 'utf8'));

const folder = mkdtempSync(join(tmpdir(), 'goodhart-torch-'));
const engine = createEmbeddedEngine({ threads: 1 });
afterAll(async () => {
  await engine.dispose();
  rmSync(folder, { recursive: true, force: true });
});

/** |got − want| in units of max(1, |want|). */
const difference = (got: number, want: number) => Math.abs(got - want) / Math.max(1, Math.abs(want));

describe('AdamW against torch.optim.AdamW', () => {
  const spec = { vocabulary: 3, width: 4, layers: 1, heads: 1, feedForward: 4, maxContext: 4, seed: 1 };
  it.each(fixture.adam.map((row: object, i: number) => [i, row]))('case %i', (...row) => {
    const { settings, start, steps } = row[1] as (typeof fixture.adam)[number];
    const arrays = (by: Record<string, number[]>) =>
      new Map(Object.entries(by).map(([name, values]) => [name, Float32Array.from(values)]));
    const state = freshState(spec, arrays(start));
    for (const step of steps) {
      const norm = adamStep(state, arrays(step.gradients), settings);
      expect(difference(norm, step.gradNorm)).toBeLessThan(1e-6);
      for (const [name, weights] of Object.entries<number[]>(step.weights)) {
        weights.forEach((want, i) => {
          expect(difference(state.weights.get(name)![i]!, want)).toBeLessThan(2e-6);
        });
      }
    }
  });
});

const { transformer } = fixture;
const spec = { ...transformer.spec, seed: 1, scalarHead: true };

interface Row extends Record<'tokens' | 'targets' | 'weights' | 'advantages' | 'logprobs', number[]> {}
const toData = (rows: readonly Row[]): Datum[] =>
  rows.map((row) => ({
    tokens: Int32Array.from(row.tokens),
    targets: Int32Array.from(row.targets),
    weights: Float32Array.from(row.weights),
    advantages: Float32Array.from(row.advantages),
    logprobs: Float32Array.from(row.logprobs),
  }));

/** A model with the weights of the fixture. */
async function startModel(scalarHead: boolean): Promise<TrainableModel> {
  const given = new Map(
    Object.entries<number[]>(transformer.weights).map(([name, values]) => [name, Float32Array.from(values)]),
  );
  const start = join(folder, `start-${scalarHead}`);
  writeCheckpoint(start, freshState({ ...spec, scalarHead }, given));
  return engine.createModel({ ...spec, scalarHead }, { from: start });
}

/** The accumulated gradient: with β₁ = 0 it is the first moment after a step. */
async function gradientOf(model: TrainableModel, name: string): Promise<ReadonlyMap<string, Float32Array>> {
  await model.optimStep({ learningRate: 0, beta1: 0 });
  const saved = join(folder, name);
  await model.saveState(saved);
  return readCheckpoint(saved).firstMoments;
}

/** What the fixture holds of a gradient: its sum, its projection on a wave, its norm. */
function threeNumbers(values: Float32Array): number[] {
  let [sum, wave, squares] = [0, 0, 0];
  for (const [i, g] of values.entries()) {
    sum += g;
    wave += g * Math.cos(0.7 * i);
    squares += g * g;
  }
  return [sum, wave, Math.sqrt(squares)];
}

describe('losses and gradients of the transformer against PyTorch', () => {
  const data = toData(transformer.data);
  const named =
    (loss: LossName) =>
    async (model: TrainableModel): Promise<number> => {
      const { clipLow, clipHigh, logprobs: expected } = transformer;
      const { loss: value, logprobs } = await model.forwardBackward(data, loss, { clipLow, clipHigh });
      for (const [i, row] of logprobs.entries()) {
        for (const [t, lp] of row.entries()) expect(difference(lp, expected[i][t])).toBeLessThan(1e-5);
      }
      return value;
    };
  const sequences = data.map((datum) => datum.tokens);
  const LOSSES: Record<string, (model: TrainableModel) => Promise<number>> = {
    cross_entropy: named('cross_entropy'),
    importance_sampling: named('importance_sampling'),
    ppo: named('ppo'),
    cispo: named('cispo'),
    dpo: async (model) => {
      const whole = data.map(({ tokens, targets }) => ({ tokens, targets }));
      const { beta, reference } = transformer;
      return (await model.forwardBackwardCustom(whole, preferenceLoss({ loss: 'dpo', beta, reference, data: whole })))
        .loss;
    },
    bradleyTerry: async (model) => {
      const { loss } = await model.forwardBackwardScalar(sequences, (scalars) => {
        const gradient = new Float32Array(scalars.length);
        let sum = 0;
        for (let i = 0; i < scalars.length; i += 2) {
          const term = comparisonLoss(scalars[i]! - scalars[i + 1]!, 1);
          sum += term.loss;
          gradient.set([term.slope, -term.slope], i);
        }
        return { loss: sum, gradient };
      });
      return loss;
    },
    value: async (model) => {
      const returns = data.map((datum) => datum.advantages!);
      return (await model.forwardBackwardValues(sequences, valueLoss({ returns }))).loss;
    },
  };

  it('covers every loss of the fixture', () => {
    expect(Object.keys(LOSSES).sort()).toEqual(Object.keys(transformer.losses).sort());
  });
  it.each(Object.keys(LOSSES))('%s', async (name) => {
    const want = transformer.losses[name];
    const model = await startModel(true);
    expect(difference(await LOSSES[name]!(model), want.loss)).toBeLessThan(1e-5);
    const gradients = await gradientOf(model, name);
    expect(Object.keys(want.gradients).length).toBeGreaterThanOrEqual(parameterShapes(spec).size - 1);
    for (const [parameter, numbers] of Object.entries<number[]>(want.gradients)) {
      const got = threeNumbers(gradients.get(parameter)!);
      for (const [i, value] of numbers.entries()) {
        const relative = Math.abs(got[i]! - value) / Math.max(1e-3, numbers[2]!);
        expect({ parameter, i, near: relative < 2e-5 }).toEqual({ parameter, i, near: true });
      }
    }
    await model.dispose();
  });
});

describe('training against PyTorch', () => {
  it('ten steps of AdamW: loss and gradient norm agree at every one, and the weights at the end', async () => {
    const model = await startModel(false);
    const { settings, steps, final } = transformer.training;
    for (const step of steps) {
      const { loss } = await model.forwardBackward(toData(step.data), 'cross_entropy');
      const { gradNorm } = await model.optimStep(settings);
      expect(difference(loss, step.loss)).toBeLessThan(2e-5);
      expect(difference(gradNorm, step.gradNorm)).toBeLessThan(2e-4);
    }
    const saved = join(folder, 'trained');
    await model.saveState(saved);
    const { weights } = readCheckpoint(saved);
    for (const [name, [sum, norm]] of Object.entries<[number, number]>(final)) {
      const got = threeNumbers(weights.get(name)!);
      expect({ name, sum: Math.abs(got[0]! - sum) < 1e-3 * norm }).toEqual({ name, sum: true });
      expect({ name, norm: Math.abs(got[2]! - norm) < 1e-4 * norm }).toEqual({ name, norm: true });
    }
    await model.dispose();
  });
});
