import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  alphaCoefficient,
  alphaForSets,
  alphaInterval,
  bootstrap,
  bootstrapTally,
  brennanPrediger,
  cohenKappa,
  congerKappa,
  contingency,
  createRng,
  fleissKappa,
  gwetAgreement,
  type IccForm,
  type Interval,
  icc,
  kendallW,
  krippendorffAlpha,
  type Metric,
  masiDistance,
  pairwiseAgreement,
  percentAgreement,
  type Ratings,
  ratingsFromEntries,
  ratingsTable,
  sampleBinomial,
  type Tally,
  tallyCounts,
  tallyOf,
  type Weighting,
} from './index.ts';

const { published, computed } = JSON.parse(
  readFileSync(new URL('../../fixtures/agreement.json', import.meta.url), 'utf8'),
);
type Row = (number | null)[];
const transpose = <T>(rows: T[][]): T[][] => rows[0]!.map((_, i) => rows.map((row) => row[i]!));
/** The value, or NaN so that a comparison fails with the reason in view. */
const numberIn = (estimate: object): number => ('value' in estimate ? (estimate.value as number) : Number.NaN);
const COEFFICIENTS = { percentAgreement, brennanPrediger, fleissKappa, gwetAgreement, congerKappa, alphaCoefficient };
type Name = keyof typeof COEFFICIENTS;
const NAMES = Object.keys(COEFFICIENTS) as Name[];
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
  it('crowd-kit’s cases, sets of labels among them', () => {
    for (const name of ['unanimousPairs', 'oneSplit', 'toy']) {
      const { units, alpha } = published.crowdKit[name];
      expect(numberIn(krippendorffAlpha(units))).toBeCloseTo(alpha, 12);
    }
    const { units, nominal, masi } = published.crowdKit.sets;
    const distinct = (a: readonly string[], b: readonly string[]) => Number(a.join() !== b.join());
    expect(numberIn(alphaForSets(units, { distance: distinct }))).toBeCloseTo(nominal, 12);
    // The peer's MASI rounds its constant 2/3 to .67; the paper's is exact.
    const rounded = (a: readonly string[], b: readonly string[]) =>
      distinct(a, b) === 1 && masiDistance(a, b) < 1 ? 1 - 0.67 / 2 : masiDistance(a, b);
    expect(numberIn(alphaForSets(units, { distance: rounded }))).toBeCloseTo(masi, 12);
    expect(numberIn(alphaForSets(units))).toBeCloseTo(2 / 3, 12);
    const { interval } = alphaForSets(units, { uniform: createRng(1).uniform, replicates: 50 });
    expect(interval!.high).toBe(1);
  });
  it('MASI: equal, nested, overlapping and disjoint sets', () => {
    const d = (a: string, b: string) => masiDistance([...a], [...b]);
    expect([d('ab', 'ba'), d('ab', 'cd'), d('', '')]).toEqual([0, 1, 0]);
    expect(d('a', 'ab')).toBeCloseTo(1 - (1 / 2) * (2 / 3), 12);
    expect(d('ab', 'bc')).toBeCloseTo(1 - (1 / 3) * (1 / 3), 12);
  });
  it.each(computed.alphas as { rows: Row[]; alpha: Record<Metric, number> }[])('numpy’s coincidence matrices', (c) => {
    for (const [metric, value] of Object.entries(c.alpha)) {
      expect(numberIn(krippendorffAlpha(ratingsTable(c.rows), metric as Metric))).toBeCloseTo(value, 10);
    }
  });
  it('takes the same bootstrap draws as resampling whole units, by counting rows', () => {
    const rng = createRng(4);
    const units = Array.from({ length: 30 }, () => Array.from({ length: rng.integer(5) }, () => rng.integer(4)));
    for (const metric of ['nominal', 'ordinal', 'interval', 'ratio'] as const) {
      const plain = bootstrap(units, (sample) => numberIn(krippendorffAlpha(sample, metric)), {
        uniform: createRng(9).uniform,
        replicates: 60,
      });
      const counted = alphaInterval(units, metric, { uniform: createRng(9).uniform, replicates: 60 });
      expect(counted.low).toBeCloseTo(plain.low, 10);
      expect(counted.high).toBeCloseTo(plain.high, 10);
    }
  });
  it('its interval from drawing rows at once agrees with its analytic one when units are many', () => {
    const ratings = simulate({ units: 20_000, raters: 3, agree: 0.6, shares: [0.5, 0.3, 0.2] }, createRng(3));
    const analytic = intervalOf(alphaCoefficient(ratings));
    const drawn = alphaInterval(ratings, 'nominal', { uniform: createRng(5).uniform, replicates: 2000 });
    const width = analytic.high - analytic.low;
    expect(Math.abs(drawn.low - analytic.low)).toBeLessThan(0.08 * width);
    expect(Math.abs(drawn.high - analytic.high)).toBeLessThan(0.08 * width);
  });
  it('refuses the ratio metric on values below zero', () => {
    expect(krippendorffAlpha([[-1, 1]], 'ratio')).toEqual({ undefined: expect.stringContaining('zero or more') });
  });
});

