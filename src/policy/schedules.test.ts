import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { learningRateAt, SCHEDULES } from './schedules.ts';

describe('learning-rate schedules', () => {
  const settings = { peak: 2, steps: 110, warmup: 10, floor: 0.1 };
  it('rise in equal steps to the peak, then stay, fall in a line, or fall as half a cosine, to the floor', () => {
    for (const schedule of SCHEDULES) {
      const warm = Array.from({ length: 11 }, (_, step) => learningRateAt(schedule, step, settings));
      for (const [step, rate] of warm.entries()) expect(rate).toBeCloseTo(Math.min(2, (2 * (step + 1)) / 10), 12);
    }
    const at = (schedule: (typeof SCHEDULES)[number], step: number) => learningRateAt(schedule, step, settings);
    expect(at('constant', 109)).toBe(2);
    expect([at('linear', 60), at('cosine', 60)]).toEqual([expect.closeTo(1.1, 12), expect.closeTo(1.1, 12)]);
    // A quarter of the way: 0.1 + 0.9 · 3/4, and 0.1 + 0.9 · (1 + cos π/4) / 2.
    expect(at('linear', 35)).toBeCloseTo(2 * 0.775, 12);
    expect(at('cosine', 35)).toBeCloseTo(2 * (0.1 + 0.9 * 0.8535533905932737), 12);
    for (const schedule of ['linear', 'cosine'] as const) {
      expect(at(schedule, 110)).toBeCloseTo(0.2, 12);
      expect(at(schedule, 500)).toBeCloseTo(0.2, 12);
    }
  });
  it('never rise after the warm-up, and never leave [0, peak]', () => {
    const any = fc.record({
      peak: fc.double({ min: 1e-9, max: 10, noNaN: true }),
      steps: fc.integer({ min: 1, max: 1000 }),
      warmup: fc.integer({ min: 0, max: 1000 }),
      floor: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.constantFrom(...SCHEDULES), any, fc.nat(1500), (schedule, settings, step) => {
        const [now, next] = [step, step + 1].map((s) => learningRateAt(schedule, s, settings));
        const within = (rate: number) => rate >= 0 && rate <= settings.peak * (1 + 1e-12);
        expect(within(now!) && within(next!)).toBe(true);
        if (step >= settings.warmup) expect(next!).toBeLessThanOrEqual(now! * (1 + 1e-12));
      }),
    );
  });
});
