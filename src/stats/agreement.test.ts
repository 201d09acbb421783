import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  alphaInterval,
  bootstrap,
  bootstrapTally,
  createRng,
  FEW_UNITS,
  gwetAgreement,
  type IccForm,
  type Interval,
  icc,
  kendallW,
  krippendorffAlpha,
  type Metric,
  pairwiseAgreement,
  type Ratings,
  sampleBinomial,
  type Tally,
  tallyOf,
  tallyUnits,
  type Weighting,
} from './index.ts';
import { ratingsTable, tallyCounts } from './ratings.fake.ts';

const { published, computed } = JSON.parse(
  readFileSync(new URL('../../fixtures/agreement.json', import.meta.url), 'utf8'),
);
type Row = (number | null)[];
const transpose = <T>(rows: T[][]): T[][] => rows[0]!.map((_, i) => rows.map((row) => row[i]!));
/** The value, or NaN so that a comparison fails with the reason in view. */
const numberIn = (estimate: object): number => ('value' in estimate ? (estimate.value as number) : Number.NaN);
/** A printed number agrees when it is the value rounded to as many digits. */
const printed = (value: number, print: number | null | undefined) => {
  if (print === null || print === undefined) return;
  const digits = String(print).split('.')[1]?.length ?? 0;
  expect(Math.abs(value - print), `${value} printed as ${print}`).toBeLessThan(0.51 * 10 ** -Math.max(digits, 2));
};
const intervalOf = (estimate: object): Interval => (estimate as { interval: Interval }).interval;
const errorOf = (estimate: object): number => numberIn((estimate as { standardError: object }).standardError);

describe('Krippendorff’s α', () => {
  it.each(['krippendorff2011A', 'krippendorff2011B'])('%s', (name) => {
    const { data, alpha } = published[name];
    const labels = [...new Set(data.flat())].sort();
    const units = transpose(data as unknown[][]).map((unit) => unit.map((v) => labels.indexOf(v)));
    expect(numberIn(krippendorffAlpha(units))).toBeCloseTo(alpha.computed, 12);
    printed(numberIn(krippendorffAlpha(units)), alpha.published);
  });
  it('crowd-kit’s cases', () => {
    for (const name of ['unanimousPairs', 'oneSplit', 'toy']) {
      const { units, alpha } = published.crowdKit[name];
      expect(numberIn(krippendorffAlpha(units))).toBeCloseTo(alpha, 12);
    }
  });
  it.each(computed.alphas as { rows: Row[]; alpha: Record<Metric, number> }[])('numpy’s coincidence matrices', (c) => {
    for (const [metric, value] of Object.entries(c.alpha)) {
      expect(numberIn(krippendorffAlpha(ratingsTable(c.rows), metric as Metric))).toBeCloseTo(value, 10);
    }
  });
  it('takes the same bootstrap draws as resampling whole units, by counting rows', () => {
    const rng = createRng(4);
    const units = Array.from({ length: 600 }, () => Array.from({ length: rng.integer(5) }, () => rng.integer(4)));
    expect(units.filter((unit) => unit.length > 1).length).toBeGreaterThan(FEW_UNITS);
    for (const metric of ['nominal', 'ordinal', 'interval', 'ratio'] as const) {
      const plain = bootstrap(units, (sample) => numberIn(krippendorffAlpha(sample, metric)), {
        uniform: createRng(9).uniform,
        replicates: 20,
      });
      const counted = alphaInterval(units, metric, { uniform: createRng(9).uniform, replicates: 20 });
      expect(counted.low).toBeCloseTo(plain.low, 10);
      expect(counted.high).toBeCloseTo(plain.high, 10);
    }
  });
  it('has an interval of α where few units agree wholly, wide where the other value is rare', () => {
    const of = (ones: number) => {
      const units = Array.from({ length: 30 }, (_, u) => (u < ones ? [1, 1, 1] : [0, 0, 0]));
      return alphaInterval(units, 'nominal', { uniform: createRng(1).uniform });
    };
    for (const ones of [1, 15]) {
      expect(of(ones).high).toBe(1);
      expect(of(ones).low).toBeLessThan(0.95);
    }
    expect(of(1).low).toBeLessThan(of(15).low - 0.2);
  });
  it('refuses the ratio metric on values below zero', () => {
    expect(krippendorffAlpha([[-1, 1]], 'ratio')).toEqual({ undefined: expect.stringContaining('zero or more') });
  });
});

