import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digamma } from './digamma.ts';
import { logGamma } from './distributions.ts';
import {
  coinConfusion,
  createRng,
  type DawidSkeneResult,
  dawidSkene,
  glad,
  type Label,
  type LabelSizes,
  labelTable,
  logSumExp,
  mace,
  majorityVote,
  mostProbable,
  oneCoin,
  randomDesign,
  sigmoid,
  simulateLabels,
  spearman,
  type TruthResult,
  wawa,
} from './index.ts';

const fixtures = JSON.parse(readFileSync(new URL('../../fixtures/truth.json', import.meta.url), 'utf8'));
const labelsOf = (rows: [number, number, number][]): Label[] =>
  rows.map(([item, rater, label]) => ({ item, rater, label }));
const column = (posteriors: readonly Float64Array[], k: number) => posteriors.map((row) => row[k]!);
const expectClose = (got: ArrayLike<number>, wanted: ArrayLike<number>, digits: number) => {
  expect(got.length).toBe(wanted.length);
  for (let i = 0; i < wanted.length; i++) expect(got[i]).toBeCloseTo(wanted[i]!, digits);
};
const pointOf = (estimate: { value: number } | { undefined: string }) =>
  'value' in estimate ? estimate.value : Number.NaN;

type Method = (labels: Iterable<Label>, sizes: LabelSizes, iterations?: number) => TruthResult;
const METHODS: Record<string, Method> = {
  'Dawid–Skene': (l, s, iterations = 500) => dawidSkene(l, s, { iterations, tolerance: 0 }),
  'Dawid–Skene smoothed': (l, s, iterations = 500) => dawidSkene(l, s, { iterations, tolerance: 0, smoothing: 0.5 }),
  'one coin': (l, s, iterations = 500) => oneCoin(l, s, { iterations, tolerance: 0 }),
  'one coin smoothed': (l, s, iterations = 500) => oneCoin(l, s, { iterations, tolerance: 0, smoothing: 1 }),
  'MACE by variation': (l, s, iterations = 500) => mace(l, s, { iterations, tolerance: 0 }),
  'MACE by likelihood': (l, s, iterations = 500) => mace(l, s, { iterations, tolerance: 0, by: 'em' }),
  GLAD: (l, s, iterations = 500) => glad(l, s, { iterations, tolerance: 0 }),
  majority: (l, s) => majorityVote(l, s),
  Wawa: (l, s) => wawa(l, s),
};

