import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  benjaminiHochberg,
  binomialTwoSided,
  bootstrap,
  bradleyTerry,
  type Contest,
  createRng,
  dawidSkene,
  expectedCalibrationError,
  krippendorffAlpha,
  type Label,
  matchedShare,
  mean,
  meanInterval,
  normalCdf,
  pairwiseAgreement,
  permutationTest,
  reliabilityBins,
  sigmoid,
  wilson,
} from './index.ts';

const fixtures = JSON.parse(readFileSync(new URL('../../fixtures/stats.json', import.meta.url), 'utf8'));

/** Raters in rows to units in columns, missing left out. */
const unitsOf = (rows: (number | null)[][]) =>
  rows[0]!.map((_, i) => rows.map((row) => row[i]).filter((v): v is number => v !== null && v !== undefined));
const alphaOf = (estimate: ReturnType<typeof krippendorffAlpha>) => ('value' in estimate ? estimate.value : Number.NaN);

describe('matchedShare', () => {
  it('ends where the score is the quantile, the chances of the sides being the likeliest that differ by so much', () => {
    for (const { ones, zeros, n } of [
      { ones: 12, zeros: 2, n: 50 },
      { ones: 3, zeros: 0, n: 20 },
      { ones: 7, zeros: 8, n: 15 },
    ]) {
      const { interval } = matchedShare({ ones, zeros, n });
      for (const edge of [interval.low, interval.high].map((share) => 2 * share - 1)) {
        // By search over the chance of a zero; that of a one is so much larger.
        let best = { likelihood: Number.NEGATIVE_INFINITY, q: 0 };
        for (let q = Math.max(0, -edge) + 1e-9; q <= (1 - edge) / 2; q += 1e-6) {
          const parts = [
            [ones, q + edge],
            [zeros, q],
            [n - ones - zeros, 1 - 2 * q - edge],
          ] as const;
          const likelihood = parts.reduce((sum, [k, p]) => sum + (k === 0 ? 0 : k * Math.log(Math.max(p, 1e-300))), 0);
          if (likelihood > best.likelihood) best = { likelihood, q };
        }
        const deviation = Math.sqrt(n * (2 * best.q + edge - edge ** 2));
        expect(Math.abs(ones - zeros - n * edge) / deviation).toBeCloseTo(1.959964, 3);
      }
    }
  });
  it('turns round with its sides, holds what was found, and refuses nothing', () => {
    const one = matchedShare({ ones: 9, zeros: 3, n: 30 });
    const other = matchedShare({ ones: 3, zeros: 9, n: 30 });
    expect(other.interval.low).toBeCloseTo(1 - one.interval.high, 9);
    expect(one.interval.low).toBeLessThan(one.value);
    expect(one.interval.high).toBeGreaterThan(one.value);
    expect(() => matchedShare({ ones: 0, zeros: 0, n: 0 })).toThrow(RangeError);
  });
});

describe('agreement', () => {
  for (const name of ['krippendorff2011', 'krippendorffWikipedia']) {
    it.each(Object.entries(fixtures[name].computed as Record<string, number>))(`${name}: α %s`, (metric, expected) => {
      expect(alphaOf(krippendorffAlpha(unitsOf(fixtures[name].data), metric as 'nominal'))).toBeCloseTo(expected, 9);
    });
  }
  it('does not depend on the order of units, of raters, or on the names of nominal values', () => {
    const unit = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 0, maxLength: 4 });
    fc.assert(
      fc.property(fc.array(unit, { minLength: 2, maxLength: 8 }), (units) => {
        const changed = [...units].reverse().map((u) => [...u].reverse().map((v) => 7 - v));
        expect(krippendorffAlpha(changed)).toEqual(
          'value' in krippendorffAlpha(units)
            ? { value: expect.closeTo(alphaOf(krippendorffAlpha(units)), 9) }
            : krippendorffAlpha(units),
        );
      }),
    );
  });
  it('says why there is no value instead of inventing one', () => {
    expect(krippendorffAlpha([[1], [2]])).toEqual({ undefined: 'no unit has two values' });
    expect(
      krippendorffAlpha([
        [1, 1],
        [1, 1],
      ]),
    ).toMatchObject({ undefined: expect.stringContaining('same') });
    expect(pairwiseAgreement([[1, 1, 2]])).toEqual({ value: 1 / 3 });
  });
});