describe('Gwet’s coefficient', () => {
  const ratings = ratingsTable(published.irrCac.rows);
  it.each(['identity', 'linear', 'quadratic', 'ordinal'] as const)(
    'irrCAC’s table with missing values, %s weights',
    (weights) => {
      const [value, error, low] = published.irrCac[weights];
      const result = gwetAgreement(ratings, { weights });
      printed(numberIn(result), value);
      printed(errorOf(result), error);
      printed(intervalOf(result).low, low);
      expect(intervalOf(result).high).toBe(1);
      expect(result).toMatchObject({ n: 11 });
    },
  );
  it('irrCAC’s counts of six raters', () => {
    const { counts, alpha, gwet } = published.irrCacCounts;
    const [value, error, low, high] = gwet;
    const tally = tallyCounts(counts);
    const result = gwetAgreement(tally);
    printed(numberIn(result), value);
    printed(errorOf(result), error);
    printed(intervalOf(result).low, low);
    printed(intervalOf(result).high, high);
    printed(numberIn(krippendorffAlpha(tally)), alpha);
  });
  it.each(computed.tables as { rows: number[][]; q: number; gwet: Record<string, number[]> }[])(
    'numpy’s definition and infinitesimal-jackknife errors on random tables',
    ({ rows, q, gwet }) => {
      const table = ratingsTable(rows, { scale: Array.from({ length: q }, (_, k) => k) });
      for (const [weights, [value, error]] of Object.entries(gwet)) {
        const result = gwetAgreement(table, { weights: weights as Weighting });
        expect(numberIn(result), weights).toBeCloseTo(value!, 10);
        expect(errorOf(result), weights).toBeCloseTo(error!, 7);
      }
    },
  );
  it('says why there is nothing to report', () => {
    const apart = ratingsTable([
      [1, null],
      [null, 2],
    ]);
    expect(gwetAgreement(apart)).toEqual({ undefined: 'no unit has two values' });
    expect(gwetAgreement([[1, 1]])).toEqual({ undefined: expect.stringContaining('declare the unused points') });
    const declared = ratingsTable(
      [
        [1, 1],
        [1, 1],
      ],
      { scale: [0, 1] },
    );
    expect(gwetAgreement(declared)).toMatchObject({ value: 1, interval: { undefined: expect.any(String) } });
    expect(gwetAgreement([[1, 2, 2]])).toMatchObject({ standardError: { undefined: expect.any(String) } });
    const many = Array.from({ length: 2500 }, (_, i) => [i, i + 0.5]);
    expect(gwetAgreement(many)).toEqual({ undefined: expect.stringContaining('interval α') });
  });
});

/** Raters who see the truth with some probability and otherwise answer by the given shares. */
function simulate(
  { units, raters, agree, shares }: { units: number; raters: number; agree: number; shares: readonly number[] },
  rng: ReturnType<typeof createRng>,
): Ratings {
  const rows = Array.from({ length: units }, () => {
    const truth = rng.choose(shares);
    return Array.from({ length: raters }, () => (rng.uniform() < agree ? truth : rng.choose(shares)));
  });
  return ratingsTable(rows, { scale: shares.map((_, k) => k) });
}

/** Share of runs whose interval holds the truth; between the binomial bounds of 93 % and 97 % or so at 200 runs. */
function coverage(truth: number, run: (index: number) => Interval, runs = 200): number {
  let covered = 0;
  for (let i = 0; i < runs; i++) {
    const { low, high } = run(i);
    if (low <= truth && truth <= high) covered += 1;
  }
  return covered / runs;
}

