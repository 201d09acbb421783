import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  betaLower,
  betaQuantile,
  binomialTwoSided,
  binomialUpperTail,
  chiSquareQuantile,
  chiSquareUpper,
  createRng,
  fQuantile,
  fUpper,
  gammaLower,
  gammaUpper,
  logGamma,
  normalCdf,
  normalQuantile,
  normalUpper,
  resampleCounts,
  sampleBinomial,
  studentQuantile,
  wilson,
} from './index.ts';

const { computed, published } = JSON.parse(
  readFileSync(new URL('../../fixtures/agreement.json', import.meta.url), 'utf8'),
);
const functions: Record<string, (...args: number[]) => number> = {
  betaLower,
  betaQuantile,
  binomialUpperTail,
  chiSquareQuantile,
  chiSquareUpper,
  fQuantile,
  fUpper,
  gammaLower,
  gammaUpper,
  logGamma,
  normalQuantile,
  normalUpper,
  studentQuantile,
};

describe('distribution functions', () => {
  const cases = computed.distributions as [string, number[], number][];
  it.each(Object.keys(functions))('%s agrees with scipy to ten digits', (name) => {
    const own = cases.filter(([of]) => of === name);
    expect(own.length).toBeGreaterThan(4);
    for (const [, args, value] of own) {
      const got = functions[name]!(...args);
      const error = Math.abs(got - value) / Math.max(Math.abs(value), name === 'logGamma' ? 1e-3 : 0);
      expect(
        value === 0 ? Math.abs(got) : error,
        `${name}(${args.join(', ')}) = ${got}, expected ${value}`,
      ).toBeLessThan(1e-10);
    }
  });
  it('keeps its digits where a tail is tiny, the shapes are huge or x lies at an end', () => {
    // Decimal series with 60 digits.
    expect(gammaLower(1_000_000, 994_000) / 9.17890026230202e-10).toBeCloseTo(1, 10);
    expect(betaLower(1_000_000, 0.5, 0.9999980857884553) / 0.0503902384274376).toBeCloseTo(1, 10);
    // P(F₁,₁ < f) = 2/π·atan √f.
    expect(1 - fUpper(2.46740110027234e-16, 1, 1)).toBeCloseTo(1e-8, 15);
  });
  it('quantiles invert their functions', () => {
    const shape = fc.double({ min: 0.2, max: 500, noNaN: true });
    fc.assert(
      fc.property(fc.double({ min: 1e-6, max: 1 - 1e-6, noNaN: true }), shape, shape, (p, a, b) => {
        // A quantile near 1 has few digits left below it; F keeps them.
        const [c, d] = [a + 1, b + 1];
        expect(betaLower(c, d, betaQuantile(p, c, d)) / p).toBeCloseTo(1, 6);
        expect((1 - fUpper(fQuantile(p, a, b), a, b)) / p).toBeCloseTo(1, 6);
        expect((1 - chiSquareUpper(chiSquareQuantile(p, a), a)) / p).toBeCloseTo(1, 6);
        expect(normalCdf(normalQuantile(p)) / p).toBeCloseTo(1, 6);
      }),
    );
  });
  it('knows the ends', () => {
    expect([normalQuantile(0), normalQuantile(0.5), normalQuantile(1)]).toEqual([-Infinity, 0, Infinity]);
    expect([betaQuantile(0, 2, 3), betaQuantile(1, 2, 3), fQuantile(1, 2, 3), chiSquareQuantile(0, 4)]).toEqual([
      0,
      1,
      Infinity,
      0,
    ]);
    expect(wilson(3, 10, 1)).toEqual({ low: 0, high: 1, level: 1 });
  });
});

describe('binomial tests and intervals', () => {
  interface Case {
    readonly k: number;
    readonly n: number;
    readonly p_exact: number;
    readonly wilson: readonly [number, number];
  }
  it.each(published.position.cases as Case[])('$k of $n: exact p, Wilson', (row) => {
    const { k, n } = row;
    expect(binomialTwoSided(k, n) / row.p_exact).toBeCloseTo(1, 10);
    expect(wilson(k, n).low).toBeCloseTo(row.wilson[0], 10);
    expect(wilson(k, n).high).toBeCloseTo(row.wilson[1], 10);
  });
});

describe('binomial draws', () => {
  const logBinomial = (k: number, n: number, p: number) =>
    logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1) + k * Math.log(p) + (n - k) * Math.log1p(-p);
  it.each([
    [12, 0.3],
    [40, 0.5],
    [300, 0.9],
    [1000, 0.04],
  ])('follow binomial(%i, %d)', (n, p) => {
    const { uniform } = createRng(`binomial ${n} ${p}`);
    const draws = 20_000;
    const counts = new Map<number, number>();
    for (let i = 0; i < draws; i++) {
      const k = sampleBinomial(n, p, uniform);
      counts.set(k, (counts.get(k) ?? 0) + 1);
    }
    // Pearson's χ² over outcomes expected ten times or more, the rest in one class.
    let [statistic, classes, rest, restSeen] = [0, 0, draws, draws];
    for (let k = 0; k <= n; k++) {
      const expected = draws * Math.exp(logBinomial(k, n, p));
      if (expected < 10) continue;
      statistic += ((counts.get(k) ?? 0) - expected) ** 2 / expected;
      rest -= expected;
      restSeen -= counts.get(k) ?? 0;
      classes += 1;
    }
    if (rest > 1) statistic += (restSeen - rest) ** 2 / rest;
    expect(chiSquareUpper(statistic, classes)).toBeGreaterThan(1e-4);
  });
  it('redraw as many units as there are, in their proportions', () => {
    const { uniform } = createRng('resample');
    const counts = Float64Array.of(700, 0, 250, 50);
    const total = new Float64Array(4);
    const out = new Float64Array(4);
    for (let i = 0; i < 400; i++) {
      resampleCounts(counts, uniform, out);
      expect(out.reduce((a, b) => a + b, 0)).toBe(1000);
      for (const [k, v] of out.entries()) total[k]! += v / 400;
    }
    expect(total[1]).toBe(0);
    for (const [k, count] of counts.entries()) expect(Math.abs(total[k]! - count)).toBeLessThan(3);
  });
});