const anaesthetists = (fixtures.dawidSkene1979.data as [number, number, number][]).map(
  ([item, rater, label]): Label => ({ item: item - 1, rater: rater - 1, label: label - 1 }),
);

/** Raters with given accuracies on binary items; `shared` makes the listed raters repeat one another's errors. */
function crowd(seed: number, accuracies: readonly number[], items: number, shared: readonly number[] = []) {
  const rng = createRng(seed);
  const truth = Array.from({ length: items }, () => rng.integer(2));
  const labels: Label[] = [];
  for (const [item, t] of truth.entries()) {
    const draw = rng.uniform();
    for (const [rater, p] of accuracies.entries()) {
      const right = (shared.includes(rater) ? draw : rng.uniform()) < p;
      labels.push({ rater, item, label: right ? t : 1 - t });
    }
  }
  const result = dawidSkene(labels, { items, raters: accuracies.length, classes: 2 }, { smoothing: 0.01 });
  const correct = result.posteriors.filter((row, i) => Number(row[1]! > row[0]!) === truth[i]).length / items;
  return { result, correct };
}

describe('Dawid–Skene', () => {
  const published = fixtures.dawidSkene1979;
  const result = dawidSkene(anaesthetists, { items: 45, raters: 5, classes: 4 }, { tolerance: 1e-14 });
  it('reproduces the anaesthetists of 1979', () => {
    expect(result.logLikelihoods[0]).toBeCloseTo(published.logLikelihoods[0], 7);
    expect(result.logLikelihoods[1]).toBeCloseTo(published.logLikelihoods[1], 7);
    expect(result.logLikelihoods.at(-1)).toBeCloseTo(published.converged, 6);
    for (const [k, p] of published.marginals.entries()) expect(result.prior[k]).toBeCloseTo(p, 5);
    for (const [t, row] of published.observer1.entries()) {
      for (const [l, p] of row.entries()) expect(result.confusion[0]![t]![l]).toBeCloseTo(p, 4);
    }
  });
  it('never lowers the likelihood', () => {
    for (let i = 1; i < result.logLikelihoods.length; i++) {
      expect(result.logLikelihoods[i]! - result.logLikelihoods[i - 1]!).toBeGreaterThan(-1e-9);
    }
  });
  it('recovers accuracies of simulated raters, a guesser and an adversary among them', () => {
    const accuracies = [0.9, 0.9, 0.9, 0.9, 0.9, 0.7, 0.5, 0.5, 0.15];
    const { result: fit, correct } = crowd(3, accuracies, 400);
    for (const [r, p] of accuracies.entries()) expect(Math.abs(fit.accuracy[r]!.value - p)).toBeLessThan(0.06);
    expect(correct).toBeGreaterThan(0.98);
  });
  it('fails, as it must, when a majority shares its errors: the assumption of independence is not optional', () => {
    const { result: fit, correct } = crowd(4, [0.65, 0.65, 0.65, 0.65, 0.9, 0.9], 600, [0, 1, 2, 3]);
    expect(fit.accuracy[0]!.value).toBeGreaterThan(0.95);
    expect(correct).toBeLessThan(0.7);
  });
});

