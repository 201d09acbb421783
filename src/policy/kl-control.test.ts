import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { klCoefAfter, nextKlCoef } from './kl-control.ts';
import { initMoments, runningDeviation, updateMoments } from './running-moments.ts';

describe('the weight of KL', () => {
  it('by hand: half the target too much is clipped to a fifth, a tenth of it counts whole', () => {
    const control = { klTarget: 2, klGain: 0.1 };
    expect(nextKlCoef(0.5, 3, control)).toBeCloseTo(0.5 * 1.02, 12);
    expect(nextKlCoef(0.5, 0, control)).toBeCloseTo(0.5 * 0.98, 12);
    expect(nextKlCoef(0.5, 2.2, control)).toBeCloseTo(0.5 * 1.01, 12);
    expect(nextKlCoef(0.5, 2, control)).toBe(0.5);
    expect(nextKlCoef(0.5, Number.NaN, control)).toBe(0.5);
  });
  it('stays without a target, begins at beta, and goes on from what was logged', () => {
    const fixed = { beta: 0.3, klGain: 0.1 };
    expect(klCoefAfter(undefined, fixed)).toBe(0.3);
    expect(klCoefAfter({ 'objective/kl_coef': 0.3, 'objective/kl': 9 }, fixed)).toBe(0.3);
    const steered = { ...fixed, klTarget: 3 };
    expect(klCoefAfter({ 'objective/kl_coef': 0.2, 'objective/kl': 9 }, steered)).toBeCloseTo(0.204, 12);
  });
  it('brings KL to its target where KL falls with the weight, from above and from below', () => {
    for (const start of [0.01, 5]) {
      let coef = start;
      for (let step = 0; step < 2000; step++) coef = nextKlCoef(coef, 1 / coef, { klTarget: 2, klGain: 0.1 });
      expect(1 / coef).toBeCloseTo(2, 3);
    }
  });
});

describe('running moments', () => {
  const values = fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 1, maxLength: 6 });
  it('move with a constant, and of values that are all alike stay what they are', () => {
    fc.assert(
      fc.property(values, values, fc.double({ min: -5, max: 5, noNaN: true }), (first, next, shift) => {
        const of = (by: number) =>
          updateMoments(
            initMoments(first.map((v) => v + by)),
            next.map((v) => v + by),
            0.9,
          );
        expect(of(shift).mean).toBeCloseTo(of(0).mean + shift, 9);
        expect(runningDeviation(of(shift))).toBeCloseTo(runningDeviation(of(0)), 3);
        const same = initMoments(next.map(() => first[0]!));
        expect(updateMoments(same, [first[0]!, first[0]!], 0.9)).toEqual(same);
      }),
    );
  });
  it('by hand: nine tenths of the old mean and a tenth of the new', () => {
    const { mean, square } = updateMoments(initMoments([1, 3]), [4], 0.9);
    expect([mean, square]).toEqual([expect.closeTo(2.2, 12), expect.closeTo(0.9 * 5 + 1.6, 12)]);
    expect(updateMoments({ mean: 1, square: 2 }, [], 0.9)).toEqual({ mean: 1, square: 2 });
  });
});
