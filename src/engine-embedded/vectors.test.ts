import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AdamArrays, type AdamScalars, adamUpdate, sumOfSquares } from './vectors.ts';

/** Lengths around a vector, a piece and several pieces. */
const length = fc.oneof(fc.integer({ min: 0, max: 40 }), fc.constantFrom(8191, 8192, 8193, 17_001));
const noise = (seed: number) => (i: number) => Math.sin(seed + 12.9898 * i) * Math.cos(78.233 * i + seed);

/** One update as written in Loshchilov and Hutter 2019, in float64. */
function reference({ w, m, v, g }: AdamArrays, by: AdamScalars) {
  const moments = [...g].map((raw, i) => {
    const gi = raw * by.scale;
    return [by.beta1 * m[i]! + (1 - by.beta1) * gi, by.beta2 * v[i]! + (1 - by.beta2) * gi * gi] as const;
  });
  const weights = moments.map(
    ([mi, vi], i) => (1 - by.decay) * w[i]! - (by.rate * mi) / (Math.sqrt(vi) * by.correction + by.eps),
  );
  return { w: weights, m: moments.map(([mi]) => mi), v: moments.map(([, vi]) => vi) };
}

describe('AdamW four numbers at a time', () => {
  it('is the update one by one, for arrays of any length and place', () => {
    const scalars = fc.record({
      scale: fc.constantFrom(1, 0.37, 1e-6),
      beta1: fc.constantFrom(0, 0.9, 0.99),
      beta2: fc.constantFrom(0, 0.95, 0.999),
      rate: fc.constantFrom(1e-4, 1e-2, -1e-3),
      correction: fc.constantFrom(1, 31.6),
      eps: fc.constantFrom(1e-8, 1e-3, 1e6),
      decay: fc.constantFrom(0, 1e-6, 1e-2),
    });
    fc.assert(
      fc.property(length, fc.integer({ min: 0, max: 3 }), scalars, fc.integer({ max: 1000 }), (n, at, by, seed) => {
        // Not at the start of their memory, and with a neighbour on either side that must not change.
        const array = (value: (i: number) => number) => {
          const whole = Float32Array.from({ length: n + at + 5 }, (_, i) => value(i - at));
          return { whole, part: whole.subarray(at, at + n), before: whole.slice() };
        };
        const of = {
          w: array(noise(seed)),
          m: array((i) => 1e-2 * noise(seed + 1)(i)),
          v: array((i) => 1e-4 * noise(seed + 2)(i) ** 2),
          g: array((i) => 1e-2 * noise(seed + 3)(i)),
        };
        const arrays = { w: of.w.part, m: of.m.part, v: of.v.part, g: of.g.part };
        const want = reference(arrays, by);
        adamUpdate(arrays, by);
        for (const name of ['w', 'm', 'v'] as const) {
          const { whole, part, before } = of[name];
          const largest = want[name].reduce((most, x) => Math.max(most, Math.abs(x)), 1e-30);
          for (const [i, x] of want[name].entries()) expect(Math.abs(part[i]! - x) / largest).toBeLessThan(3e-7);
          for (let i = 0; i < whole.length; i++) if (i < at || i >= at + n) expect(whole[i]).toBe(before[i]);
        }
        expect(of.g.whole).toEqual(of.g.before);
      }),
      { numRuns: 60 },
    );
  });

  it('decays a weight by much less than float32 tells from 1, step after step', () => {
    const one = () => Float32Array.of(1);
    const arrays = { w: one(), m: new Float32Array(1), v: one(), g: new Float32Array(1) };
    const by = { scale: 1, beta1: 0.9, beta2: 0.999, rate: 0.1, correction: 1, eps: 1e-8, decay: 1.3e-6 };
    for (let i = 0; i < 1000; i++) adamUpdate(arrays, by);
    expect(Math.abs(arrays.w[0]! - (1 - 1.3e-6) ** 1000)).toBeLessThan(4e-5);
  });
});

describe('the sum of squares', () => {
  it('is that of the numbers in float64', () => {
    fc.assert(
      fc.property(length, fc.integer({ max: 1000 }), (n, seed) => {
        const values = Float32Array.from({ length: n }, (_, i) => 1e3 * noise(seed)(i));
        const want = values.reduce((sum, x) => sum + x * x, 0);
        expect(Math.abs(sumOfSquares(values) - want)).toBeLessThanOrEqual(1e-12 * want);
      }),
      { numRuns: 60 },
    );
  });

  it('is finite exactly when every number is, wherever it stands', () => {
    for (const n of [1, 5, 8192, 8195]) {
      const large = new Float32Array(n).fill(3e38);
      expect(Number.isFinite(sumOfSquares(large))).toBe(true);
      for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
        for (const at of [0, n >> 1, n - 1]) {
          const values = large.slice();
          values[at] = bad;
          expect(Number.isFinite(sumOfSquares(values))).toBe(false);
        }
      }
      // A value left by an array before is not counted.
      expect(sumOfSquares(new Float32Array(n))).toBe(0);
    }
  });
});
