import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Comparisons,
  type Contest,
  comparisonsOf,
  connectivity,
  createRng,
  fitPreferences,
  mean,
  outcomeProbabilities,
  type PreferenceFit,
  type PreferenceOptions,
  type Rng,
  raoKupperProbabilities,
  standardise,
  styleDifference,
  type TieModel,
} from './index.ts';
import { denseSolver } from './information.ts';
import { preferenceProblem } from './preference-model.ts';

const fixtures = JSON.parse(readFileSync(new URL('../../fixtures/strength.json', import.meta.url), 'utf8'));
const older = JSON.parse(readFileSync(new URL('../../fixtures/stats.json', import.meta.url), 'utf8'));

const fitted = (data: Comparisons, options?: PreferenceOptions): PreferenceFit => {
  const fit = fitPreferences(data, options);
  if ('undefined' in fit) throw new Error(fit.undefined);
  return fit;
};
const value = <T>(answer: T | { readonly undefined: string }): T => {
  if (answer instanceof Object && 'undefined' in answer) throw new Error(answer.undefined);
  return answer as T;
};
const pairs = (rows: readonly (readonly number[])[]): Contest[] =>
  rows.map(([first, second]) => ({ first: first!, second: second!, firstWins: 1, secondWins: 0 }));

const teams = ['Baltimore', 'Boston', 'Cleveland', 'Detroit', 'Milwaukee', 'New York', 'Toronto'];
const baseball = comparisonsOf(
  (older.bradleyTerryBaseball.rows as [string, string, number, number][]).map(
    ([home, away, firstWins, secondWins]) => ({
      first: teams.indexOf(home),
      second: teams.indexOf(away),
      firstWins,
      secondWins,
    }),
  ),
  7,
);
const pudding = comparisonsOf(
  (fixtures.pudding.rows as number[][]).map(([first, second, firstWins, secondWins, ties]) => ({
    first: first!,
    second: second!,
    firstWins: firstWins!,
    secondWins: secondWins!,
    ties: ties!,
  })),
  6,
);

/** Comparisons drawn from the model itself. */
function simulate(
  rng: Rng,
  {
    truth,
    comparisons,
    order = 0,
    covariate = 0,
    ties,
  }: {
    truth: ArrayLike<number>;
    comparisons: number;
    order?: number;
    covariate?: number;
    ties?: { model: TieModel; value: number };
  },
): Comparisons {
  const n = truth.length;
  const values = Float64Array.from({ length: comparisons }, () => rng.normal());
  const contests = [...values].map((x): Contest => {
    const first = rng.integer(n);
    const second = (first + 1 + rng.integer(n - 1)) % n;
    const d = truth[first]! - truth[second]! + order + covariate * x;
    const p =
      ties?.model === 'rao-kupper' ? raoKupperProbabilities(d, ties.value) : outcomeProbabilities(d, ties?.value ?? 0);
    const outcome = rng.choose(p);
    return {
      first,
      second,
      firstWins: Number(outcome === 0),
      secondWins: Number(outcome === 1),
      ties: Number(outcome === 2),
    };
  });
  return { ...comparisonsOf(contests, n), ...(covariate !== 0 && { covariates: [{ name: 'x', values }] }) };
}