describe('the crowd-kit toy set', () => {
  const toy = fixtures.crowdKitToy;
  const labels = labelsOf(toy.data);
  const sizes = { items: 5, raters: 5, classes: 2 };
  it('majority, Wawa and majority by gold give the published shares and skills', () => {
    const majority = majorityVote(labels, sizes, { ties: 'first' });
    expectClose(column(majority.posteriors, 1), toy.published.majorityYes, 12);
    expectClose(
      majority.agreement.map((a) => pointOf(a.estimate)),
      toy.published.majoritySkills,
      12,
    );
    const agreed = majority.agreement.reduce((sum, a) => sum + pointOf(a.estimate) * a.n, 0);
    expect(agreed / labels.length).toBeCloseTo(toy.published.accuracyOnAggregates, 12);
    expectClose(column(wawa(labels, sizes, { ties: 'first' }).posteriors, 1), toy.published.wawaYes, 6);
    const weighted = majorityVote(labels, sizes, { weights: toy.published.goldSkills });
    expectClose(column(weighted.posteriors, 1), toy.published.goldMajorityYes, 6);
  });
  it('credits a tie to both sides unless told to take the first', () => {
    const split = majorityVote(labels, sizes).agreement.map((a) => pointOf(a.estimate));
    expectClose(split, [0.5, 0.9, 1, 0.5, 0.7], 12);
  });
  it('Dawid–Skene follows the published iterations to gold', () => {
    const start = dawidSkene(labels, sizes, { iterations: 0 });
    const { dawidSkeneNo } = toy.published;
    expectClose(column(start.posteriors, 0), dawidSkeneNo.iteration0, 12);
    const first = dawidSkene(labels, sizes, { iterations: 1 });
    expect(first.prior[0]).toBeCloseTo(dawidSkeneNo.prior0, 12);
    expectClose(column(first.posteriors, 0), toy.computed.dawidSkeneNo1, 6);
    for (const [r, [ofNo, ofYes]] of toy.computed.dawidSkeneErrors0.entries()) {
      expect(first.confusion[r]![0]![0]).toBeCloseTo(ofNo, 6);
      expect(first.confusion[r]![1]![0]).toBeCloseTo(ofYes, 6);
    }
    for (const [i, p] of dawidSkeneNo.iteration1.entries())
      expect(Math.abs(first.posteriors[i]![0]! - p)).toBeLessThan(0.0051);
    expect(dawidSkene(labels, sizes, { iterations: 2 }).prior[0]).toBeCloseTo(toy.computed.dawidSkenePriorNo1, 6);
    expectClose(column(dawidSkene(labels, sizes).posteriors, 1), toy.gold, 6);
  });
  it('one coin: gold labels and the computed skills', () => {
    const fit = oneCoin(labels, sizes);
    expect(mostProbable(fit.posteriors)).toEqual(toy.gold);
    expectClose(fit.skill, toy.computed.oneCoinSkills, 6);
  });
  it('MACE by variational Bayes: crowd-kit’s values from crowd-kit’s start, and the same mode from ours', () => {
    const { yes, iterations, competence, strategy } = toy.computed.maceVb;
    const theirs = mace(labels, sizes, { iterations, tolerance: -1, start: { competence, strategy } });
    expectClose(column(theirs.posteriors, 1), yes, 4);
    expectClose(column(mace(labels, sizes).posteriors, 1), yes, 4);
    const restarted = mace(labels, sizes, { restarts: { count: 3, uniform: createRng(1).uniform } });
    expect(restarted.objectives.at(-1)! - mace(labels, sizes).objectives.at(-1)!).toBeGreaterThan(-1e-6);
  });
  it('GLAD: the mode that scipy finds, and within 0.01 of crowd-kit’s looser one', () => {
    const exact = fixtures.gladToyExact;
    const fit = glad(labels, sizes, { tolerance: 1e-15 });
    expect(fit.objectives.at(-1)).toBeCloseTo(exact.objective, 9);
    expectClose(column(fit.posteriors, 1), exact.yes, 6);
    expectClose(fit.ability, exact.ability, 6);
    expectClose(fit.easiness, exact.easiness, 6);
    const loose = toy.computed.gladLoose;
    for (const [i, p] of loose.yes.entries()) expect(Math.abs(fit.posteriors[i]![1]! - p)).toBeLessThan(0.01);
    for (const [r, a] of loose.ability.entries()) expect(Math.abs(fit.ability[r]! - a)).toBeLessThan(0.01);
  });
});