describe('intervals of agreement cover the truth', () => {
  const shares = [0.6, 0.3, 0.1];
  const setting = { units: 60, raters: 3, agree: 0.7, shares };
  // Two raters both see the truth with probability a², else agree by chance Σ p²; only one value each is needed for chance.
  const chance = shares.reduce((total, p) => total + p * p, 0);
  const agreement = 0.49 + 0.51 * chance;
  const gwetChance = (1 - chance) / 2;
  it('Gwet’s', () => {
    const rng = createRng('coverage gwetAgreement');
    const truth = (agreement - gwetChance) / (1 - gwetChance);
    const share = coverage(truth, () => intervalOf(gwetAgreement(simulate(setting, rng))));
    expect(share).toBeGreaterThan(0.89);
    expect(share).toBeLessThan(0.99);
  });
  it('the bootstrap of α, missing values included', () => {
    const rng = createRng('coverage bootstrap');
    const share = coverage(0.49, () => {
      const full = simulate({ ...setting, raters: 4 }, rng);
      const units = Array.from({ length: full.units }, (_, u) =>
        [...full.code.subarray(full.starts[u], full.starts[u + 1])].filter(() => rng.uniform() < 0.7),
      );
      return alphaInterval(units, 'nominal', { uniform: rng.uniform, replicates: 200 });
    });
    expect(share).toBeGreaterThan(0.87);
    expect(share).toBeLessThan(0.99);
  });
  it('ICC in all six forms', () => {
    const rng = createRng('coverage icc');
    const [targets, raters, residual] = [1, 0.25, 0.5];
    const k = 4;
    const single = { '1': targets / (targets + raters + residual), '3': targets / (targets + residual) };
    const truth: Record<IccForm, number> = {
      '1,1': single[1],
      '2,1': single[1],
      '3,1': single[3],
      '1,k': targets / (targets + (raters + residual) / k),
      '2,k': targets / (targets + (raters + residual) / k),
      '3,k': targets / (targets + residual / k),
    };
    const covered = { '1,1': 0, '2,1': 0, '3,1': 0, '1,k': 0, '2,k': 0, '3,k': 0 };
    for (let run = 0; run < 200; run++) {
      // Form 1 meets raters of its own at every target; forms 2 and 3 the same ones throughout.
      for (const own of [true, false]) {
        const bias = Array.from({ length: k }, () => Math.sqrt(raters) * rng.normal());
        const rows = Array.from({ length: 15 }, () => {
          const t = Math.sqrt(targets) * rng.normal();
          return bias.map((b) => t + (own ? Math.sqrt(raters) * rng.normal() : b) + Math.sqrt(residual) * rng.normal());
        });
        const result = icc(ratingsTable(rows));
        if ('undefined' in result) throw new Error(result.undefined);
        for (const form of Object.keys(covered) as IccForm[]) {
          if (form.startsWith('1') !== own) continue;
          const { low, high } = intervalOf(result.forms[form]);
          if (low <= truth[form] && truth[form] <= high) covered[form] += 1;
        }
      }
    }
    for (const [form, count] of Object.entries(covered)) {
      expect(count, form).toBeGreaterThan(178);
      expect(count, form).toBeLessThan(199);
    }
  });
  it('Kendall’s W over objects', () => {
    const rng = createRng('coverage w');
    const draw = (objects: number) => {
      const worth = Array.from({ length: objects }, () => rng.normal());
      return [0, 1, 2, 3].map(() => worth.map((w) => w + rng.normal()));
    };
    const truth = numberIn(kendallW(draw(20_000)));
    const share = coverage(truth, () => intervalOf(kendallW(draw(40), { uniform: rng.uniform, replicates: 100 })), 150);
    expect(share).toBeGreaterThan(0.86);
    expect(share).toBeLessThan(0.995);
  });
});

