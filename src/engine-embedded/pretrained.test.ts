import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine, ModelSpec } from '../engine/index.ts';
import { readAdapterLora, readPretrainedSpec } from '../model/node.ts';
import { createEmbeddedEngine } from './index.ts';

/** Answers of another implementation on tiny models of every family (scripts/fixtures/pretrained.py). */
const FOLDER = resolve(import.meta.dirname, '../../fixtures/pretrained');
interface Answer {
  readonly prompt: number[];
  readonly logits?: number[][];
  readonly greedy?: number[];
  readonly score?: number;
}
const { models } = JSON.parse(readFileSync(join(FOLDER, 'expected.json'), 'utf8')) as {
  models: Record<string, Answer[]>;
};

const logSoftmax = (row: readonly number[]) => {
  const top = Math.max(...row);
  const log = top + Math.log(row.reduce((sum, x) => sum + Math.exp(x - top), 0));
  return row.map((x) => x - log);
};

describe('published models', () => {
  let engine: Engine;
  beforeAll(() => {
    engine = createEmbeddedEngine({ threads: 1 });
  });
  afterAll(() => engine.dispose());

  /** A model of the fixtures; the adapter on the model it was made for. */
  const open = async (name: string) => {
    const from = join(FOLDER, name === 'llama-lora' ? 'llama' : name);
    const spec: ModelSpec = { ...readPretrainedSpec(from), seed: 1 };
    if (name === 'llama-reward') return engine.createModel({ ...spec, scalarHead: true }, { from });
    if (name !== 'llama-lora') return engine.createModel(spec, { from });
    const adapter = join(FOLDER, name);
    return engine.createModel({ ...spec, lora: readAdapterLora(adapter, spec) }, { from, adapter });
  };

  it.each(Object.keys(models).filter((name) => name !== 'llama-reward'))(
    '%s: log-probabilities of every token at every position, and greedy tokens, are those of another implementation',
    async (name) => {
      const model = await open(name);
      const sampler = await model.sampler();
      for (const { prompt, logits, greedy } of models[name]!) {
        // The same prompt once for each vocabulary entry as target gives the whole table of log-probabilities.
        const tokens = Int32Array.from(prompt);
        const data = logits![0]!.map((_, target) => ({ tokens, targets: tokens.map(() => target) }));
        const { logprobs } = await model.forward(data, 'cross_entropy');
        for (const [at, row] of logits!.entries()) {
          for (const [target, want] of logSoftmax(row).entries()) {
            expect(Math.abs(logprobs[target]![at]! - want)).toBeLessThan(1e-4);
          }
        }
        const params = { maxTokens: greedy!.length, temperature: 0, stop: [], n: 1, seed: 1 };
        const [samples] = await sampler.sample([tokens], params);
        expect([...samples![0]!.tokens]).toEqual(greedy);
      }
      await model.dispose();
    },
  );

  it('a published reward model gives the scores of another implementation', async () => {
    const model = await open('llama-reward');
    const sampler = await model.sampler();
    for (const { prompt, score } of models['llama-reward']!) {
      const [row] = await sampler.scalars([Int32Array.from(prompt)]);
      expect(Math.abs(row!.at(-1)! - score!)).toBeLessThan(1e-4);
    }
  });
});
