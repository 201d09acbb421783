import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { mean } from './functions.ts';
import { createRng } from './random.ts';
import {
  EXACT_RATERS,
  type RatingTable,
  type RatingTruth,
  type RatingTruthOptions,
  ratingTruth,
} from './rating-truth.ts';
import { simulatedRatings } from './ratings.fake.ts';

interface Case {
  readonly ratings: readonly (readonly [unit: number, rater: number, value: number])[];
  readonly units: readonly number[];
  readonly truth: readonly number[];
  readonly standardErrors: readonly number[];
  readonly bias: readonly number[];
  readonly noise: readonly number[];
  readonly biasDeviation: number;
}
const fixture = JSON.parse(readFileSync(new URL('../../fixtures/rating-truth.json', import.meta.url), 'utf8')) as {
  readonly prior: number;
  readonly cases: readonly Case[];
};

const tableOf = (rows: Case['ratings'], units: number, raters: number): RatingTable => {
  const sorted = [...rows].sort((a, b) => a[0] - b[0]);
  return {
    units,
    raters,
    starts: Array.from({ length: units + 1 }, (_, u) => sorted.filter(([unit]) => unit < u).length),
    rater: sorted.map(([, rater]) => rater),
    value: sorted.map(([, , value]) => value),
  };
};
const fitOf = (table: RatingTable, options?: RatingTruthOptions): RatingTruth => {
  const found = ratingTruth(table, options);
  if ('undefined' in found) throw new Error(found.undefined);
  return found;
};
const spreadOf = (errors: readonly number[]) => Math.sqrt(mean(errors.map((e) => e * e)));

describe('the value of rated units', () => {
  it.each(fixture.cases.map((one, i) => [i, one] as const))(
    'equals case %i of a restricted likelihood made elsewhere',
    (_, one) => {
      const units = Math.max(...one.units) + 1;
      // A unit and a rater without ratings at the end change nothing.
      const table = tableOf(one.ratings, units + 1, one.noise.length + 1);
      const found = fitOf(table, { prior: fixture.prior, tolerance: 1e-9, iterations: 5000 });
      expect(found.converged).toBe(true);
      expect(found.truth.at(-1)).toBeNull();
      expect(found.raters.at(-1)).toBeNull();
      for (const [k, u] of one.units.entries()) {
        expect(found.truth[u]!.value).toBeCloseTo(one.truth[k]!, 4);
        expect(found.truth[u]!.standardError).toBeCloseTo(one.standardErrors[k]!, 4);
      }
      for (const [r, bias] of one.bias.entries()) {
        expect(found.raters[r]!.bias.value).toBeCloseTo(bias, 4);
        expect(found.raters[r]!.noise).toBeCloseTo(one.noise[r]!, 4);
      }
      expect(found.biasDeviation).toBeCloseTo(one.biasDeviation, 4);
    },
  );

  it('recovers biases and noise, and lies nearer to the truth than plain means', () => {
    const { table, truth, bias, noise } = simulatedRatings(createRng('recovery'), {
      units: 600,
      raters: 8,
      perUnit: 3,
      spread: 0.5,
    });
    const found = fitOf(table);
    for (const [r, one] of found.raters.entries()) {
      expect(Math.abs(one!.bias.value - bias[r]!)).toBeLessThan(0.12);
      // Rounding to half steps is noise too.
      expect(one!.noise / Math.sqrt(noise[r]! ** 2 + 1 / 48)).toBeGreaterThan(0.8);
      expect(one!.noise / Math.sqrt(noise[r]! ** 2 + 1 / 48)).toBeLessThan(1.2);
    }
    const plain = truth.map((_, u) => mean([0, 1, 2].map((i) => table.value[3 * u + i]!)));
    const error = spreadOf(truth.map((worth, u) => found.truth[u]!.value - worth));
    expect(error).toBeLessThan(0.75 * spreadOf(truth.map((worth, u) => plain[u]! - worth)));
    const held = truth.filter((worth, u) => {
      const { low, high } = found.truth[u]!.interval;
      return low <= worth && worth <= high;
    });
    expect(held.length / truth.length).toBeGreaterThan(0.925);
  });

  it('never climbs down, whatever the data', () => {
    for (let seed = 0; seed < 20; seed++) {
      const rng = createRng(`climb/${seed}`);
      const size = { units: 3 + rng.integer(30), raters: 2 + rng.integer(8), spread: rng.uniform() };
      const { table } = simulatedRatings(rng, { ...size, perUnit: Math.min(size.raters, 2 + rng.integer(3)) });
      const scale = 10 ** (rng.integer(13) - 6);
      const found = ratingTruth({ ...table, value: Array.from(table.value, (v) => scale * v) });
      if ('undefined' in found) continue;
      for (const [i, value] of found.objectives.entries())
        if (i > 0) expect(value).toBeGreaterThanOrEqual(found.objectives[i - 1]! - 1e-6);
    }
  });

  it('does not depend on the unit and the zero of the scale', () => {
    const { table } = simulatedRatings(createRng('scale'), { units: 40, raters: 6, perUnit: 3, spread: 0.4 });
    const [plain, turned] = [table, { ...table, value: Array.from(table.value, (v) => 1000 - 20 * v) }].map((t) =>
      fitOf(t),
    );
    for (const [u, one] of plain!.truth.entries()) {
      expect(turned!.truth[u]!.value).toBeCloseTo(1000 - 20 * one!.value, 3);
      expect(turned!.truth[u]!.standardError).toBeCloseTo(20 * one!.standardError, 3);
    }
  });

  it('takes many raters one by one, with nearly the same values', () => {
    const size = { units: 1500, raters: EXACT_RATERS, perUnit: 4, spread: 0.5 };
    const { table } = simulatedRatings(createRng('many'), size);
    const exact = fitOf(table, { iterations: 40 });
    const apart = fitOf({ ...table, raters: EXACT_RATERS + 1 }, { iterations: 40 });
    expect(apart.objectives).toEqual([]);
    const differences = exact.truth.map((one, u) => apart.truth[u]!.value - one!.value);
    expect(spreadOf(differences)).toBeLessThan(0.02);
    const ratio = mean(exact.truth.map((one, u) => apart.truth[u]!.standardError / one!.standardError));
    expect(ratio).toBeGreaterThan(0.9);
    expect(ratio).toBeLessThan(1.1);
  });

  it('does not take a rater who always agreed as exact, and says where nothing can be told', () => {
    const agreed = fitOf(
      tableOf(
        [0, 1, 2, 3].flatMap((u) => [0, 1, 2].map((r) => [u, r, u] as const)),
        4,
        3,
      ),
    );
    for (const one of agreed.truth) expect(one!.standardError).toBeGreaterThan(0.05);
    const single = ratingTruth(
      tableOf(
        [
          [0, 0, 1],
          [1, 1, 2],
        ],
        2,
        2,
      ),
    );
    expect('undefined' in single && single.undefined).toMatch(/rated twice/);
    const equal = ratingTruth(
      tableOf(
        [
          [0, 0, 1],
          [0, 1, 1],
        ],
        1,
        2,
      ),
    );
    expect('undefined' in equal && equal.undefined).toMatch(/same number/);
    expect(() =>
      ratingTruth(
        tableOf(
          [
            [0, 0, 1],
            [0, 1, Number.NaN],
          ],
          1,
          2,
        ),
      ),
    ).toThrow(/finite/);
  });
});