describe('Bradley–Terry against published numbers', () => {
  it('gives the maxima and posterior modes of choix, whose α·Σθ² is ridge = 2α', () => {
    for (const { n_items, data, ml_est, desc } of fixtures.choix.cases.slice(0, 2)) {
      const fit = fitted(comparisonsOf(pairs(data), n_items));
      for (const [i, expected] of ml_est.entries()) expect(fit.strengths[i], desc).toBeCloseTo(expected, 8);
    }
    const [{ n_items, alpha, data, estimate }] = fixtures.choix.map;
    for (const method of ['dense', 'sparse'] as const) {
      const fit = fitted(comparisonsOf(pairs(data), n_items), { ridge: 2 * alpha, method });
      for (const [i, expected] of estimate.entries()) expect(fit.strengths[i]).toBeCloseTo(expected, 7);
    }
  });
  it('fits the pudding of Davidson 1970 with his ties, standard errors against one brand and against the mean', () => {
    const { davidson } = fixtures.pudding;
    const fit = fitted(pudding, { ties: 'davidson' });
    expect(fit.tie!.value).toBeCloseTo(davidson.nu, 4);
    const worths = fit.strengths.map(Math.exp);
    const total = worths.reduce((a, b) => a + b, 0);
    for (const [i, worth] of davidson.worths.entries()) expect(worths[i]! / total).toBeCloseTo(worth, 4);
    for (const i of [1, 2, 3, 4, 5]) {
      const difference = value(fit.inference.difference(i, 0));
      expect(difference.value).toBeCloseTo(davidson.coefficients[i], 3);
      expect(difference.standardError).toBeCloseTo(davidson.standardErrors[i], 4);
      expect(value(fit.inference.strength(i)).standardError).toBeCloseTo(davidson.centredStandardErrors[i], 5);
    }
    const nu = value(fit.inference.tie());
    expect(nu.standardError / nu.value).toBeCloseTo(davidson.logNuStandardError, 4);
    expect(-2 * fit.logLikelihood).toBeCloseTo(davidson.residualDeviance, 1);
  });
  it('fits the same pudding with the threshold of Rao and Kupper as an independent optimiser does', () => {
    const { raoKupper } = fixtures.pudding;
    for (const method of ['dense', 'sparse'] as const) {
      const fit = fitted(pudding, { ties: 'rao-kupper', method });
      expect(Math.log(fit.tie!.value)).toBeCloseTo(raoKupper.logKappa, 6);
      expect(fit.logLikelihood).toBeCloseTo(raoKupper.logLikelihood, 6);
      const kappa = value(fit.inference.tie());
      expect(kappa.standardError / kappa.value).toBeCloseTo(raoKupper.logKappaStandardError, 5);
      for (const i of [1, 2, 3, 4, 5]) {
        const difference = value(fit.inference.difference(i, 0));
        expect(difference.value).toBeCloseTo(raoKupper.coefficients[i], 6);
        expect(difference.standardError).toBeCloseTo(raoKupper.standardErrors[i], 5);
      }
    }
  });
  it('finds the home side of 1987 baseball, printed to three digits by Agresti', () => {
    const printed = fixtures.baseballPublished;
    const plain = fitted(baseball);
    const against = [...plain.strengths].map((s) => s - plain.strengths[0]!).sort((a, b) => a - b);
    for (const [k, expected] of printed.no_home_sorted_round2.entries())
      expect(against[k + 1]).toBeCloseTo(expected, 2);
    expect(value(plain.inference.difference(1, 0)).standardError).toBeCloseTo(printed.se_round1, 1);
    const home = fitted(baseball, { order: true });
    expect(home.order).toBeCloseTo(printed.at_home, 3);
    const worths = home.strengths.map(Math.exp);
    const shares = [...worths.map((w) => w / worths.reduce((a, b) => a + b, 0))].sort((a, b) => a - b);
    for (const [k, expected] of printed.home_normalised_sorted_round3.entries()) {
      expect(shares[k]).toBeCloseTo(expected, 3);
    }
    // The home side stands for the left one: a position bias, told apart from chance by its interval.
    expect(value(home.inference.coefficient('order')).interval.low).toBeGreaterThan(0);
  });
  it('adds order and a covariate with their errors, as numpy does', () => {
    const expected = fixtures.baseballCovariate;
    const values = Float64Array.from({ length: baseball.first.length }, (_, i) => (((i * 7) % 11) - 5) / 5);
    const data = { ...baseball, covariates: [{ name: 'x', values }] };
    for (const method of ['dense', 'sparse'] as const) {
      const fit = fitted(data, { order: true, method });
      expect(fit.order).toBeCloseTo(expected.order, 8);
      expect(fit.covariates).toEqual([{ name: 'x', value: expect.closeTo(expected.covariate, 8) }]);
      expect(fit.logLikelihood).toBeCloseTo(expected.logLikelihood, 8);
      expect(value(fit.inference.coefficient('order')).standardError).toBeCloseTo(expected.orderStandardError, 8);
      expect(value(fit.inference.coefficient('x')).standardError).toBeCloseTo(expected.covariateStandardError, 8);
      for (const i of [1, 2, 3, 4, 5, 6]) {
        const difference = value(fit.inference.difference(i, 0));
        expect(difference.value).toBeCloseTo(expected.coefficients[i], 8);
        expect(difference.standardError).toBeCloseTo(expected.strengthStandardErrors[i], 8);
      }
    }
  });
  it('agrees with the Boltzmann teacher of B-Pref on what a strength means', () => {
    const { beta1_returns_2_vs_1, beta_half } = fixtures.boltzmann.p_prefer_first;
    expect(outcomeProbabilities(1, 0)[0]).toBeCloseTo(beta1_returns_2_vs_1, 12);
    expect(outcomeProbabilities(0.5, 0)[0]).toBeCloseTo(beta_half, 12);
  });
});

