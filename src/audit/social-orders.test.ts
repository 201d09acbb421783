import { describe, expect, it } from 'vitest';
import { explainedShare, meanAndBorda, twoOrders } from './social-orders.ts';

describe('mean worth and Borda’s count', () => {
  it('differ as in the example of Siththaranjan et al.: a rare large gain wins by mean and loses by votes', () => {
    // u is uniform; below .8 it is what the reply is worth, above it is twice that or nothing, as chance has it.
    const n = 200;
    const values = Array.from({ length: n }, (_, i) => (i + 0.5) / n);
    const worths = values.map((u) => (u < 0.8 ? [u, u] : [2 * u, 0]));
    const { means, borda } = meanAndBorda(worths, [0.5, 0.5], { independent: true });
    for (const [i, u] of values.entries()) {
      expect(means[i]).toBeCloseTo(u, 12);
      expect(Math.abs(borda[i]! - (u < 0.8 ? u + 0.1 : 0.275 + 0.25 * u))).toBeLessThan(2 / n);
    }
    const best = values[borda.indexOf(Math.max(...borda))]!;
    expect(best).toBeGreaterThan(0.79);
    expect(best).toBeLessThan(0.8);
  });
  it('of two groups: the majority’s small wish beats the minority’s large one by votes, not by mean', () => {
    const { means, borda } = meanAndBorda(
      [
        [1, 0],
        [0, 5],
      ],
      [0.7, 0.3],
      { independent: false },
    );
    expect(means[0]).toBeLessThan(means[1]!);
    expect(borda[0]).toBeGreaterThan(borda[1]!);
    const { votes, worth } = twoOrders([1, -5], [0.7, 0.3]);
    expect(votes).toBeGreaterThan(0);
    expect(worth).toBeLessThan(0);
  });
});

describe('the share that one number explains', () => {
  it('is all where groups agree, nothing where they want the opposite in equal measure', () => {
    expect(
      explainedShare(
        [
          [1, 1],
          [2, 2],
          [-3, -3],
        ],
        [0.5, 0.5],
      ),
    ).toBe(1);
    expect(
      explainedShare(
        [
          [1, -1],
          [2, -2],
          [-3, 3],
        ],
        [0.5, 0.5],
      ),
    ).toBe(0);
    // Means 1 and −1, each group one away: half of the variance.
    expect(
      explainedShare(
        [
          [2, 0],
          [-2, 0],
        ],
        [0.5, 0.5],
      ),
    ).toBeCloseTo(0.5, 12);
  });
});
