import { describe, expect, it } from 'vitest';
import { createRng, type Rng, standardDeviation } from '../stats/index.ts';
import { clusteredError, differenceInfluences, halfWidth, type WeightedRow, weightedInfluences } from './clustered.ts';

const row = (value: number, unit: string, rater?: string): WeightedRow => ({
  value,
  weight: 1,
  unit,
  ...(rater !== undefined && { rater }),
});

describe('clustered errors', () => {
  it('of independent rows are those of a mean', () => {
    const values = [3, 1, 4, 1, 5, 9, 2, 6];
    const { mean, rows } = weightedInfluences(values.map((v, i) => row(v, `u${i}`)));
    expect(mean).toBeCloseTo(31 / 8, 12);
    expect(clusteredError(rows).error).toBeCloseTo(standardDeviation(values) / Math.sqrt(8), 12);
    expect(clusteredError(rows).freedom).toBe(7);
  });
  it('of rows said over and over are those of the rows themselves', () => {
    const values = [1, 0, 0, 1, 1];
    const once = clusteredError(weightedInfluences(values.map((v, i) => row(v, `u${i}`))).rows);
    const often = clusteredError(weightedInfluences(values.flatMap((v, i) => Array(7).fill(row(v, `u${i}`)))).rows);
    expect(often.error).toBeCloseTo(once.error, 12);
  });
  it('of a difference are none where the same rows stand on both sides', () => {
    const rows = Array.from({ length: 12 }, (_, i) => row(i % 3, `u${i % 6}`, `r${i % 4}`));
    const { difference, rows: influences } = differenceInfluences(rows, rows);
    expect(difference).toBe(0);
    expect(clusteredError(influences).error).toBeCloseTo(0, 12);
  });
  it('without any variation are as if one in n had been missed, and one unit shows nothing', () => {
    const same = clusteredError(weightedInfluences([row(1, 'a'), row(1, 'b'), row(1, 'c')]).rows);
    // 3 / n is the rule of three.
    expect(halfWidth(same, { level: 0.95, n: 100 })).toBeCloseTo(0.03, 3);
    expect(halfWidth(clusteredError(weightedInfluences([row(1, 'a')]).rows), { level: 0.95, n: 1 })).toBeNaN();
  });
  it.each([
    ['raters alike', 0, 6],
    ['raters who differ', 0.5, 6],
    ['few raters who differ', 0.5, 3],
  ])('cover: %s', (_, spread, raters) => {
    const cover = (rng: Rng): boolean => {
      const own = Array.from({ length: raters }, () => spread * rng.normal());
      const items = Array.from({ length: 40 }, () => 0.3 * rng.normal());
      const rows = items.flatMap((item, i) =>
        own.map((rater, r) => row(item + rater + rng.normal(), `i${i}`, `r${r}`)),
      );
      const { mean, rows: influences } = weightedInfluences(rows);
      return Math.abs(mean) <= halfWidth(clusteredError(influences), { level: 0.95, n: 40 });
    };
    const covered = Array.from({ length: 400 }, (__, i) => cover(createRng(`clustered/${i}`))).filter(Boolean).length;
    expect(covered).toBeGreaterThanOrEqual(0.93 * 400);
  });
});