describe('when there is no answer', () => {
  it('names the contestants that stand apart, and answers with a prior', () => {
    const apart = comparisonsOf(
      pairs([
        [0, 1],
        [1, 0],
        [2, 3],
        [3, 2],
        [0, 2],
      ]),
      4,
    );
    expect(fitPreferences(apart)).toEqual({
      undefined: expect.stringMatching(/2 groups .* contestants (0, 1 were never beaten|2, 3 were never better)/),
    });
    const { rows } = fixtures.crowdKit as { rows: [string, string, string][] };
    const line = comparisonsOf(
      rows.map(([left, right, winner]) => ({
        first: 'abc'.indexOf(left),
        second: 'abc'.indexOf(right),
        firstWins: Number(winner === left),
        secondWins: Number(winner === right),
      })),
      3,
    );
    expect(fitPreferences(line)).toMatchObject({ undefined: expect.stringContaining('give a prior') });
    const fit = fitted(line, { ridge: 0.1 });
    expect(fit.connectivity).toMatchObject({ connected: false, components: 3 });
    expect([...fit.strengths].every(Number.isFinite)).toBe(true);
    expect(fit.strengths[0]).toBeGreaterThan(fit.strengths[1]!);
    expect(fit.strengths[1]).toBeGreaterThan(fit.strengths[2]!);
  });
  it('says that contestants were never compared, and gives equal strengths to a cycle', () => {
    expect(
      connectivity(
        comparisonsOf(
          pairs([
            [0, 1],
            [1, 0],
          ]),
          3,
        ),
      ).reason,
    ).toMatch(/contestant 2 was never compared/);
    const { rows, scores } = fixtures.crowdKit.cycle as { rows: [string, string, string][]; scores: number[] };
    const cycle = fitted(
      comparisonsOf(pairs(rows.map((r) => ['abc'.indexOf(r[0]), 'abc'.indexOf(r[1])])), 3),
    ).strengths;
    // c beat a in the last row, where a is on the right.
    const worths = cycle.map(Math.exp);
    for (const [i, s] of scores.entries()) expect(worths[i]! / worths.reduce((a, b) => a + b, 0)).toBeCloseTo(s, 10);
    expect(fitPreferences(comparisonsOf([], 3))).toMatchObject({ undefined: expect.stringContaining('no comparison') });
  });
  it('says which coefficient has no maximum or cannot be told from strengths', () => {
    const firstAlways = comparisonsOf(
      pairs([
        [0, 1],
        [1, 0],
        [1, 2],
        [2, 1],
        [0, 2],
        [2, 0],
      ]),
      3,
    );
    expect(fitPreferences(firstAlways, { order: true })).toMatchObject({
      undefined: expect.stringMatching(/^order grows/),
    });
    const length = [3, 1, 4, 1, 5, 9, 2];
    const values = Float64Array.from(baseball.first, (a, e) => length[a]! - length[baseball.second[e]!]!);
    const data = { ...baseball, covariates: [{ name: 'length', values }] };
    for (const method of ['dense', 'sparse'] as const) {
      expect(fitPreferences(data, { method })).toMatchObject({
        undefined: expect.stringMatching(/^length cannot be told/),
      });
      expect(fitted(data, { ridge: 0.5, method }).covariates[0]!.name).toBe('length');
    }
    const twice = {
      ...baseball,
      covariates: ['x', 'again'].map((name) => ({ name, values: values.map((v, e) => v + (e % 3)) })),
    };
    const nothing = { ...baseball, covariates: [{ name: 'nothing', values: new Float64Array(values.length) }] };
    for (const ridge of [0, 1]) {
      expect(fitPreferences(twice, { ridge })).toMatchObject({
        undefined: expect.stringMatching(/^again cannot be told/),
      });
      expect(fitPreferences(nothing, { ridge })).toMatchObject({
        undefined: expect.stringMatching(/^nothing cannot be/),
      });
    }
    const tied = comparisonsOf([{ first: 0, second: 1, firstWins: 0, secondWins: 0, ties: 3 }], 2);
    expect(fitPreferences(tied)).toMatchObject({ undefined: expect.stringContaining('every comparison is a tie') });
    expect(fitPreferences(baseball, { ties: 'davidson' })).toMatchObject({
      undefined: expect.stringContaining('no tie'),
    });
    expect(fitted(baseball).inference.coefficient('order')).toMatchObject({
      undefined: expect.stringContaining('not estimated'),
    });
  });
  it('refuses impossible columns with the contest that is wrong', () => {
    expect(() => comparisonsOf([{ first: 0, second: 0, firstWins: 1, secondWins: 0 }], 2)).toThrow(
      /Contest 0: expected two different/,
    );
    expect(() => comparisonsOf([{ first: 0, second: 5, firstWins: 1, secondWins: 0 }], 2)).toThrow(RangeError);
    expect(() => comparisonsOf([{ first: 0, second: 1, firstWins: -1, secondWins: 0 }], 2)).toThrow(/counts/);
    expect(() => fitPreferences({ ...baseball, covariates: [{ name: 'x', values: new Float64Array(1) }] })).toThrow(
      /one length/,
    );
    expect(() => fitPreferences(baseball, { ridge: -1 })).toThrow(/ridge to be at least 0; got -1/);
    const values = new Float64Array(baseball.first.length).fill(1);
    expect(() => fitPreferences({ ...baseball, covariates: [{ name: 'order', values }] })).toThrow(/different names/);
  });
});

