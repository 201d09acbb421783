import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { TrainableModel } from '../engine/index.ts';
import { runAlgorithm } from './algorithms/index.ts';
import { shareWithin } from './kl-projection.ts';
import { createLetters, LETTERS } from './letters.fake.ts';

const letters = createLetters();
const folder = mkdtempSync(join(tmpdir(), 'goodhart-projection-'));
afterAll(async () => {
  await letters.dispose();
  rmSync(folder, { recursive: true, force: true });
});

const MOST = 2;
/** Every reply of up to two letters to a prompt: stopped, or cut. */
const REPLIES = (() => {
  const tokens = [0, 1, 2, 3, 4, 5, 6, 7];
  return tokens.flatMap((first) => (first === 1 ? [[1]] : tokens.map((second) => [first, second])));
})();

/** Log-probability of every reply to a prompt: of all that the policy can say, exactly. */
async function distribution(model: TrainableModel, prompt: string): Promise<number[]> {
  const before = LETTERS.encodePrompt(prompt);
  const sampler = await model.sampler();
  const rows = await sampler.logprobs(REPLIES.map((reply) => Int32Array.from([...before, ...reply])));
  return rows.map((row) => row.subarray(before.length - 1).reduce((sum, lp) => sum + lp, 0));
}
const klOf = (policy: readonly number[], reference: readonly number[]) =>
  policy.reduce((sum, lp, i) => sum + Math.exp(lp) * (lp - reference[i]!), 0);

describe('projection to a KL budget', () => {
  it('halves its way to the largest share that fits, whatever the curve', async () => {
    const asked: number[] = [];
    const quadratic = async (share: number) => {
      asked.push(share);
      return 4 * share ** 2;
    };
    const found = await shareWithin(1, quadratic);
    expect(found.kl).toBeLessThanOrEqual(1);
    expect(found.share).toBeCloseTo(0.5, 2);
    expect(asked.length).toBe(8);
    // Nothing but the reference fits.
    expect(await shareWithin(0.1, async () => 5)).toEqual({ share: 0, kl: 0 });
  });

  it('of a policy whose replies are all listed, comes to the budget in exact KL, and to the reference at none', async () => {
    const model = await letters.model(3);
    const reference = await model.sampler({ retain: true });
    const [start, end] = [join(folder, 'start'), join(folder, 'end')];
    await model.saveState(start);
    const before = await distribution(model, 'a');
    expect(before.reduce((sum, lp) => sum + Math.exp(lp), 0)).toBeCloseTo(1, 5);
    const scores = async (_: unknown, replies: readonly string[]) =>
      replies.map((reply) => ({ mean: [...reply].filter((letter) => letter === 'b').length }));
    const settings = { steps: 25, promptsPerStep: 1, samples: 16, learningRate: 0.03, maxTokens: MOST, beta: 0 };
    const context = { model, reference, codec: LETTERS, seed: 1, scores, prompts: [{ id: 'a', text: 'a' }] };
    for await (const _ of runAlgorithm(context, { algorithm: 'rloo', ...settings } as never));
    await model.saveState(end);
    const far = klOf(await distribution(model, 'a'), before);
    expect(far).toBeGreaterThan(1);
    for (const nats of [0.8 * far, 0.5, 0.05]) {
      const klAt = async (share: number) => {
        await model.loadState(end);
        await model.interpolate(start, share);
        return klOf(await distribution(model, 'a'), before);
      };
      const found = await shareWithin(nats, klAt, 14);
      expect(await klAt(found.share)).toBe(found.kl);
      expect(found.kl).toBeLessThanOrEqual(nats);
      expect(found.kl).toBeGreaterThan(0.98 * nats);
    }
    await model.interpolate(start, 0);
    expect(klOf(await distribution(model, 'a'), before)).toBe(0);
    await reference.dispose();
    await model.dispose();
  });
});
