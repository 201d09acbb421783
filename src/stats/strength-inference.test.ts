import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contains, crowd, scaled, truth, value } from './crowd.fake.ts';
import { chiSquareUpper } from './distributions.ts';
import {
  clusterBootstrap,
  comparisonsOf,
  createRng,
  type EloGame,
  eloExpected,
  eloRatings,
  eloToLogit,
  fitPreferences,
  likelihoodRatioTest,
  logitToElo,
  mean,
  type RatedComparisons,
  sigmoid,
} from './index.ts';

const fixtures = JSON.parse(readFileSync(new URL('../../fixtures/strength.json', import.meta.url), 'utf8'));
const { elo } = fixtures;

describe('Elo', () => {
  const games = (elo.sequence as [string, string, number][]).map(
    ([first, second, score]): EloGame => ({ first: 'ABC'.indexOf(first), second: 'ABC'.indexOf(second), score }),
  );
  it.each([4, 32])('gives the ratings of FastChat with K = %i, a tie as half', (k) => {
    const ratings = eloRatings(games, 3, { k });
    const expected = elo.computed[`k${k}`] as Record<string, number>;
    for (const [name, rating] of Object.entries(expected)) expect(ratings['ABC'.indexOf(name)]).toBeCloseTo(rating, 6);
  });
  it('gives the expected scores and the new rating of the example in Wikipedia', () => {
    const { rating, opponents, expected, scores, K, new_rating } = elo.wikipedia;
    const found = (opponents as number[]).map((o) => eloExpected(rating - o));
    for (const [i, e] of expected.entries()) expect(Math.abs(found[i]! - e)).toBeLessThan(0.0051);
    const gain = (scores as number[]).reduce((sum, s, i) => sum + K * (s - found[i]!), 0);
    expect(Math.round(rating + gain)).toBe(new_rating);
  });
  it('translates between points and log-odds', () => {
    expect(logitToElo(1)).toBeCloseTo(elo.pointsPerLogit, 10);
    expect(eloToLogit(100)).toBeCloseTo(0.5756462732, 9);
    expect(sigmoid(eloToLogit(100))).toBeCloseTo(0.640065, 6);
    fc.assert(
      fc.property(fc.double({ min: -3000, max: 3000, noNaN: true }), (d) => {
        expect(eloExpected(d)).toBeCloseTo(sigmoid(eloToLogit(d)), 12);
        expect(eloExpected(d) + eloExpected(-d)).toBeCloseTo(1, 12);
        expect(logitToElo(eloToLogit(d))).toBeCloseTo(d, 8);
      }),
    );
  });
  it('keeps the sum of ratings, and depends on the order of games', () => {
    const sum = (r: Float64Array) => r.reduce((a, b) => a + b, 0);
    expect(sum(eloRatings(games, 3, { k: 32 }))).toBeCloseTo(3000, 9);
    expect(eloRatings([...games].reverse(), 3, { k: 32 })).not.toEqual(eloRatings(games, 3, { k: 32 }));
    expect(() => eloRatings([{ first: 0, second: 0, score: 1 }], 2)).toThrow(/Game 0: expected two different/);
    expect(() => eloRatings([{ first: 0, second: 1, score: 2 }], 2)).toThrow(/a score from 0 to 1; got 2/);
  });
});

describe('χ²', () => {
  it.each(fixtures.chiSquare.rows as [number, number, number][])('P(χ² ≥ %d | %d) as scipy has it', (x, degrees, p) => {
    expect(chiSquareUpper(x, degrees) / p).toBeCloseTo(1, 9);
  });
});

describe('likelihood-ratio tests', () => {
  it('finds order in a biased crowd, and keeps its level in a fair one', () => {
    const test = (order: number, seed: number) => {
      const rng = createRng(`order ${seed}`);
      const data = crowd(rng, 1, 300, () => truth);
      const firstWins = data.first.map((a, e) =>
        Number(rng.uniform() < sigmoid(truth[a]! - truth[data.second[e]!]! + order)),
      );
      const biased = {
        ...data,
        firstWins: Float64Array.from(firstWins),
        secondWins: Float64Array.from(firstWins, (w) => 1 - w),
      };
      return value(likelihoodRatioTest(value(fitPreferences(biased)), value(fitPreferences(biased, { order: true }))));
    };
    expect(test(0.8, 0).p).toBeLessThan(1e-4);
    const fair = Array.from({ length: 200 }, (_, s) => test(0, s).p);
    expect(fair.filter((p) => p < 0.05).length).toBeLessThanOrEqual(20);
    expect(fair.filter((p) => p < 0.5).length).toBeGreaterThan(75);
    expect(fair.filter((p) => p < 0.5).length).toBeLessThan(125);
  });
  it('says why it does not apply', () => {
    const data = crowd(createRng(1), 1, 200, () => truth);
    const plain = value(fitPreferences(data));
    const held = value(fitPreferences(data, { ridge: 1, order: true }));
    expect(likelihoodRatioTest(plain, held)).toMatchObject({ undefined: expect.stringContaining('prior') });
    expect(likelihoodRatioTest(plain, plain)).toMatchObject({ undefined: expect.stringContaining('not nested') });
    const more = value(
      fitPreferences(
        crowd(createRng(2), 1, 201, () => truth),
        { order: true },
      ),
    );
    expect(likelihoodRatioTest(plain, more)).toMatchObject({ undefined: expect.stringContaining('200 and 201') });
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
