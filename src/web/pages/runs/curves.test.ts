import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { curvesOf, thin } from './curves.ts';

describe('curves', () => {
  it('one plot a metric, with a line for every run that has it; unknown metrics come too', () => {
    const curves = curvesOf([
      {
        name: 'a',
        stages: {
          policy: {
            'objective/kl': [
              [1, 0],
              [2, 1],
            ],
            brand_new: [
              [1, 5],
              [2, 6],
            ],
          },
        },
      },
      {
        name: 'b',
        stages: {
          policy: {
            'objective/kl': [
              [1, 0],
              [2, 3],
            ],
          },
          base: {
            loss: [
              [1, 2],
              [2, 1],
            ],
          },
        },
      },
    ]);
    expect(curves.map(({ stage, metric, series }) => [stage, metric, series.map((s) => s.name)])).toEqual([
      ['base', 'loss', ['b']],
      ['policy', 'objective/kl', ['a', 'b']],
      ['policy', 'brand_new', ['a']],
    ]);
  });
  it('leaves out what has one point only', () => {
    expect(curvesOf([{ name: 'a', stages: { policy: { loss: [[1, 2]] } } }])).toEqual([]);
  });
  it('thins to a few hundred points in order, the last one kept', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), (n) => {
        const points = Array.from({ length: n }, (_, i) => i);
        const kept = thin(points);
        expect(kept.length).toBe(Math.min(n, 400));
        expect(kept.at(-1)).toBe(n - 1);
        expect([...kept].sort((a, b) => a - b)).toEqual(kept);
        expect(new Set(kept).size).toBe(kept.length);
      }),
    );
  });
});
