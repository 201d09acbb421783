import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createRng } from '../stats/index.ts';
import { bestOfNExact, betaForKl, expectation, kl, tilt, tiltAtMeanKl, winRate } from './exact.ts';

const exact = JSON.parse(readFileSync(new URL('../../fixtures/exact.json', import.meta.url), 'utf8'));
const logs = (p: number[]) => p.map(Math.log);

describe('exact tools', () => {
  const gibbs = Object.entries(exact).find(([key]) => key.startsWith('gibbs'))?.[1] as [
    number,
    number[],
    number,
    number,
  ][];
  it('the tilt is the closed-form Gibbs optimum', () => {
    for (const [beta, probabilities, reward, divergence] of gibbs) {
      const p = tilt(logs([0.5, 0.3, 0.2]), [1, 2, 0], beta);
      for (const [i, want] of probabilities.entries()) expect(Math.exp(p[i]!)).toBeCloseTo(want, 5);
      expect(expectation(p, [1, 2, 0])).toBeCloseTo(reward, 5);
      expect(kl(p, logs([0.5, 0.3, 0.2]))).toBeCloseTo(divergence, 5);
    }
  });
  it('best-of-n is exact, below its bound, and never worse than base', () => {
    for (const [m, n, divergence, bound, , rate] of exact.bestOfNExactUniform.rows as number[][]) {
      const base = logs(new Array<number>(m!).fill(1 / m!));
      const rewards = base.map((_, i) => i);
      const p = bestOfNExact(base, rewards, n!);
      expect(kl(p, base)).toBeCloseTo(divergence!, 4);
      expect(kl(p, base)).toBeLessThanOrEqual(bound! + 1e-9);
      expect(winRate(p, base, rewards)).toBeCloseTo(rate!, 4);
    }
  });
  it('best-of-n with ties agrees with drawing', () => {
    const base = logs([0.4, 0.3, 0.2, 0.1]);
    const rewards = [0, 1, 1, 2];
    const p = bestOfNExact(base, rewards, 3);
    const rng = createRng(1);
    const counts = [0, 0, 0, 0];
    for (let i = 0; i < 20_000; i++) {
      const draws = [0, 1, 2].map(() => rng.choose([0.4, 0.3, 0.2, 0.1]));
      const top = Math.max(...draws.map((d) => rewards[d]!));
      counts[draws.find((d) => rewards[d] === top)!]! += 1;
    }
    for (const [i, c] of counts.entries()) expect(Math.abs(c / 20_000 - Math.exp(p[i]!))).toBeLessThan(0.015);
  });
  it('one β for several prompts spends a mean KL where it pays most', () => {
    const spaces = [
      { logprobs: logs([0.5, 0.3, 0.2]), rewards: [0, 1, 3] },
      { logprobs: logs([0.6, 0.4]), rewards: [0, 0.1] },
    ];
    const best = tiltAtMeanKl(spaces, 0.2);
    const mean = (of: (p: readonly number[], k: number) => number) => (of(best[0]!, 0) + of(best[1]!, 1)) / 2;
    expect(mean((p, k) => kl(p, spaces[k]!.logprobs))).toBeCloseTo(0.2, 6);
    // As much on every prompt is a policy at that mean KL too, and gains less.
    const even = spaces.map(({ logprobs, rewards }) => tilt(logprobs, rewards, betaForKl(logprobs, rewards, 0.2)));
    const gained = spaces.reduce((sum, { rewards }, k) => sum + expectation(even[k]!, rewards), 0) / 2;
    expect(mean((p, k) => expectation(p, spaces[k]!.rewards))).toBeGreaterThan(gained + 0.1);
    const [alone] = tiltAtMeanKl(spaces.slice(0, 1), 0.4);
    const { logprobs, rewards } = spaces[0]!;
    for (const [i, lp] of tilt(logprobs, rewards, betaForKl(logprobs, rewards, 0.4)).entries())
      expect(alone![i]).toBeCloseTo(lp, 6);
    expect(tiltAtMeanKl(spaces, 0)).toEqual(spaces.map((space) => space.logprobs));
  });
  it('β for a KL gives that KL', () => {
    const base = logs([0.5, 0.3, 0.2]);
    expect(kl(tilt(base, [0, 1, 3], betaForKl(base, [0, 1, 3], 0.4)), base)).toBeCloseTo(0.4, 6);
  });
});