describe('intraclass correlation', () => {
  it('Shrout and Fleiss 1979', () => {
    const { rows, published: table, computed: exact } = published.shroutFleiss1979;
    const result = icc(ratingsTable(rows));
    if ('undefined' in result) throw new Error(result.undefined);
    for (const [name, value] of Object.entries(table)) {
      const got = name.includes(',') ? numberIn(result.forms[name as IccForm]) : result.meanSquares[name as 'targets'];
      printed(got, value as number);
      if (name in exact) expect(got).toBeCloseTo(exact[name], 12);
    }
    expect(result).toMatchObject({ targets: 6, raters: 4, incomplete: 0 });
  });
  it.each(computed.icc as { rows: number[][]; forms: object; intervals: Record<IccForm, number[]> }[])(
    'least squares and scipy’s F',
    ({ rows, forms, intervals }) => {
      const result = icc(ratingsTable(rows));
      if ('undefined' in result) throw new Error(result.undefined);
      for (const [form, value] of Object.entries(forms) as [IccForm, number][]) {
        expect(numberIn(result.forms[form])).toBeCloseTo(value, 9);
        expect(intervalOf(result.forms[form]).low).toBeCloseTo(intervals[form][0]!, 8);
        expect(intervalOf(result.forms[form]).high).toBeCloseTo(intervals[form][1]!, 8);
      }
    },
  );
  it('leaves out incomplete targets, and says when nothing is left', () => {
    expect(
      icc(
        ratingsTable([
          [1, 2],
          [3, 5],
          [null, 4],
        ]),
      ),
    ).toMatchObject({ targets: 2, incomplete: 1 });
    expect(
      icc(
        ratingsTable([
          [1, 2],
          [null, 5],
        ]),
      ),
    ).toEqual({ undefined: expect.stringContaining('1 of 2 targets') });
    expect(icc(ratingsTable([[1], [2]]))).toEqual({ undefined: 'fewer than two raters' });
    const constant = icc(
      ratingsTable([
        [1, 1],
        [1, 1],
      ]),
    );
    expect(constant).toMatchObject({ forms: { '1,1': { undefined: expect.any(String) } } });
    const shifted = icc(
      ratingsTable([
        [1, 2],
        [3, 4],
        [7, 8],
      ]),
    );
    expect(shifted).toMatchObject({ forms: { '3,1': { value: 1, interval: { undefined: expect.any(String) } } } });
  });
});

describe('Kendall’s W', () => {
  it('NAG’s example with ties', () => {
    const { ranks, published: print, computed: exact } = published.kendallWNag;
    const result = kendallW(ranks, { uniform: createRng(1).uniform, replicates: 200 });
    if ('undefined' in result) throw new Error(result.undefined);
    expect(result.value).toBeCloseTo(exact.W, 12);
    expect(result.uncorrected).toBeCloseTo(exact.W_no_tie_correction, 12);
    expect(result.chiSquare).toBeCloseTo(exact.chi2, 10);
    expect(result.p).toBeCloseTo(exact.p, 12);
    expect(result.df).toBe(exact.df);
    printed(result.value, print.W);
    printed(result.p, print.p);
    expect(result.interval!.low).toBeLessThan(result.value);
  });
  it.each(computed.kendallW as { scores: number[][]; W: number; chiSquare: number; p: number }[])(
    'Friedman’s test in scipy',
    (c) => {
      const result = kendallW(c.scores);
      if ('undefined' in result) throw new Error(result.undefined);
      expect(result.value).toBeCloseTo(c.W, 10);
      expect(result.chiSquare).toBeCloseTo(c.chiSquare, 9);
      expect(result.p / c.p).toBeCloseTo(1, 8);
    },
  );
  it('is 1 for equal orders and undefined when every judge ties everything', () => {
    expect(
      numberIn(
        kendallW([
          [1, 2, 3],
          [10, 20, 30],
        ]),
      ),
    ).toBe(1);
    expect(
      kendallW([
        [1, 1],
        [2, 2],
      ]),
    ).toEqual({ undefined: 'every judge ties all objects' });
    expect(kendallW([[1, 2, 3]])).toEqual({ undefined: expect.stringContaining('two judges') });
    expect(() =>
      kendallW([
        [1, 2],
        [1, Number.NaN],
      ]),
    ).toThrow(/skipped/);
  });
});