describe('other implementations', () => {
  it('GLAD’s expectation step alone is the published one', () => {
    const { labels, published, computed } = fixtures.gladExpectation;
    const rows = (labels as number[]).map((label, rater) => ({ item: 0, rater, label }));
    const { posteriors } = glad(rows, { items: 1, raters: 4, classes: 2 }, { iterations: 0 });
    expectClose(posteriors[0]!, published, 6);
    expectClose(posteriors[0]!, computed, 12);
  });
  it.each([3, 300, 30_000])('overlap symmetry: %i raters leave every posterior at (1/3, 2/3)', (raters) => {
    const n = 3 * raters;
    const item = Int32Array.from({ length: n }, (_, j) => j % 3);
    const rater = Int32Array.from({ length: n }, (_, j) => Math.floor(j / 3));
    const label = item.map((t, j) => ((((rater[j]! - t) % 3) + 3) % 3 === 0 ? 0 : 1));
    const { posteriors } = dawidSkene({ item, rater, label }, { items: 3, raters, classes: 2 });
    // A saddle of the likelihood, the steeper the more raters: each iteration multiplies rounding by about their number.
    for (const row of posteriors) expectClose(row, [1 / 3, 2 / 3], 6);
  });
  const { data, sizes, fits } = fixtures.numpyReference;
  it.each(
    fits as { method: string; smoothing: number; iterations: number; objective: number; posteriors: number[][] }[],
  )('numpy: $method, smoothing $smoothing', ({ method, smoothing, iterations, objective, posteriors }) => {
    const options = { iterations, tolerance: -1, smoothing };
    const labels = labelsOf(data);
    const fit =
      method === 'dawid-skene'
        ? dawidSkene(labels, sizes, options)
        : method === 'one-coin'
          ? oneCoin(labels, sizes, options)
          : method === 'mace'
            ? mace(labels, sizes, { iterations, tolerance: -1 })
            : glad(labels, sizes, { iterations, tolerance: -1 });
    expect(fit.objectives.at(-1)).toBeCloseTo(objective, 8);
    for (const [i, row] of posteriors.entries()) expectClose(fit.posteriors[i]!, row, 8);
  });
  it('digamma and log gamma agree with scipy', () => {
    for (const [x, psi, log] of fixtures.gamma.rows) {
      expect(digamma(x)).toBeCloseTo(psi, 11);
      expect(logGamma(x)).toBeCloseTo(log, 11);
    }
  });
});

/** Small tables with missing and repeated labels. */
const tables = fc
  .record({
    items: fc.integer({ min: 1, max: 7 }),
    raters: fc.integer({ min: 1, max: 6 }),
    classes: fc.integer({ min: 1, max: 4 }),
  })
  .chain((sizes) =>
    fc
      .array(
        fc.record({
          item: fc.nat(sizes.items - 1),
          rater: fc.nat(sizes.raters - 1),
          label: fc.nat(sizes.classes - 1),
        }),
        { maxLength: 40 },
      )
      .map((labels) => ({ sizes, labels })),
  );
const permuted = (seed: number, n: number) => createRng(seed).shuffle(Array.from({ length: n }, (_, i) => i));

