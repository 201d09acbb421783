import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { TrainableModel } from '../engine/index.ts';
import { createEmbeddedEngine } from '../engine-embedded/index.ts';
import { createRng, mean, permutationTest } from '../stats/index.ts';
import {
  bestOfN,
  bestOfNEstimate,
  bestOfNKlBound,
  type Codec,
  evaluatePolicy,
  k1,
  k2,
  k3,
  leaveOneOut,
  type PolicyContext,
  rloo,
  type ScoreFunction,
  supervised,
} from './index.ts';

const exact = JSON.parse(readFileSync(new URL('../../fixtures/exact.json', import.meta.url), 'utf8'));
const engine = createEmbeddedEngine({ threads: 1 });
afterAll(() => engine.dispose());

/** Letters a to f are ids 2 to 7; 0 starts, 1 ends. */
const codec: Codec = {
  encodePrompt: (prompt) => Int32Array.from([0, ...[...prompt].map((c) => c.charCodeAt(0) - 95)]),
  encodeReply: (reply) => Int32Array.from([...[...reply].map((c) => c.charCodeAt(0) - 95), 1]),
  decodeReply: (tokens) =>
    [...tokens]
      .filter((t) => t > 1)
      .map((t) => String.fromCharCode(t + 95))
      .join(''),
  stop: [1],
};
const spec = (seed: number) => ({
  vocabulary: 8,
  width: 16,
  layers: 1,
  heads: 2,
  feedForward: 24,
  maxContext: 12,
  seed,
});
const countOfB: ScoreFunction = async (_, replies) =>
  replies.map((reply) => ({ mean: [...reply].filter((c) => c === 'b').length }));
const config = {
  steps: 12,
  promptsPerStep: 2,
  samples: 8,
  beta: 0.01,
  learningRate: 0.02,
  maxTokens: 4,
  missingEosPenalty: 0,
};

async function context(
  seed: number,
  score: ScoreFunction = countOfB,
): Promise<PolicyContext & { model: TrainableModel }> {
  const model = await engine.createModel(spec(seed));
  const reference = await model.sampler({ retain: true });
  return { model, reference, codec, prompts: ['a', 'c', 'e'], score, seed };
}
async function finish(steps: AsyncIterable<{ metrics: Readonly<Record<string, number>> }>) {
  const all = [];
  for await (const { metrics } of steps) all.push(metrics);
  return all;
}
const fingerprint = async (model: TrainableModel) => {
  const data = [{ tokens: Int32Array.of(0, 2, 3), targets: Int32Array.of(2, 3, 4) }];
  return [...(await model.forward(data, 'cross_entropy')).logprobs[0]!];
};

describe('estimators', () => {
  it('k1 and k3 are unbiased and k2 is not, with the published spread', () => {
    const rng = createRng(1);
    for (const [mu, truth, row] of exact.klEstimators['q=N(0,1),p=N(mu,1)'] as [
      number,
      number,
      Record<string, number>,
    ][]) {
      // Samples of q; log-ratio log q − log p.
      const ratios = Array.from({ length: 40_000 }, () => rng.normal()).map((x) => mu ** 2 / 2 - mu * x);
      const noise = (5 * row.k1StdOverTrue! * truth) / Math.sqrt(ratios.length);
      expect(Math.abs(mean(ratios.map(k1)) - truth)).toBeLessThan(noise);
      expect(Math.abs(mean(ratios.map(k3)) - truth)).toBeLessThan(noise);
      expect(Math.abs(mean(ratios.map(k2)) - truth * (1 + row.k2BiasOverTrue!))).toBeLessThan(noise);
    }
  });
  it('leave-one-out equals n/(n − 1) times the centred reward, sums to zero, and ignores a constant shift', () => {
    const rewards = fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 2, maxLength: 8 });
    fc.assert(
      fc.property(rewards, fc.integer({ min: -3, max: 3 }), (r, shift) => {
        const { advantages } = leaveOneOut(r);
        for (const [i, a] of advantages.entries())
          expect(a).toBeCloseTo((r.length / (r.length - 1)) * (r[i]! - mean(r)), 9);
        for (const [i, a] of leaveOneOut(r.map((v) => v + shift)).advantages.entries())
          expect(a).toBeCloseTo(advantages[i]!, 9);
      }),
    );
    expect(leaveOneOut([0.1, 0.1, 0.1]).advantages).toEqual([0, 0, 0]);
    expect(leaveOneOut([1, Number.NaN, 3])).toEqual({ advantages: [-2, 0, 2], unscored: 1 });
  });
  it('best of n from one pool agrees with the worked value and with its bound at n = 1', () => {
    expect(bestOfNEstimate([0.1, 0.5, 0.3, 0.9], [1, 2, 0, -1], 2)).toBeCloseTo(1 / 6, 12);
    expect(bestOfNEstimate([3, 1, 2], [3, 1, 2], 1)).toBeCloseTo(2, 12);
    expect(bestOfNEstimate([3, 1, 2], [3, 1, 2], 3)).toBeCloseTo(3, 12);
    expect(bestOfNKlBound(4)).toBeCloseTo(0.636294, 6);
  });
});

