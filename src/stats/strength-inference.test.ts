import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { contains, crowd, scaled, truth, value } from './crowd.fake.ts';
import { chiSquareUpper } from './distributions.ts';
import { clusterBootstrap, comparisonsOf, createRng, fitPreferences, mean, type RatedComparisons } from './index.ts';

const fixtures = JSON.parse(readFileSync(new URL('../../fixtures/strength.json', import.meta.url), 'utf8'));

describe('χ²', () => {
  it.each(fixtures.chiSquare.rows as [number, number, number][])('P(χ² ≥ %d | %d) as scipy has it', (x, degrees, p) => {
    expect(chiSquareUpper(x, degrees) / p).toBeCloseTo(1, 9);
  });
});

describe('bootstrap over raters', () => {
  /** Raters who differ in what they like: comparisons of one rater go together. */
  const varied = (seed: number): RatedComparisons => {
    const rng = createRng(`varied ${seed}`);
    const taste = Array.from({ length: 25 }, () => truth.slice(0, 3).map((t) => t + rng.normal()));
    return crowd(rng, 25, 40, (r) => taste[r]!);
  };
  it('covers where errors that take comparisons as independent are far too small', () => {
    // What the model tends to with such raters: its average over other crowds of the same kind.
    const gaps = Array.from({ length: 60 }, (_, k) => value(fitPreferences(varied(1000 + k))).strengths);
    const target = mean(gaps.map((s) => s[0]! - s[2]!));
    const trials = 40;
    let [clustered, naive] = [0, 0];
    for (let t = 0; t < trials; t++) {
      const data = varied(t);
      const found = value(
        clusterBootstrap(data, {}, { uniform: createRng(t).uniform, replicates: 100, pairs: [[0, 2]] }),
      );
      clustered += Number(contains({ interval: found.differences[0]! }, target));
      naive += Number(contains(value(found.fit.inference.difference(0, 2)), target));
      expect(found.n).toBe(25);
      expect(found.failed).toBe(0);
    }
    expect(clustered / trials).toBeGreaterThan(0.8);
    expect(naive / trials).toBeLessThan(0.7);
  });
  it('repeats with its seed, covers order, and counts replicates that have no maximum', () => {
    const data = crowd(createRng(3), 10, 12, () => scaled(1));
    const run = () => clusterBootstrap(data, { order: true }, { uniform: createRng(1).uniform, replicates: 30 });
    expect(JSON.stringify(run())).toBe(JSON.stringify(run()));
    const found = value(run());
    expect(found.order!.low).toBeLessThan(found.fit.order!);
    expect(found.order!.high).toBeGreaterThan(found.fit.order!);
    const lone = comparisonsOf(
      [
        { first: 0, second: 1, firstWins: 1, secondWins: 0 },
        { first: 0, second: 1, firstWins: 0, secondWins: 1 },
      ],
      2,
    );
    const fragile = { ...lone, rater: Int32Array.of(0, 1), raters: 2 };
    const some = value(clusterBootstrap(fragile, {}, { uniform: createRng(1).uniform, replicates: 40 }));
    expect(some.failed).toBeGreaterThan(5);
    expect(some.failed).toBeLessThan(35);
    expect(
      value(clusterBootstrap(fragile, { ridge: 1 }, { uniform: createRng(1).uniform, replicates: 40 })).failed,
    ).toBe(0);
  });
});