describe.each(Object.entries(METHODS))('%s', (_, infer) => {
  it('climbs: the objective never falls', () => {
    fc.assert(
      fc.property(tables, ({ labels, sizes }) => {
        const { objectives } = infer(labels, sizes, 60);
        for (let t = 1; t < objectives.length; t++) {
          expect(objectives[t]! - objectives[t - 1]!).toBeGreaterThan(-1e-9 * (1 + Math.abs(objectives[t]!)));
        }
      }),
      { numRuns: 60 },
    );
  });
  it('gives probabilities, finite numbers and a reason for every rater', () => {
    fc.assert(
      fc.property(tables, ({ labels, sizes }) => {
        const result = infer(labels, sizes, 60);
        for (const row of result.posteriors) {
          expect(row.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9);
          for (const p of row) expect(p).toBeGreaterThanOrEqual(0);
        }
        for (const rater of result.raterAccuracy) {
          if ('undefined' in rater) expect(rater.undefined.length).toBeGreaterThan(10);
          else {
            expect(rater.interval.low).toBeLessThanOrEqual(rater.value + 1e-9);
            expect(rater.interval.high).toBeGreaterThanOrEqual(rater.value - 1e-9);
          }
        }
        expect(result.assumes.map(({ id }) => id)).toContain('independent-errors');
      }),
      { numRuns: 60 },
    );
  });
  it('does not depend on the names of classes, raters and items, nor on the order of labels', () => {
    fc.assert(
      fc.property(tables, fc.nat(1000), ({ labels, sizes }, seed) => {
        const [k, r, i] = [
          permuted(seed, sizes.classes),
          permuted(seed + 1, sizes.raters),
          permuted(seed + 2, sizes.items),
        ];
        // Few iterations: on symmetric data rounding grows until it, not the data, chooses between two equal maxima.
        const plain = infer(labels, sizes, 8);
        const renamed = infer(
          createRng(seed)
            .shuffle(labels)
            .map((l) => ({ item: i[l.item]!, rater: r[l.rater]!, label: k[l.label]! })),
          sizes,
          8,
        );
        for (const [item, row] of plain.posteriors.entries()) {
          for (const [c, p] of row.entries()) expect(renamed.posteriors[i[item]!]![k[c]!]).toBeCloseTo(p, 5);
        }
        for (const [rater, { value, n }] of plain.accuracy.entries()) {
          expect(renamed.accuracy[r[rater]!]!.n).toBe(n);
          if (n > 0) expect(renamed.accuracy[r[rater]!]!.value).toBeCloseTo(value, 5);
        }
      }),
      { numRuns: 60 },
    );
  });
  it('reads rows, columns, generators and tables alike', () => {
    const labels = labelsOf(fixtures.numpyReference.data);
    const { sizes } = fixtures.numpyReference;
    const columns = {
      item: Int32Array.from(labels, (l) => l.item),
      rater: Int32Array.from(labels, (l) => l.rater),
      label: Int32Array.from(labels, (l) => l.label),
    };
    const wanted = infer(labels, sizes, 20).posteriors;
    expect(infer(columns as never, sizes, 20).posteriors).toEqual(wanted);
    expect(infer(labelTable(columns, sizes) as never, sizes, 20).posteriors).toEqual(wanted);
    expect(infer(labels.values(), sizes, 20).posteriors).toEqual(wanted);
  });
});

describe('classes that nobody gave', () => {
  const rng = createRng('unused-classes');
  /** Labels of a crowd over some of six classes; one set has a single class. */
  const sets = [[0, 1], [1, 3], [0, 2, 5], [4]].map((used) => ({
    used,
    labels: Array.from({ length: 400 }, (_, j) => {
      const item = j % 60;
      const right = rng.uniform() < 0.7;
      return { item, rater: rng.integer(7), label: used[right ? item % used.length : rng.integer(used.length)]! };
    }),
  }));
  it.each(Object.entries(METHODS))('%s: finds the same whatever else was declared', (_, infer) => {
    for (const { used, labels } of sets) {
      // The same labels with no class left unused, two where there must be a way to be wrong.
      const tight = Math.max(2, used.length);
      const renamed = labels.map((row) => ({ ...row, label: used.indexOf(row.label) }));
      const least = infer(renamed, { items: 60, raters: 7, classes: tight });
      for (const classes of [6, 9]) {
        const more = infer(labels, { items: 60, raters: 7, classes });
        for (const [item, row] of more.posteriors.entries()) {
          for (const [c, k] of used.entries()) expect(row[k]).toBeCloseTo(least.posteriors[item]![c]!, 9);
        }
        for (const [r, { value }] of more.accuracy.entries()) expect(value).toBeCloseTo(least.accuracy[r]!.value, 9);
      }
    }
  });
});