describe('properties', () => {
  const contest = fc.record({
    first: fc.integer({ min: 0, max: 4 }),
    step: fc.integer({ min: 1, max: 4 }),
    firstWins: fc.integer({ min: 0, max: 3 }),
    secondWins: fc.integer({ min: 0, max: 3 }),
    ties: fc.integer({ min: 0, max: 2 }),
  });
  const contests = fc
    .array(contest, { minLength: 6, maxLength: 20 })
    .map((rows): Contest[] =>
      rows.map(({ first, step, ...counts }) => ({ first, second: (first + step) % 5, ...counts })),
    );
  it('exchange of sides flips order and nothing else; renaming contestants renames strengths', () => {
    fc.assert(
      fc.property(contests, fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 5, maxLength: 5 }), (rows, name) => {
        const options = { ridge: 0.3, order: true };
        const fit = fitPreferences(comparisonsOf(rows, 5), options);
        const other = rows.map((c) => ({
          first: name[c.second]!,
          second: name[c.first]!,
          firstWins: c.secondWins,
          secondWins: c.firstWins,
          ties: c.ties!,
        }));
        const changed = fitPreferences(comparisonsOf(other.reverse(), 5), options);
        expect('undefined' in fit).toBe('undefined' in changed);
        if ('undefined' in fit || 'undefined' in changed) return;
        expect(changed.order).toBeCloseTo(-fit.order!, 6);
        expect(changed.logLikelihood).toBeCloseTo(fit.logLikelihood, 6);
        for (let i = 0; i < 5; i++) expect(changed.strengths[name[i]!]).toBeCloseTo(fit.strengths[i]!, 6);
      }),
      { numRuns: 40 },
    );
  });
  it('dense and sparse agree to 1e-6 on estimates and errors, for every tie model', () => {
    fc.assert(
      fc.property(
        contests,
        fc.constantFrom<TieModel>('half', 'davidson', 'rao-kupper'),
        fc.boolean(),
        (rows, ties, order) => {
          const data = comparisonsOf(rows, 5);
          const options = { ties, order, ridge: 0.2 } as const;
          const a = fitPreferences(data, { ...options, method: 'dense' });
          const b = fitPreferences(data, { ...options, method: 'sparse' });
          expect('undefined' in a).toBe('undefined' in b);
          if ('undefined' in a || 'undefined' in b) return;
          for (let i = 0; i < a.parameters.length; i++) expect(b.parameters[i]).toBeCloseTo(a.parameters[i]!, 6);
          const [one, two] = [value(a.inference.difference(0, 3)), value(b.inference.difference(0, 3))];
          expect(two.standardError).toBeCloseTo(one.standardError, 6);
        },
      ),
      { numRuns: 60 },
    );
  });
  it('multiplying all counts keeps the maximum and shrinks errors by the root; repeating contests is the same as counting', () => {
    const once = fitted(baseball, { order: true });
    const four = fitted(
      {
        ...baseball,
        firstWins: baseball.firstWins.map((w) => 4 * w),
        secondWins: baseball.secondWins.map((w) => 4 * w),
      },
      { order: true },
    );
    const rows = [...baseball.first.keys()].flatMap((e) => {
      const side = { first: baseball.first[e]!, second: baseball.second[e]! };
      return [
        ...Array.from({ length: baseball.firstWins[e]! }, () => ({ ...side, firstWins: 1, secondWins: 0 })),
        ...Array.from({ length: baseball.secondWins[e]! }, () => ({ ...side, firstWins: 0, secondWins: 1 })),
      ];
    });
    const listed = fitted(comparisonsOf(rows, 7), { order: true });
    for (let i = 0; i < 7; i++) {
      expect(four.strengths[i]).toBeCloseTo(once.strengths[i]!, 8);
      expect(listed.strengths[i]).toBeCloseTo(once.strengths[i]!, 8);
      expect(2 * value(four.inference.strength(i)).standardError).toBeCloseTo(
        value(once.inference.strength(i)).standardError,
        8,
      );
    }
    expect(listed.logLikelihood).toBeCloseTo(once.logLikelihood, 8);
  });
  it('gradient and information are central differences of the objective and the gradient', () => {
    const rng = createRng(21);
    for (const ties of ['half', 'davidson', 'rao-kupper'] as const) {
      const data = simulate(rng, {
        truth: [0.5, -0.2, 0.1, -0.4],
        comparisons: 60,
        covariate: 0.3,
        ties: { model: 'davidson', value: 0.7 },
      });
      const shared = [
        { name: 'order', values: new Float64Array(60).fill(1), ridge: 0 },
        { ...data.covariates![0]!, ridge: 0.7 },
      ];
      const problem = preferenceProblem({ data, shared, ties, ridge: 0.4, factory: denseSolver(data) });
      const size = 6 + Number(ties !== 'half');
      const at = Float64Array.from({ length: size }, (_, i) => (i < 6 ? 0.5 * rng.normal() : 0.6));
      const direction = Float64Array.from({ length: size }, () => rng.normal());
      const centre = mean(direction.subarray(0, 4));
      for (let i = 0; i < 4; i++) direction[i]! -= centre;
      const along = (h: number) => at.map((v, i) => v + h * direction[i]!);
      const { gradient, solver } = problem.expand(at);
      const slope = gradient.reduce((sum, g, i) => sum + g * direction[i]!, 0);
      expect((problem.value(along(1e-5)) - problem.value(along(-1e-5))) / 2e-5).toBeCloseTo(slope, 5);
      const [up, down] = [problem.expand(along(1e-5)).gradient, problem.expand(along(-1e-5)).gradient];
      const bend = up.map((v, i) => -(v - down[i]!) / 2e-5);
      const back = solver.solve(bend)!;
      for (let i = 0; i < size; i++) expect(back[i]).toBeCloseTo(direction[i]!, 5);
    }
  });
});