describe('RLOO', () => {
  it('learns: reward rises over seeds by a permutation test, KL is measured, ratios are one', async () => {
    const before: number[] = [];
    const after: number[] = [];
    for (let seed = 1; seed <= 5; seed++) {
      const run = await context(seed);
      const metrics = await finish(rloo(run, config));
      before.push(metrics[0]!['objective/scores']!);
      after.push(metrics.at(-1)!['objective/scores']!);
      expect(Math.abs(metrics[0]!['objective/kl']!)).toBeLessThan(1e-3);
      expect(metrics.at(-1)!['objective/kl']!).toBeGreaterThan(0.05);
      for (const m of metrics) expect(m['policy/approxkl']!).toBeLessThan(1e-6);
      await run.model.dispose();
    }
    expect(permutationTest(before, after, { uniform: createRng(1).uniform })).toBeLessThan(0.02);
  });
  it('a constant added to every score changes nothing', async () => {
    const plain = await context(3);
    const shifted = await context(3, async (p, replies) =>
      (await countOfB(p, replies)).map((s) => ({ mean: s.mean + 4 })),
    );
    await finish(rloo(plain, { ...config, steps: 2 }));
    await finish(rloo(shifted, { ...config, steps: 2 }));
    const [a, b] = [await fingerprint(plain.model), await fingerprint(shifted.model)];
    for (const [i, v] of a.entries()) expect(b[i]).toBeCloseTo(v, 4);
  });
  it('equal scores take no step when KL costs nothing', async () => {
    const run = await context(4, async (_, replies) => replies.map(() => ({ mean: 1 })));
    const before = await fingerprint(run.model);
    const [metrics] = await finish(rloo(run, { ...config, steps: 1, beta: 0 }));
    expect(metrics!.frac_reward_zero_std).toBe(1);
    expect(await fingerprint(run.model)).toEqual(before);
  });
  it('a resumed run is the uninterrupted one, bit for bit', async () => {
    const whole = await context(5);
    await finish(rloo(whole, { ...config, steps: 4 }));
    const parts = await context(5);
    await finish(rloo(parts, { ...config, steps: 2 }));
    await finish(rloo({ ...parts, fromStep: 2 }, { ...config, steps: 4 }));
    expect(await fingerprint(parts.model)).toEqual(await fingerprint(whole.model));
  });
});

describe('supervised learning, evaluation and best of n', () => {
  it('learns replies, not prompts, and repeats with the seed', async () => {
    const examples = [
      { prompt: 'a', reply: 'bb' },
      { prompt: 'c', reply: 'dd' },
      { prompt: 'e', reply: 'ff' },
    ];
    const settings = { steps: 60, batch: 3, learningRate: 0.02, seed: 1 };
    const losses = [];
    let prints: number[][] = [];
    for (let i = 0; i < 2; i++) {
      const model = await engine.createModel(spec(1));
      losses.push((await finish(supervised({ model, codec, examples }, settings))).map((m) => m.loss!));
      prints = [...prints, await fingerprint(model)];
    }
    expect(losses[0]!.at(-1)!).toBeLessThan(losses[0]![0]! / 4);
    expect(prints[0]).toEqual(prints[1]);
  });
  it('measures any score with KL zero at the start, and keeps the best of n', async () => {
    const { model, reference } = await context(6);
    const sampler = await model.sampler();
    const evaluation = await evaluatePolicy({ sampler, reference, codec }, ['a', 'c'], {
      n: 4,
      maxTokens: 4,
      seed: 1,
      scores: { b: countOfB },
    });
    expect(Math.abs(evaluation.kl)).toBeLessThan(1e-4);
    expect(evaluation.prompts[0]!.scores.b).toBeCloseTo(mean(evaluation.prompts[0]!.scored.b!), 9);
    for (const { score, pool } of await bestOfN({ sampler, codec, score: countOfB }, ['a', 'c'], {
      n: 6,
      maxTokens: 4,
      seed: 2,
    })) {
      expect(score).toBe(Math.max(...pool.map((p) => p.score)));
    }
  });
});