describe('Bradley–Terry', () => {
  const names = ['Baltimore', 'Boston', 'Cleveland', 'Detroit', 'Milwaukee', 'New York', 'Toronto'];
  const baseball = (fixtures.bradleyTerryBaseball.rows as [string, string, number, number][]).map(
    ([home, away, firstWins, secondWins]): Contest => ({
      first: names.indexOf(home),
      second: names.indexOf(away),
      firstWins,
      secondWins,
    }),
  );
  it('reproduces journal citations (Stigler 1994) with standard errors', () => {
    const { citedByCiting, expected, standardErrors } = fixtures.bradleyTerryCitations;
    const contests: Contest[] = [];
    for (let i = 0; i < 4; i++) {
      for (let j = 0; j < i; j++) {
        contests.push({ first: i, second: j, firstWins: citedByCiting[i][j], secondWins: citedByCiting[j][i] });
      }
    }
    // Biometrika last, so that it is the baseline of the standard errors.
    const rotate = (i: number) => (i + 3) % 4;
    const fit = bradleyTerry(
      contests.map((c) => ({ ...c, first: rotate(c.first), second: rotate(c.second) })),
      4,
    );
    for (const i of [1, 2, 3]) {
      expect(fit.strengths[rotate(i)]! - fit.strengths[3]!).toBeCloseTo(expected[i], 6);
      expect(fit.standardErrors[rotate(i)]).toBeCloseTo(standardErrors[i], 5);
    }
  });
  it('reproduces the 1987 baseball season with its home advantage (Agresti 2002)', () => {
    const { expected } = fixtures.bradleyTerryBaseball;
    const plain = bradleyTerry(baseball, 7);
    for (const [team, ability] of Object.entries(expected.computed.log_ability as Record<string, number>)) {
      expect(plain.strengths[names.indexOf(team)]! - plain.strengths[0]!).toBeCloseTo(ability, 5);
    }
    expect(bradleyTerry(baseball, 7, { order: true }).order).toBeCloseTo(expected.computed.at_home, 5);
  });
  it('is symmetric under exchange of the two sides', () => {
    const swapped = baseball.map((c) => ({
      first: c.second,
      second: c.first,
      firstWins: c.secondWins,
      secondWins: c.firstWins,
    }));
    const [a, b] = [bradleyTerry(baseball, 7, { order: true }), bradleyTerry(swapped, 7, { order: true })];
    expect(b.order).toBeCloseTo(-a.order, 8);
    for (const [i, s] of a.strengths.entries()) expect(b.strengths[i]).toBeCloseTo(s, 8);
  });
  it('recovers strengths, order bonus and ties by simulation', () => {
    const rng = createRng(11);
    const truth = [-1, -0.3, 0.2, 1.1];
    const counts = new Map<string, { firstWins: number; secondWins: number; ties: number }>();
    for (let n = 0; n < 12_000; n++) {
      const first = rng.integer(4);
      const second = (first + 1 + rng.integer(3)) % 4;
      const d = truth[first]! - truth[second]! + 0.4;
      const outcome = rng.choose([Math.exp(d / 2), Math.exp(-d / 2), 0.8]);
      const key = `${first},${second}`;
      const c = counts.get(key) ?? { firstWins: 0, secondWins: 0, ties: 0 };
      c[(['firstWins', 'secondWins', 'ties'] as const)[outcome]!] += 1;
      counts.set(key, c);
    }
    const contests = [...counts].map(([key, c]) => {
      const [first, second] = key.split(',').map(Number) as [number, number];
      return { first, second, ...c };
    });
    const fit = bradleyTerry(contests, 4, { order: true });
    for (const [i, s] of truth.entries()) expect(Math.abs(fit.strengths[i]! - s)).toBeLessThan(0.08);
    expect(Math.abs(fit.order - 0.4)).toBeLessThan(0.08);
    expect(Math.abs(fit.tie - 0.8)).toBeLessThan(0.06);
  });
  it('says when no finite maximum exists, and stays finite with a prior', () => {
    const contests = [{ first: 0, second: 1, firstWins: 5, secondWins: 0 }];
    const fit = bradleyTerry(contests, 2, { ridge: 0.5 });
    expect(fit.connected).toBe(false);
    expect(Number.isFinite(fit.strengths[0])).toBe(true);
  });
});

