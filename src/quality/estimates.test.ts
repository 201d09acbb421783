import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRng, krippendorffAlpha, mean } from '../stats/index.ts';
import { ClusterAlpha, type ClusterMetric } from './cluster-alpha.ts';
import { ClusteredMean } from './estimates.ts';
import { CommonOddsRatio } from './mantel-haenszel.ts';
import { following } from './typical-rater.ts';

describe('α with items as clusters', () => {
  const unit = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 0, maxLength: 5 });
  it.each(['nominal', 'ordinal', 'interval'] as ClusterMetric[])('is α itself, %s', (metric) => {
    fc.assert(
      fc.property(fc.array(unit, { minLength: 1, maxLength: 12 }), (units) => {
        const sums = new ClusterAlpha(metric, { clusters: 3, categories: 5 });
        for (const [u, values] of units.entries()) sums.add(u % 3, values);
        const [found, expected] = [sums.alpha(), krippendorffAlpha(units, metric)];
        if ('undefined' in expected) expect('undefined' in found).toBe(true);
        else expect('value' in found && found.value).toBeCloseTo(expected.value, 9);
      }),
    );
  });
  it('counts a weighted unit as so many units', () => {
    const weighted = new ClusterAlpha('nominal', { clusters: 1, categories: 3 });
    const plain = new ClusterAlpha('nominal', { clusters: 1, categories: 3 });
    for (const [values, weight] of [
      [[0, 0, 1], 3],
      [[2, 2], 5],
      [[1, 0], 2],
    ] as const) {
      weighted.add(0, values, weight);
      for (let i = 0; i < weight; i++) plain.add(0, values);
    }
    expect(weighted.alpha()).toEqual({ value: expect.closeTo((plain.alpha() as { value: number }).value, 12) });
    expect(weighted.agreement()).toEqual(plain.agreement());
  });
  it('is wider than units alone would say when units of an item go together, and covers', () => {
    // Each item has ten units that are all agreed on or all random: the ten tell no more than one.
    const rng = createRng(4);
    let covered = 0;
    const trials = 60;
    // α of the population: half of the items agree on every unit, half are coins.
    const truth = 0.5;
    for (let t = 0; t < trials; t++) {
      const sums = new ClusterAlpha('nominal', { clusters: 40, categories: 2 });
      for (let item = 0; item < 40; item++) {
        const agreed = rng.uniform() < 0.5;
        for (let u = 0; u < 10; u++) {
          const first = rng.integer(2);
          sums.add(item, [first, agreed ? first : rng.integer(2)]);
        }
      }
      const { low, high } = sums.intervals({ uniform: rng.uniform, replicates: 100 }).alpha!;
      if (low <= truth && truth <= high) covered += 1;
    }
    expect(covered / trials).toBeGreaterThan(0.85);
  });
});

describe('the common odds ratio', () => {
  it('reproduces the published estimate of Berkeley admissions by department', () => {
    // Bickel, Hammel and O'Connell (1975) as in R's UCBAdmissions: [men in, men out, women in, women out] by department;
    // R documents mantelhaen.test of it: odds ratio 0.9046968, 95 % interval 0.7719074 to 1.0603298.
    const departments = [
      [512, 313, 89, 19],
      [353, 207, 17, 8],
      [120, 205, 202, 391],
      [138, 279, 131, 244],
      [53, 138, 94, 299],
      [22, 351, 24, 317],
    ] as const;
    const sums = new CommonOddsRatio();
    for (const [a, b, c, d] of departments) sums.add(a, b, c, d);
    const found = sums.logOdds();
    if ('undefined' in found) throw new Error(found.undefined);
    expect(Math.exp(found.value)).toBeCloseTo(0.9046968, 6);
    expect(Math.exp(found.interval.low)).toBeCloseTo(0.7719074, 5);
    expect(Math.exp(found.interval.high)).toBeCloseTo(1.0603298, 5);
  });
  it('says why there is none', () => {
    expect(new CommonOddsRatio().logOdds()).toEqual({ undefined: 'no stratum holds both rows' });
    const same = new CommonOddsRatio();
    same.add(3, 0, 2, 0);
    expect(same.logOdds()).toHaveProperty('undefined');
  });
});

describe('means over clusters', () => {
  it('cover at their level where values of a cluster are all equal', () => {
    const rng = createRng(9);
    let covered = 0;
    for (let t = 0; t < 200; t++) {
      const sum = new ClusteredMean(30);
      for (let c = 0; c < 30; c++) {
        const value = rng.normal();
        for (let i = 0; i < 5; i++) sum.add(c, value);
      }
      const found = sum.result();
      if ('value' in found && found.interval.low <= 0 && found.interval.high >= 0) covered += 1;
    }
    expect(covered / 200).toBeGreaterThan(0.88);
    expect(covered / 200).toBeLessThan(0.99);
  });
});

describe('following', () => {
  it('recovers how far simulated raters follow the others, with honest errors', () => {
    const rng = createRng(2);
    for (const truth of [-0.8, 0, 0.5, 1]) {
      const found = Array.from({ length: 60 }, () => {
        const rows = Array.from({ length: 150 }, () => {
          const p = 0.1 + 0.8 * rng.uniform();
          const first = rng.uniform() < truth * p + (1 - truth) * 0.5;
          return first ? p : 1 - p;
        });
        return following(
          rows,
          rows.map(() => 0.5),
        )!;
      });
      expect(Math.abs(mean(found.map((f) => f.value)) - truth)).toBeLessThan(0.06);
      const covered = found.filter((f) => Math.abs(f.value - truth) < 1.96 * f.error).length;
      expect(covered).toBeGreaterThan(50);
    }
  });
  it('is not known where the others’ votes tell nothing', () => {
    expect(following([0.5, 0.5], [0.5, 0.5])).toBeNull();
  });
});