describe('a uniform class prior', () => {
  // Nine items in ten are of class 0, and raters are right on 75 %: a common class drowns a rare one unless told not to.
  const rng = createRng('class-prior');
  const truth = Array.from({ length: 400 }, () => Number(rng.uniform() < 0.1));
  const labels = truth.flatMap((k, item) =>
    Array.from({ length: 5 }, (_, rater) => ({ item, rater, label: rng.uniform() < 0.75 ? k : 1 - k })),
  );
  const sizes = { items: 400, raters: 5, classes: 3 };
  it.each([
    ['Dawid–Skene', dawidSkene],
    ['one coin', oneCoin],
  ] as const)('%s: gives every class that was given the same share, and says so', (_, infer) => {
    const [free, uniform] = [
      infer(labels, sizes, { smoothing: 1 }),
      infer(labels, sizes, { smoothing: 1, classPrior: 'uniform' }),
    ];
    expect([...uniform.prior]).toEqual([0.5, 0.5, 0]);
    expect(free.prior[0]).toBeGreaterThan(0.6);
    const ids = (result: typeof free) => result.assumes.map(({ id }) => id);
    expect(ids(uniform)).toContain('uniform-classes');
    expect(ids(free)).not.toContain('uniform-classes');
    const chosen = (result: typeof free) => mostProbable(result.posteriors).filter((k) => k === 1).length;
    expect(chosen(uniform)).toBeGreaterThan(chosen(free));
    for (let i = 1; i < uniform.objectives.length; i++)
      expect(uniform.objectives[i]! - uniform.objectives[i - 1]!).toBeGreaterThan(
        -1e-9 * Math.abs(uniform.objectives[i]!),
      );
  });
});

describe('the log-likelihood reported', () => {
  /** Straight from the formula: Σᵢ log Σₖ priorₖ Πⱼ confusion, all in logs. */
  const formula = (labels: readonly Label[], { items, classes }: LabelSizes, fit: DawidSkeneResult) => {
    const rows = Array.from({ length: items }, () => Array.from(fit.prior, Math.log));
    for (const { item, rater, label } of labels) {
      for (let k = 0; k < classes; k++) rows[item]![k]! += Math.log(fit.confusion[rater]![k]![label]!);
    }
    const labelled = new Set(labels.map(({ item }) => item));
    return rows.reduce((sum, row, i) => sum + (labelled.has(i) ? logSumExp(row) : 0), 0);
  };
  it('is that of the parameters reported', () => {
    fc.assert(
      fc.property(tables, ({ labels, sizes }) => {
        const result = dawidSkene(labels, sizes, { iterations: 10, smoothing: 0.2 });
        expect(result.logLikelihoods.at(-1)).toBeCloseTo(formula(labels, sizes, result), 8);
      }),
      { numRuns: 60 },
    );
  });
  it('and stays right where a product of probabilities is too small for a number', () => {
    const rng = createRng('underflow');
    const design = randomDesign({ items: 6, raters: 2000, classes: 2, perItem: 2000 }, rng);
    const confusion = Array.from({ length: 2000 }, (_, r) => coinConfusion(0.55 + (r % 4) / 10, 2));
    const { table, truth } = simulateLabels(design, { prior: [0.5, 0.5], confusion }, { rng });
    const labels = Array.from(
      table.label,
      (label, j): Label => ({ item: Math.floor(j / 2000), rater: table.rater[j]!, label }),
    );
    const result = dawidSkene(labels, table, { iterations: 5, smoothing: 1 });
    expect(result.logLikelihoods.at(-1)).toBeLessThan(-3000);
    expect(result.logLikelihoods.at(-1)).toBeCloseTo(formula(labels, table, result), 6);
    expect(mostProbable(result.posteriors)).toEqual([...truth]);
  });
});

/** Share of intervals that hold the true accuracy, over raters and seeds. */
function coverage(
  infer: (table: ReturnType<typeof labelTable>) => TruthResult,
  design: LabelSizes & { perItem: number },
) {
  const truth = Array.from({ length: design.raters }, (_, r) => [0.92, 0.85, 0.75, 0.65][r % 4]!);
  let [covered, all, error] = [0, 0, 0];
  for (let seed = 0; seed < 25; seed++) {
    const rng = createRng(`coverage ${seed}`);
    const confusion = truth.map((p) => coinConfusion(p, design.classes));
    const prior = new Float64Array(design.classes).fill(1 / design.classes);
    const { table } = simulateLabels(randomDesign(design, rng), { prior, confusion }, { rng });
    for (const [r, estimate] of infer(table).raterAccuracy.entries()) {
      all += 1;
      if (!('value' in estimate)) continue;
      error += Math.abs(estimate.value - truth[r]!);
      if (estimate.interval.low <= truth[r]! && truth[r]! <= estimate.interval.high) covered += 1;
    }
  }
  return { share: covered / all, error: error / all };
}

