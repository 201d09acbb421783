import { describe, expect, it } from 'vitest';
import { createRng } from '../../stats/index.ts';
import { evaluateScores, scorePairs } from '../evaluate.ts';
import { SURFACE } from '../features.ts';
import { observePair } from '../observe.ts';
import { syntheticPairs } from '../synthetic.fake.ts';
import { fitLinearReward } from './linear.ts';

const observed = (seed: number, n: number, position = 0) => syntheticPairs(seed, n, position).flatMap(observePair);

describe('the linear family', () => {
  it('learns what matters, gives places no part in it, and beats length', async () => {
    const model = fitLinearReward(observed(1, 800, 1), { ridge: 1, position: true });
    const [good, plain, bad] = model.scoreNow(['boat pier good', 'boat pier plain', 'boat pier bad']);
    expect(good).toBeGreaterThan(plain!);
    expect(plain).toBeGreaterThan(bad!);
    expect(new Map(model.state.nuisances).get('position')).toBeGreaterThan(0.4);
    const evaluation = evaluateScores(await scorePairs(model, syntheticPairs(2, 600, 1)), { logOdds: 1 });
    expect(evaluation.marginOverLength.interval.low).toBeGreaterThan(0.1);
    expect(evaluation.baselines.positionOnly!.accuracy).toBeGreaterThan(0.55);
  });

  it('does not change when every comparison is written the other way round', () => {
    const pairs = syntheticPairs(3, 200);
    const swapped = pairs.map((p) => ({
      ...p,
      first: p.second,
      second: p.first,
      target: 1 - p.target,
      firstShownFirst: !p.firstShownFirst,
    }));
    const texts = pairs.slice(0, 20).map((p) => p.first);
    const [a, b] = [pairs, swapped].map((own) => fitLinearReward(own.flatMap(observePair), { ridge: 1 }));
    for (const [i, score] of a!.scoreNow(texts).entries()) expect(b!.scoreNow(texts)[i]).toBeCloseTo(score, 6);
  });

  it('counts a target between the two as one judgment each way, weighted', () => {
    const [pair] = syntheticPairs(1, 1);
    const votes = observePair({ ...pair!, target: 0.25, weight: 2 });
    expect(votes.map(({ answer, weight }) => [answer.outcome, weight])).toEqual([
      [0, 0.5],
      [1, 1.5],
    ]);
    expect(observePair({ ...pair!, target: 0.5 }).map(({ answer }) => answer.outcome)).toEqual(['tie']);
  });

  it('knows nothing beyond what it was fitted on: no text scores far outside the texts it saw', () => {
    // Longer texts with more capitals are preferred, so that both weights are large.
    const rng = createRng(1);
    const word = () => ['Boat', 'pier', 'Gull', 'rope', 'Wave', 'sand'][rng.integer(6)]!;
    const text = () => Array.from({ length: 8 + rng.integer(8) }, word).join(' ');
    const capitals = (t: string) => (t.match(/[A-Z]/g) ?? []).length;
    const pairs = syntheticPairs(1, 400).map((pair) => {
      const [first, second] = [text(), text()];
      return { ...pair, first, second, target: capitals(first) >= capitals(second) ? 1 : 0 };
    });
    const model = fitLinearReward(pairs.flatMap(observePair), { ridge: 0.1, order: 1 });
    const seen = model.scoreNow(pairs.flatMap(({ first, second }) => [first, second]));
    const [low, high] = [Math.min(...seen), Math.max(...seen)];
    const degenerate = ['I', 'Boat', 'BOAT', 'A', '', '!!!', 'BOAT BOAT BOAT '.repeat(100), 'GULL'.repeat(400)];
    for (const [i, score] of model.scoreNow(degenerate).entries()) {
      expect(score, degenerate[i]).toBeGreaterThan(low - (high - low) / 2);
      expect(score, degenerate[i]).toBeLessThan(high + (high - low) / 2);
    }
    const [one] = model.scoreNow(['I']);
    expect(one).toBeGreaterThanOrEqual(low);
    expect(one).toBeLessThanOrEqual(high);
    const capitalsAt = Object.keys(SURFACE).indexOf('capitals');
    expect(model.state.seen.surface[capitalsAt]![1]).toBeLessThan(0.3);
  });

  it('refuses to be fitted to nothing', () => {
    expect(() => fitLinearReward([], { ridge: 1 })).toThrow(/comparison, ranking, rating, label, correction.*got none/);
  });
});