describe('chance-corrected agreement', () => {
  const ratings = ratingsTable(published.irrCac.rows);
  it.each(['identity', 'linear', 'quadratic', 'ordinal', 'matrix'])(
    'irrCAC’s table with missing values, %s weights',
    (w) => {
      const { weights = w, ...cases } = published.irrCac[w];
      for (const [name, [value, error, low]] of Object.entries(cases) as [Name, number[]][]) {
        const result = COEFFICIENTS[name](ratings, { weights: weights as Weighting });
        printed(numberIn(result), value);
        printed(errorOf(result), error);
        printed(intervalOf(result).low, low);
        expect(intervalOf(result).high).toBe(1);
        expect(result).toMatchObject({ n: 11 });
      }
    },
  );
  it('irrCAC’s counts of six raters', () => {
    const { patients, source, alpha, ...cases } = published.irrCacCounts;
    const tally = tallyCounts(published.fleiss1971.counts.slice(0, patients));
    for (const [name, [value, error, low, high]] of Object.entries(cases) as [
      Exclude<Name, 'congerKappa'>,
      number[],
    ][]) {
      const result = COEFFICIENTS[name](tally);
      printed(numberIn(result), value);
      printed(errorOf(result), error);
      printed(intervalOf(result).low, low);
      printed(intervalOf(result).high, high);
    }
    printed(numberIn(alphaCoefficient(tally)), alpha);
    expect(numberIn(krippendorffAlpha(tally))).toBeCloseTo(numberIn(alphaCoefficient(tally)), 12);
  });
  it('Fleiss 1971: κ, z and the κ of each diagnosis; Conger’s κ', () => {
    const { counts, kappa, z, categories, congerOrdered, cohenFirstTwo } = published.fleiss1971;
    const result = fleissKappa(tallyCounts(counts));
    if (!('test' in result) || !('z' in result.test)) throw new Error(JSON.stringify(result));
    printed(result.value, kappa);
    expect(result.test.z).toBeCloseTo(z, 2);
    expect(result.test.p).toBeLessThan(1e-60);
    for (const [k, value] of categories.entries()) printed(numberIn(result.test.categories[k]!), value);
    const inOrder = ratingsTable(counts.map((row: number[]) => row.flatMap((n, k) => new Array<number>(n).fill(k))));
    printed(numberIn(congerKappa(inOrder)), congerOrdered);
    printed(numberIn(cohenKappa(contingency(inOrder, 0, 1))), cohenFirstTwo);
    expect(numberIn(fleissKappa(inOrder))).toBeCloseTo(result.value, 12);
  });
  it('Wikipedia’s table and Randolph’s free-marginal κ', () => {
    const { counts, kappa, rowAgreement } = published.fleissWikipedia;
    expect(numberIn(fleissKappa(tallyCounts(counts)))).toBeCloseTo(kappa.computed, 12);
    printed(numberIn(fleissKappa(tallyCounts(counts))), kappa.published);
    for (const [i, agreement] of rowAgreement.entries()) {
      printed(numberIn(percentAgreement(tallyCounts([counts[i]]))), agreement);
    }
    for (const { counts: table, fixed, free } of published.randolph.cases) {
      printed(numberIn(brennanPrediger(tallyCounts(table))), free);
      if (fixed === null) {
        expect(fleissKappa(tallyCounts(table))).toEqual({
          undefined: expect.stringContaining('every value is the same'),
        });
      } else {
        printed(numberIn(fleissKappa(tallyCounts(table))), fixed);
      }
    }
  });
  it.each(computed.tables as { rows: number[][]; q: number; coefficients: Record<string, number[]> }[])(
    'numpy’s definitions and infinitesimal-jackknife errors on random tables',
    ({ rows, q, coefficients }) => {
      const table = ratingsTable(rows, { scale: Array.from({ length: q }, (_, k) => k) });
      const names: Record<string, Name> = {
        percent: 'percentAgreement',
        fleiss: 'fleissKappa',
        gwet: 'gwetAgreement',
        conger: 'congerKappa',
        brennanPrediger: 'brennanPrediger',
      };
      for (const [key, [value, error]] of Object.entries(coefficients)) {
        const [kind, weights] = key.split(' ') as [string, Weighting];
        const result = COEFFICIENTS[names[kind]!](table, { weights });
        expect(numberIn(result), key).toBeCloseTo(value!, 10);
        expect(errorOf(result), key).toBeCloseTo(error!, 7);
      }
    },
  );
  it('say why there is nothing to report', () => {
    for (const name of NAMES) {
      expect(
        COEFFICIENTS[name](
          ratingsTable([
            [1, null],
            [null, 2],
          ]),
        ),
      ).toEqual({ undefined: 'no unit has two values' });
    }
    expect(gwetAgreement([[1, 1]])).toEqual({ undefined: expect.stringContaining('declare the unused points') });
    const declared = ratingsTable(
      [
        [1, 1],
        [1, 1],
      ],
      { scale: [0, 1] },
    );
    expect(gwetAgreement(declared)).toMatchObject({ value: 1, interval: { undefined: expect.any(String) } });
    expect(percentAgreement([[1, 2, 2]])).toMatchObject({
      value: 1 / 3,
      standardError: { undefined: expect.any(String) },
    });
    const many = Array.from({ length: 2500 }, (_, i) => [i, i + 0.5]);
    expect(fleissKappa(many)).toEqual({ undefined: expect.stringContaining('interval α') });
    expect(fleissKappa(ratings)).toMatchObject({ test: { undefined: expect.stringContaining('different numbers') } });
    expect(fleissKappa(ratings, { weights: 'linear' })).toMatchObject({ test: { undefined: expect.any(String) } });
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
  const truths: Record<Name, number> = {
    percentAgreement: agreement,
    brennanPrediger: (agreement - 1 / 3) / (2 / 3),
    fleissKappa: 0.49,
    congerKappa: 0.49,
    alphaCoefficient: 0.49,
    gwetAgreement: (agreement - gwetChance) / (1 - gwetChance),
  };
  it.each(NAMES)('%s', (name) => {
    const rng = createRng(`coverage ${name}`);
    const share = coverage(truths[name], () => intervalOf(COEFFICIENTS[name](simulate(setting, rng))));
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
  it('Cohen’s κ', () => {
    const rng = createRng('coverage cohen');
    const share = coverage(0.49, () =>
      intervalOf(cohenKappa(contingency(simulate({ ...setting, raters: 2 }, rng), 0, 1))),
    );
    expect(share).toBeGreaterThan(0.89);
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

describe('Cohen’s κ', () => {
  it.each(['identity', 'linear'] as const)('SAS, %s weights', (weights) => {
    const { table } = published.cohenSas;
    const expected = published.cohenSas[weights];
    const result = cohenKappa(table, { weights });
    if ('undefined' in result) throw new Error(result.undefined);
    expect(result.value).toBeCloseTo(expected.computed, 12);
    printed(result.value, expected.kappa);
    printed(result.standardError, expected.ase);
    printed(intervalOf(result).low, expected.interval[0]);
    printed(intervalOf(result).high, expected.interval[1]);
    printed(result.nullError, expected.ase0);
    printed(result.z, expected.z);
  });
  it('other published tables', () => {
    const { table, kappa, ase } = published.abstractors;
    const result = cohenKappa(table);
    if ('undefined' in result) throw new Error(result.undefined);
    printed(result.value, kappa);
    printed(result.standardError, ase);
    expect(numberIn(cohenKappa(published.cohenSas.second.table))).toBeCloseTo(published.cohenSas.second.kappa, 12);
  });
  it.each(computed.cohen as { table: number[][]; kappa: Record<string, number[]> }[])(
    'multinomial delta method',
    (c) => {
      for (const [weights, [value, ase, ase0]] of Object.entries(c.kappa)) {
        const result = cohenKappa(c.table, { weights: weights as 'identity' });
        if ('undefined' in result) throw new Error(result.undefined);
        expect(result.value).toBeCloseTo(value!, 10);
        expect(result.standardError).toBeCloseTo(ase!, 7);
        expect(result.nullError).toBeCloseTo(ase0!, 7);
      }
    },
  );
  it('is Conger’s κ of two raters, and says when it has no value', () => {
    const ratings = simulate({ units: 50, raters: 2, agree: 0.5, shares: [0.5, 0.5] }, createRng(8));
    expect(numberIn(cohenKappa(contingency(ratings, 0, 1)))).toBeCloseTo(numberIn(congerKappa(ratings)), 12);
    expect(
      cohenKappa([
        [7, 0],
        [0, 0],
      ]),
    ).toEqual({ undefined: expect.stringContaining('one and the same value') });
    expect(
      cohenKappa([
        [0, 0],
        [0, 0],
      ]),
    ).toEqual({ undefined: 'no unit was rated by both' });
    expect(
      cohenKappa([
        [5, 0],
        [0, 5],
      ]),
    ).toMatchObject({ value: 1, interval: { undefined: expect.any(String) } });
    expect(() => cohenKappa([[1, 2]])).toThrow(/square table/);
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

describe('every coefficient', () => {
  const value = fc.option(fc.integer({ min: 0, max: 3 }), { nil: null, freq: 4 });
  const table = fc.array(fc.array(value, { minLength: 3, maxLength: 3 }), { minLength: 2, maxLength: 9 });
  const close = (a: object, b: object, name: string) => {
    expect('value' in a, name).toBe('value' in b);
    if (!('value' in a)) return;
    expect(numberIn(b), name).toBeCloseTo(numberIn(a), 9);
    // NaN where the error is undefined, on both sides or on none.
    const [x, y] = [errorOf(a), errorOf(b)];
    if (Number.isNaN(x)) expect(y).toBeNaN();
    else expect(y).toBeCloseTo(x, 7);
  };
  it('does not care about the order of units and raters, or the names of labels', () => {
    fc.assert(
      fc.property(table, fc.constantFrom(...NAMES), (rows, name) => {
        const turned = [...rows].reverse().map((row) => [...row].reverse());
        const renamed = rows.map((row) => row.map((v) => (v === null ? null : [7, -2, 31, 0.5][v]!)));
        const result = COEFFICIENTS[name](ratingsTable(rows));
        close(result, COEFFICIENTS[name](ratingsTable(turned)), `${name} turned`);
        close(result, COEFFICIENTS[name](ratingsTable(renamed)), `${name} renamed`);
      }),
    );
  });
  it('is 1 for perfect agreement, with the reason why there is no interval', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 2, maxLength: 9 }), (truth) => {
        fc.pre(new Set(truth).size > 1);
        const ratings = ratingsTable(truth.map((t) => [t, t, t]));
        for (const name of NAMES) {
          const result = COEFFICIENTS[name](ratings);
          expect(numberIn(result), name).toBeCloseTo(1, 12);
          expect(result).toMatchObject({ interval: { undefined: expect.any(String) } });
        }
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
    for (const name of NAMES) {
      close(COEFFICIENTS[name](plain), COEFFICIENTS[name](padded), name);
      expect(COEFFICIENTS[name](single)).toMatchObject({ n: 3 });
    }
    for (const metric of ['nominal', 'ordinal', 'interval', 'ratio'] as const) {
      expect(krippendorffAlpha(single, metric)).toEqual(krippendorffAlpha(plain, metric));
    }
    expect(numberIn(percentAgreement(single))).toBeCloseTo(numberIn(percentAgreement(plain)), 12);
  });
});

describe('the table of ratings', () => {
  it('is the same from rows, from entries in any order, and from units', () => {
    const rows: Row[] = [
      [3, null, 1],
      [null, null, null],
      [2, 2, 3],
    ];
    const entries = { unit: [2, 0, 2, 0, 2], rater: [1, 2, 0, 0, 2], value: [2, 1, 2, 3, 3] };
    const ratings = ratingsTable(rows);
    const back = ratingsFromEntries(entries, { units: 3, raters: 3 });
    const strip = ({ units, rows: n, multiplicity, sizes }: Tally) => [units, n, [...multiplicity], [...sizes]];
    expect(strip(tallyOf(back))).toEqual(strip(tallyOf(ratings)));
    expect(strip(tallyOf([[1, 3], [], [3, 2, 2]]))).toEqual(strip(tallyOf(ratings)));
    expect([...ratings.scale]).toEqual([1, 2, 3]);
    expect(contingency(ratings, 0, 2)).toEqual([
      [0, 0, 0],
      [0, 0, 1],
      [1, 0, 0],
    ]);
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
    const sizes = { units: 1, raters: 2 };
    expect(() => ratingsFromEntries({ unit: [0, 0], rater: [1, 1], value: [1, 2] }, sizes)).toThrow(
      /one value per rater/,
    );
    expect(() => ratingsFromEntries({ unit: [1], rater: [0], value: [1] }, sizes)).toThrow(/units below 1/);
    expect(() => ratingsTable([[1, 9]], { scale: [1, 2, 3] })).toThrow(/scale 1, 2, 3, got 9/);
    expect(() => ratingsTable([[1, Number.NaN]])).toThrow(/finite/);
    expect(() => tallyCounts([[1, 0.5]])).toThrow(/whole numbers/);
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