describe('recovery from simulation', () => {
  const tolerance = 1e-7;
  const fits: Record<string, (table: ReturnType<typeof labelTable>) => TruthResult> = {
    'Dawid–Skene, smoothed': (t) => dawidSkene(t, t, { smoothing: 1, tolerance }),
    'one coin': (t) => oneCoin(t, t, { tolerance }),
    MACE: (t) => mace(t, t, { tolerance }),
  };
  it.each(Object.entries(fits))('%s: 95-percent intervals hold the true accuracy about as often', (_, infer) => {
    for (const design of [
      { items: 300, raters: 8, classes: 2, perItem: 8 },
      { items: 400, raters: 40, classes: 3, perItem: 5 },
    ]) {
      const { share, error } = coverage(infer, design);
      expect(share).toBeGreaterThan(0.9);
      expect(share).toBeLessThan(0.995);
      expect(error).toBeLessThan(0.06);
    }
  });
  it('MACE recovers who knows and how the others guess', () => {
    const rng = createRng('mace');
    const competence = [0.9, 0.7, 0.5, 0.3, 0.1, 0.8, 0.6, 0.05];
    const strategy = [0.6, 0.3, 0.1];
    const labels: Label[] = [];
    const truth = Array.from({ length: 800 }, () => rng.integer(3));
    for (const [item, t] of truth.entries()) {
      for (const [rater, c] of competence.entries()) {
        labels.push({ item, rater, label: rng.uniform() < c ? t : rng.choose(strategy) });
      }
    }
    const fit = mace(labels, { items: 800, raters: 8, classes: 3 }, { tolerance: 1e-8 });
    let held = 0;
    for (const [r, c] of competence.entries()) {
      expect(Math.abs(fit.competence[r]! - c)).toBeLessThan(0.07);
      const estimate = fit.raterCompetence[r]!;
      if ('interval' in estimate && estimate.interval.low <= c && c <= estimate.interval.high) held += 1;
    }
    expect(held).toBeGreaterThanOrEqual(6);
    for (const r of [3, 4, 7]) {
      for (const [k, share] of strategy.entries()) expect(Math.abs(fit.strategy[r]![k]! - share)).toBeLessThan(0.08);
    }
    expect(mostProbable(fit.posteriors).filter((k, i) => k === truth[i]).length / 800).toBeGreaterThan(0.93);
  });
  it('GLAD recovers abilities and which items are hard', () => {
    const rng = createRng('glad');
    const ability = Array.from({ length: 30 }, (_, r) => -0.2 + (2.4 * r) / 29);
    const easiness = Array.from({ length: 400 }, () => rng.normal());
    const truth = easiness.map(() => rng.integer(2));
    const labels: Label[] = [];
    for (const [item, t] of truth.entries()) {
      for (const [rater, a] of ability.entries()) {
        labels.push({ item, rater, label: rng.uniform() < sigmoid(a * Math.exp(easiness[item]!)) ? t : 1 - t });
      }
    }
    const fit = glad(
      labels,
      { items: 400, raters: 30, classes: 2 },
      { tolerance: 1e-6, easinessPrior: { mean: 0, sd: 1 } },
    );
    expect(spearman([...fit.ability], ability)).toBeGreaterThan(0.95);
    expect(spearman([...fit.easiness], easiness)).toBeGreaterThan(0.7);
    const right = (result: TruthResult) => mostProbable(result.posteriors).filter((k, i) => k === truth[i]).length;
    expect(right(fit)).toBeGreaterThan(right(majorityVote(labels, { items: 400, raters: 30, classes: 2 })));
  });
});
