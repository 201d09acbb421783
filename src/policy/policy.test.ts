import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { createRng, mean } from '../stats/index.ts';
import {
  bestOfN,
  bestOfNEstimate,
  bestOfNKlBound,
  evaluatePolicy,
  groupRelative,
  k1,
  k2,
  k3,
  leaveOneOut,
  type ScoreFunction,
} from './index.ts';
import { createLetters, LETTERS } from './letters.fake.ts';

const exact = JSON.parse(readFileSync(new URL('../../fixtures/exact.json', import.meta.url), 'utf8'));
const letters = createLetters();
afterAll(() => letters.dispose());

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
  it('group advantages are standard scores, or zero where there is nothing to tell apart', () => {
    const own = (rewards: number[]) => groupRelative([rewards], 'group')[0]!;
    for (const [i, a] of own([1, 2, 3]).entries()) expect(a).toBeCloseTo([-1, 0, 1][i]!, 3);
    for (const [i, a] of own([10, Number.NaN, 30]).entries())
      expect(a).toBeCloseTo([-Math.SQRT1_2, 0, Math.SQRT1_2][i]!, 4);
    for (const flat of [[5, 5, 5], [Number.NaN, 3], []]) expect(own(flat)).toEqual(flat.map(() => 0));
    // Over the batch a prompt whose rewards differ more counts more; undivided, advantages are rewards less their mean.
    const [wide, narrow] = groupRelative(
      [
        [0, 4],
        [1, 2],
      ],
      'batch',
    );
    expect(wide![1]! / narrow![1]!).toBeCloseTo(4, 9);
    expect(
      groupRelative(
        [
          [0, 4],
          [1, 2],
          [3, 3],
        ],
        'none',
      ),
    ).toEqual([
      [-2, 2],
      [-0.5, 0.5],
      [0, 0],
    ]);
  });
  it('best of n from one pool agrees with the worked value and with its bound at n = 1', () => {
    expect(bestOfNEstimate([0.1, 0.5, 0.3, 0.9], [1, 2, 0, -1], 2)).toBeCloseTo(1 / 6, 12);
    expect(bestOfNEstimate([3, 1, 2], [3, 1, 2], 1)).toBeCloseTo(2, 12);
    expect(bestOfNEstimate([3, 1, 2], [3, 1, 2], 3)).toBeCloseTo(3, 12);
    expect(bestOfNKlBound(4)).toBeCloseTo(0.636294, 6);
  });
});

describe('evaluation and best of n', () => {
  const countOfB: ScoreFunction = async (_, replies) =>
    replies.map((reply) => ({ mean: [...reply].filter((c) => c === 'b').length }));
  const prompts = ['a', 'c'].map((text) => ({ id: `prompt ${text}`, text, split: 'evaluation' }));

  it('measures any score with KL zero at the start, and keeps the best of n', async () => {
    const model = await letters.model(6);
    const reference = await model.sampler({ retain: true });
    const sampler = await model.sampler();
    const evaluation = await evaluatePolicy({ sampler, reference, codec: LETTERS }, prompts, {
      n: 4,
      maxTokens: 4,
      seed: 1,
      scores: { b: countOfB, unsure: async (_, replies) => replies.map((_, i) => ({ mean: 0, spread: i })) },
    });
    expect(Math.abs(evaluation.kl)).toBeLessThan(1e-4);
    expect(evaluation.spread).toEqual({ b: 0, unsure: 1.5 });
    // A prompt comes back as it went in, whatever it carries.
    expect(evaluation.prompts.map(({ prompt }) => prompt.split)).toEqual(['evaluation', 'evaluation']);
    expect(evaluation.prompts[0]!.scores.b).toBeCloseTo(mean(evaluation.prompts[0]!.scored.b!), 9);
    for (const { score, pool } of await bestOfN({ sampler, codec: LETTERS, score: countOfB }, prompts, {
      n: 6,
      maxTokens: 4,
      seed: 2,
    })) {
      expect(score).toBe(Math.max(...pool.map((p) => p.score)));
    }
  });
});