describe('recovery by simulation', () => {
  it.each([
    ['no ties', undefined],
    ['Davidson', { model: 'davidson', value: 0.8 }],
    ['Rao–Kupper', { model: 'rao-kupper', value: 1.6 }],
  ] as const)('intervals cover at their level: %s', (_, ties) => {
    const rng = createRng('coverage');
    const truth = [0.8, 0.3, -0.1, -0.4, -0.6];
    const hits = { difference: 0, order: 0, x: 0, tie: 0 };
    const errors: number[] = [];
    const trials = 150;
    for (let t = 0; t < trials; t++) {
      const data = simulate(rng, { truth, comparisons: 250, order: 0.3, covariate: -0.5, ...(ties && { ties }) });
      const { inference } = fitted(data, { order: true, ...(ties && { ties: ties.model }) });
      const covers = (answer: ReturnType<typeof inference.difference>, true_: number) => {
        const { interval } = value(answer);
        return Number(interval.low <= true_ && true_ <= interval.high);
      };
      errors.push(value(inference.difference(0, 4)).value - 1.4);
      hits.difference += covers(inference.difference(0, 4), 1.4);
      hits.order += covers(inference.coefficient('order'), 0.3);
      hits.x += covers(inference.coefficient('x'), -0.5);
      if (ties) hits.tie += covers(inference.tie(), ties.value);
    }
    // 150 draws at .95: a share outside .89–.99 has probability below 1 in 1,000.
    for (const [what, count] of Object.entries(hits)) {
      if (what === 'tie' && !ties) continue;
      expect(count / trials, what).toBeGreaterThan(0.89);
      expect(count / trials, what).toBeLessThanOrEqual(0.995);
    }
    expect(Math.abs(mean(errors))).toBeLessThan(0.1);
  });
  it('style control takes a planted length bias out of the strengths', () => {
    const rng = createRng(8);
    const worth = [0.6, 0.2, -0.2, -0.6];
    const verbosity = [100, 150, 300, 500];
    const rows = Array.from({ length: 6000 }, () => {
      const first = rng.integer(4);
      const second = (first + 1 + rng.integer(3)) % 4;
      const length = [first, second].map((i) => verbosity[i]! * Math.exp(0.5 * rng.normal()));
      return { first, second, style: styleDifference(length[0]!, length[1]!) };
    });
    const { values, scale } = standardise(rows.map((r) => r.style));
    const contests = rows.map(({ first, second }, e): Contest => {
      const won = rng.uniform() < 1 / (1 + Math.exp(-(worth[first]! - worth[second]! + 1.2 * values[e]!)));
      return { first, second, firstWins: Number(won), secondWins: Number(!won) };
    });
    const plain = comparisonsOf(contests, 4);
    const biased = fitted(plain);
    const controlled = fitted({ ...plain, covariates: [{ name: 'length', values }] });
    // Without control the wordiest, worst contestant comes out above the tersest, best one.
    expect(biased.strengths[3]).toBeGreaterThan(biased.strengths[0]!);
    for (const [i, w] of worth.entries()) expect(Math.abs(controlled.strengths[i]! - w)).toBeLessThan(0.15);
    expect(Math.abs(controlled.covariates[0]!.value - 1.2)).toBeLessThan(0.12);
    expect(scale).toBeGreaterThan(0.2);
    expect(styleDifference(0, 0)).toBe(0);
    expect(styleDifference(3, 1)).toBe(-styleDifference(1, 3));
  });
});