describe('intervals and tests', () => {
  it('Wilson agrees with the closed form', () => {
    for (const [key, [low, high]] of Object.entries(fixtures.wilson95 as Record<string, [number, number]>)) {
      if (key === 'source') continue;
      const [k, n] = key.split('/').map(Number) as [number, number];
      expect(wilson(k, n).low).toBeCloseTo(low, 5);
      expect(wilson(k, n).high).toBeCloseTo(high, 5);
    }
  });
  it('binomial tails agree with exact values', () => {
    for (const { k, n, p_exact } of fixtures.binomial) {
      expect(binomialTwoSided(k, n) / p_exact).toBeCloseTo(1, 6);
    }
  });
  it('the normal distribution function is right at known points', () => {
    expect(normalCdf(1.959963984540054)).toBeCloseTo(0.975, 12);
    expect(normalCdf(-3)).toBeCloseTo(0.0013498980316300933, 12);
    expect(normalCdf(-10) / 7.61985302416e-24).toBeCloseTo(1, 9);
  });
  it('bootstrap intervals of a mean cover at about their level', () => {
    const rng = createRng(5);
    let covered = 0;
    for (let trial = 0; trial < 200; trial++) {
      const sample = Array.from({ length: 40 }, () => rng.normal());
      const { low, high } = bootstrap(sample, mean, { uniform: rng.uniform, replicates: 200 });
      if (low <= 0 && 0 <= high) covered += 1;
    }
    expect(covered / 200).toBeGreaterThan(0.87);
    expect(covered / 200).toBeLessThan(0.99);
  });
  it('a mean of few values reaches as Student has it, and further to the side of a tail', () => {
    const even = meanInterval([-2, -1, 0, 1, 2]);
    // By hand: standard error √(2.5 / 5), quantile 2.7764 of 4 degrees.
    expect(even.interval.high).toBeCloseTo(2.776445 * Math.sqrt(0.5), 5);
    expect(even.interval.low).toBeCloseTo(-even.interval.high, 12);
    const tail = meanInterval([0, 0.1, 0.2, 0.3, 4]);
    expect(tail.interval.high - tail.mean).toBeGreaterThan(1.5 * (tail.mean - tail.interval.low));
    const mirrored = meanInterval([0, -0.1, -0.2, -0.3, -4]);
    expect(mirrored.interval.low).toBeCloseTo(-tail.interval.high, 12);
    expect(meanInterval([3, 3, 3]).interval).toMatchObject({ low: 3, high: 3 });
    expect(meanInterval([3]).interval.low).toBeNaN();
  });
  it('the permutation test is small for a real difference and uniform-ish without one', () => {
    const rng = createRng(6);
    const draw = (shift: number) => Array.from({ length: 10 }, () => rng.normal() + shift);
    expect(permutationTest(draw(0), draw(3), { uniform: rng.uniform })).toBeLessThan(0.01);
    const small = Array.from({ length: 60 }, () =>
      permutationTest(draw(0), draw(0), { uniform: rng.uniform, permutations: 200 }),
    );
    expect(small.filter((p) => p < 0.1).length).toBeLessThan(15);
  });
  it('Benjamini–Hochberg rejects up to the last p-value under its line', () => {
    expect(benjaminiHochberg([0.01, 0.04, 0.03, 0.5], 0.05)).toEqual([true, false, false, false]);
    expect(benjaminiHochberg([0.001, 0.02, 0.03, 0.5], 0.05)).toEqual([true, true, true, false]);
  });
  it('calibration error is zero for honest and large for overconfident predictions', () => {
    const rng = createRng(8);
    const p = Array.from({ length: 4000 }, () => rng.uniform());
    const y = p.map((v) => Number(rng.uniform() < v));
    expect(expectedCalibrationError(reliabilityBins(p, y))).toBeLessThan(0.03);
    const sharp = p.map((v) => sigmoid(6 * Math.log(v / (1 - v))));
    expect(expectedCalibrationError(reliabilityBins(sharp, y))).toBeGreaterThan(0.1);
  });
  it('random streams repeat with the seed and differ by label', () => {
    const draw = (label: string) => Array.from({ length: 5 }, createRng(1).fork(label).uniform);
    expect(draw('a')).toEqual(draw('a'));
    expect(draw('a')).not.toEqual(draw('b'));
    const uniforms = Array.from({ length: 20_000 }, createRng(2).uniform);
    expect(Math.abs(mean(uniforms) - 0.5)).toBeLessThan(0.01);
  });
});