describe('agreement of any table', () => {
  const value = fc.option(fc.integer({ min: 0, max: 3 }), { nil: null, freq: 4 });
  const table = fc.array(fc.array(value, { minLength: 3, maxLength: 3 }), { minLength: 2, maxLength: 9 });
  const close = (a: object, b: object) => {
    expect('value' in a).toBe('value' in b);
    if (!('value' in a)) return;
    expect(numberIn(b)).toBeCloseTo(numberIn(a), 9);
    // NaN where the error is undefined, on both sides or on none.
    const [x, y] = [errorOf(a), errorOf(b)];
    if (Number.isNaN(x)) expect(y).toBeNaN();
    else expect(y).toBeCloseTo(x, 7);
  };
  it('does not care about the order of units and raters, or the names of labels', () => {
    fc.assert(
      fc.property(table, (rows) => {
        const turned = [...rows].reverse().map((row) => [...row].reverse());
        const renamed = rows.map((row) => row.map((v) => (v === null ? null : [7, -2, 31, 0.5][v]!)));
        const result = gwetAgreement(ratingsTable(rows));
        close(result, gwetAgreement(ratingsTable(turned)));
        close(result, gwetAgreement(ratingsTable(renamed)));
      }),
    );
  });
  it('is 1 for perfect agreement, with the reason why there is no interval', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 2, maxLength: 9 }), (truth) => {
        fc.pre(new Set(truth).size > 1);
        const ratings = ratingsTable(truth.map((t) => [t, t, t]));
        const result = gwetAgreement(ratings);
        expect(numberIn(result)).toBeCloseTo(1, 12);
        expect(result).toMatchObject({ interval: { undefined: expect.any(String) } });
        for (const metric of ['nominal', 'ordinal', 'interval', 'ratio'] as const) {
          expect(numberIn(krippendorffAlpha(ratings, metric))).toBe(1);
        }
      }),
    );
  });
  it('gives units with one value no part in agreement, nor units with none any part at all', () => {
    const rows: Row[] = [
      [0, 0, 1],
      [1, 1, 1],
      [0, 1, null],
    ];
    const [plain, padded] = [ratingsTable(rows), ratingsTable([...rows, [null, null, null]])];
    const single = ratingsTable([...rows, [null, 1, null]]);
    close(gwetAgreement(plain), gwetAgreement(padded));
    expect(gwetAgreement(single)).toMatchObject({ n: 3 });
    for (const metric of ['nominal', 'ordinal', 'interval', 'ratio'] as const) {
      expect(krippendorffAlpha(single, metric)).toEqual(krippendorffAlpha(plain, metric));
    }
    expect(pairwiseAgreement(single)).toEqual(pairwiseAgreement(plain));
  });
});

describe('the table of ratings', () => {
  it('is the same from rows and from units', () => {
    const rows: Row[] = [
      [3, null, 1],
      [null, null, null],
      [2, 2, 3],
    ];
    const ratings = ratingsTable(rows);
    const strip = ({ units, rows: n, multiplicity, sizes }: Tally) => [units, n, [...multiplicity], [...sizes]];
    expect(strip(tallyOf([[1, 3], [], [3, 2, 2]]))).toEqual(strip(tallyOf(ratings)));
    expect([...ratings.scale]).toEqual([1, 2, 3]);
  });
  it('keeps equal rows once, also among many values', () => {
    const tally = tallyOf([
      [1, 2, 2],
      [2, 1, 2],
      [2, 2, 2],
      [1, 2, 2],
    ]);
    expect([tally.rows, [...tally.rowOf]]).toEqual([2, [0, 0, 1, 0]]);
    const rng = createRng(2);
    const units = Array.from({ length: 3000 }, () => [rng.uniform(), rng.uniform()]);
    const wide = tallyOf([...units, ...units.map(([a, b]) => [b!, a!])]);
    expect([wide.rows, wide.scale.length]).toEqual([3000, 6000]);
    expect(numberIn(krippendorffAlpha(wide, 'interval'))).toBeLessThan(0.1);
    expect(pairwiseAgreement(wide)).toEqual({ value: 0 });
  });
  it('refuses what cannot be meant', () => {
    expect(() => tallyUnits([[1, 9]], { scale: [1, 2, 3] })).toThrow(/scale 1, 2, 3, got 9/);
    expect(() => tallyUnits([[1, Number.NaN]])).toThrow(/finite/);
    expect(() => gwetAgreement([[0, 1]], { weights: [[1]] })).toThrow(/2 × 2 matrix/);
  });
  it('a bootstrap over rows sees every unit as often as a multinomial would', () => {
    const counts = [...new Array(4000).fill([2, 0]), ...new Array(6000).fill([1, 1])];
    const { low, high } = bootstrapTally(tallyCounts(counts), (w) => ({ value: w[1]! / 10_000 }), {
      uniform: createRng(6).uniform,
      replicates: 2000,
    });
    expect(high - low).toBeGreaterThan(0.0178);
    expect(high - low).toBeLessThan(0.0206);
    expect(sampleBinomial(0, 0.5, () => 0.5)).toBe(0);
  });
});