describe('many contestants', () => {
  /** A ring of sure wins connects all; the rest is drawn. */
  const large = (n: number, comparisons: number): Comparisons => {
    const rng = createRng(n);
    const truth = Float64Array.from({ length: n }, () => rng.normal());
    const drawn = simulate(rng, { truth, comparisons });
    const ring = Array.from(
      { length: n },
      (_, i): Contest => ({ first: i, second: (i + 1) % n, firstWins: 1, secondWins: 0 }),
    );
    const join = (a: ArrayLike<number>, b: ArrayLike<number>) =>
      Float64Array.from([...Array.from(a), ...Array.from(b)]);
    const tail = comparisonsOf(ring, n);
    return {
      contestants: n,
      first: Int32Array.from(join(drawn.first, tail.first)),
      second: Int32Array.from(join(drawn.second, tail.second)),
      firstWins: join(drawn.firstWins, tail.firstWins),
      secondWins: join(drawn.secondWins, tail.secondWins),
    };
  };
  it('takes the sparse solver by itself, with the same strengths and errors as the dense one', () => {
    const data = large(450, 2500);
    for (const ridge of [0, 0.5]) {
      const sparse = fitted(data, { ridge, order: true });
      const dense = fitted(data, { ridge, order: true, method: 'dense' });
      expect([sparse.method, dense.method]).toEqual(['sparse', 'dense']);
      for (let i = 0; i < 450; i++) expect(Math.abs(sparse.strengths[i]! - dense.strengths[i]!)).toBeLessThan(1e-6);
      expect(sparse.order).toBeCloseTo(dense.order!, 8);
      for (const i of [0, 17, 449]) {
        const [a, b] = [value(sparse.inference.strength(i)), value(dense.inference.strength(i))];
        expect(a.standardError).toBeCloseTo(b.standardError, 6);
      }
      expect(sparse.inference.covariance()).toBe(null);
    }
  });
  it('estimates all errors at once from random probes, to the accuracy it claims', () => {
    const data = large(450, 2500);
    const sparse = fitted(data, { ridge: 0.5 });
    const covariance = fitted(data, { ridge: 0.5, method: 'dense' }).inference.covariance()!;
    const { standardErrors, relativeError } = value(
      sparse.inference.stochasticStandardErrors({ uniform: createRng(5).uniform, probes: 40 }),
    );
    const off = [...standardErrors].map((s, i) => s / Math.sqrt(covariance[i * 451]!) - 1);
    const rms = Math.sqrt(mean(off.map((v) => v * v)));
    expect(rms).toBeLessThan(0.1);
    expect(rms / relativeError).toBeGreaterThan(0.8);
    expect(rms / relativeError).toBeLessThan(1.25);
  });
  it('solves a chain of 3,000, on which the diagonal alone would need thousands of steps', () => {
    const n = 3000;
    const contests = Array.from(
      { length: n - 1 },
      (_, i): Contest => ({ first: i, second: i + 1, firstWins: 2 + (i % 2), secondWins: 2 }),
    );
    const fit = fitted(comparisonsOf(contests, n));
    expect(fit.method).toBe('sparse');
    // On a chain each link stands alone: its log-odds are those of its own counts, its variance 1/wins + 1/losses.
    for (const i of [0, 1, 1500, n - 2]) {
      const link = value(fit.inference.difference(i, i + 1));
      expect(link.value).toBeCloseTo(Math.log((2 + (i % 2)) / 2), 7);
      expect(link.standardError ** 2).toBeCloseTo(1 / (2 + (i % 2)) + 1 / 2, 6);
    }
  });
});
