import { describe, expect, it } from 'vitest';
import { createRng, type Rng } from '../stats/index.ts';
import { rankValidity } from './rank-validity.ts';

/** Two normal values of each model with a correlation, and the second measured with an error. */
function models(rng: Rng, n: number, { correlation, error }: { correlation: number; error: number }) {
  const metric = Array.from({ length: n }, () => rng.normal());
  const values = metric.map(
    (m) => correlation * m + Math.sqrt(1 - correlation ** 2) * rng.normal() + error * rng.normal(),
  );
  return { metric, values, errors: values.map(() => error) };
}
/** Spearman's correlation of a normal pair (Pearson 1907). */
const rankOf = (correlation: number) => (6 / Math.PI) * Math.asin(correlation / 2);

describe('the rank correlation of a metric', () => {
  it.each([
    [8, 0, 0],
    [8, 0.9, 0],
    [12, 0.6, 0],
    [12, -0.8, 0],
    [30, 0.9, 0],
    [8, 0.9, 0.5],
    [20, 0.6, 0.7],
    [20, 0, 2],
  ])('is within its interval: %i models, correlation %f, error %f', (n, correlation, error) => {
    const draws = 1500;
    let covered = 0;
    for (let i = 0; i < draws; i++) {
      const { metric, ...gold } = models(createRng(`rank/${n}/${correlation}/${error}/${i}`), n, {
        correlation,
        error,
      });
      const { low, high } = rankValidity(metric, gold, 0.95);
      covered += Number(low <= rankOf(correlation) && rankOf(correlation) <= high);
    }
    expect(covered / draws).toBeGreaterThanOrEqual(0.93);
  });
  it('is bounded by nothing where what is ranked differs by no more than its error', () => {
    const { metric, values } = models(createRng(4), 12, { correlation: 0, error: 0 });
    const drowned = { values, errors: values.map(() => 3) };
    expect(rankValidity(metric, drowned, 0.95)).toMatchObject({ low: -1, high: 1, reliability: 0 });
  });
  it('by hand: five models, two of them exchanged, is .9, and error makes it more', () => {
    const exact = { values: [1, 2, 4, 3, 5], errors: [0, 0, 0, 0, 0] };
    const seen = rankValidity([1, 2, 3, 4, 5], exact, 0.95);
    expect(seen.value).toBeCloseTo(0.9, 12);
    expect(seen.low).toBeLessThan(0.9);
    expect(seen.high).toBeLessThan(1);
    const noisy = rankValidity([1, 2, 3, 4, 5], { ...exact, errors: exact.values.map(() => 0.2) }, 0.95);
    // Variance 2.5, of which .04 is error.
    expect(noisy.value).toBeCloseTo(0.9 / Math.sqrt(1 - 0.04 / 2.5), 12);
    expect(noisy.reliability).toBeCloseTo(1 - 0.04 / 2.5, 12);
  });
});
