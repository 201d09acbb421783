import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  createRng,
  dawidSkene,
  fitGroups,
  fitLogistic,
  fitPreferences,
  fitRationality,
  glad,
  type Label,
  mace,
  minimise,
  oneCoin,
  plackettLuce,
  type Ranking,
  type RatedComparisons,
  type Rng,
  type TruthResult,
} from './index.ts';
import { maximise } from './newton.ts';
import type { OUTCOME_MODELS } from './outcome-models.ts';
import { simulatedRaces } from './races.fake.ts';
import { rankingDerivatives, rankingsLogLikelihood } from './ranking-likelihood.ts';
import { rankingColumns } from './rankings.ts';

interface Season {
  readonly seed: number;
  readonly worth: readonly number[];
  readonly logLikelihood: number;
}
const { seasons } = JSON.parse(readFileSync(new URL('../../fixtures/races.json', import.meta.url), 'utf8')) as {
  seasons: Season[];
};

describe('a season of 36 races of 43 of 83 drivers', () => {
  it.each(seasons)('seed $seed has the maximum that a spectral method finds', ({ seed, worth, logLikelihood }) => {
    const { rankings } = simulatedRaces(seed);
    for (const method of ['dense', 'sparse'] as const) {
      const fit = plackettLuce(rankings, 83, { method });
      if ('undefined' in fit) throw new Error(fit.undefined);
      expect(fit.logLikelihood).toBeCloseTo(logLikelihood, 8);
      for (const [i, w] of worth.entries()) expect(fit.strengths[i]).toBeCloseTo(w, 5);
    }
    for (const ridge of [1e-6, 1e-3, 1e-1]) {
      const fit = plackettLuce(rankings, 83, { ridge });
      if ('undefined' in fit) throw new Error(fit.undefined);
      expect(fit.logLikelihood).toBeLessThan(logLikelihood + 1e-8);
      expect(fit.logLikelihood).toBeGreaterThan(logLikelihood - 1e4 * ridge);
    }
  });
});

/** A number of any magnitude from 10^−`powers` to 10^`powers`. */
const magnitude = (rng: Rng, powers: number) => 10 ** (powers * (2 * rng.uniform() - 1));

/** Comparisons with counts and covariates of any magnitude; some raters give thousands, some fractions. */
function wildComparisons(rng: Rng): RatedComparisons {
  const contestants = 2 + rng.integer(6);
  const raters = 2 + rng.integer(4);
  const n = 10 + rng.integer(40);
  const column = (draw: () => number) => Float64Array.from({ length: n }, draw);
  const first = Int32Array.from({ length: n }, () => rng.integer(contestants));
  const scale = magnitude(rng, 8);
  const count = () => (rng.uniform() < 0.4 ? 0 : magnitude(rng, 5));
  return {
    contestants,
    raters,
    first,
    second: first.map((a) => (a + 1 + rng.integer(contestants - 1)) % contestants),
    rater: Int32Array.from({ length: n }, () => rng.integer(raters)),
    firstWins: column(count),
    secondWins: column(count),
    ...(rng.uniform() < 0.6 && { ties: column(count) }),
    ...(rng.uniform() < 0.6 && { covariates: [{ name: 'x', values: column(() => scale * rng.normal()) }] }),
  };
}

function wildRankings(rng: Rng): { rankings: Ranking[]; items: number } {
  const items = 3 + rng.integer(12);
  const rankings = Array.from({ length: 3 + rng.integer(12) }, (): Ranking => {
    const order = rng.shuffle(Array.from({ length: items }, (_, i) => i)).slice(0, 2 + rng.integer(items - 1));
    const cut = rng.uniform() < 0.3 ? 2 : 1;
    const groups = [order.slice(0, cut), ...order.slice(cut).map((i) => [i])].filter((g) => g.length > 0);
    return { groups, weight: magnitude(rng, 6) };
  });
  return { rankings, items };
}

function wildLabels(rng: Rng): { labels: Label[]; sizes: { items: number; raters: number; classes: number } } {
  const sizes = { items: 1 + rng.integer(20), raters: 1 + rng.integer(5), classes: 2 + rng.integer(4) };
  const labels: Label[] = [];
  for (let item = 0; item < sizes.items; item++) {
    // A few raters repeat themselves thousands of times, so that products of probabilities underflow.
    for (let k = rng.integer(4); k > 0; k--) {
      const [rater, label] = [rng.integer(sizes.raters), rng.integer(sizes.classes)];
      for (let times = rng.uniform() < 0.1 ? 600 : 1; times > 0; times--) labels.push({ item, rater, label });
    }
  }
  return { labels, sizes };
}

interface Outcome {
  /** Of the data; for EM after each iteration. */
  readonly logLikelihoods: readonly number[];
  readonly parameters: Iterable<number>;
  /** By how much rounding may lift a likelihood: some likelihoods are differences of large numbers. */
  readonly slack?: number;
}
type Fit = (rng: Rng) => Outcome | { readonly undefined: string };

const ridges = [0, 1e-9, 1e-3, 1, 1e6] as const;
const anyOf = <T>(rng: Rng, values: readonly T[]): T => values[rng.integer(values.length)]!;
const ofTruth = ({ logLikelihoods, posteriors, accuracy }: TruthResult): Outcome => ({
  logLikelihoods,
  parameters: [...posteriors.flatMap((row) => [...row]), ...accuracy.flatMap(({ n, value }) => (n > 0 ? [value] : []))],
});
const preferences = (ties?: keyof typeof OUTCOME_MODELS) => (rng: Rng) => {
  const data = wildComparisons(rng);
  const ridge = anyOf(rng, ridges);
  const fit = fitPreferences(data, {
    ridge,
    covariateRidge: anyOf(rng, ridges),
    order: rng.uniform() < 0.5,
    method: anyOf(rng, ['dense', 'sparse'] as const),
    ...(ties !== undefined && { ties }),
  });
  if ('undefined' in fit) return fit;
  return { logLikelihoods: [fit.logLikelihood], parameters: fit.parameters, slack: 1e-12 * fit.n };
};

/** Every fit of discrete data in `stats`. */
const FITS: Readonly<Record<string, Fit>> = {
  'Bradley–Terry': preferences('half'),
  Davidson: preferences('davidson'),
  'Rao–Kupper': preferences('rao-kupper'),
  'Plackett–Luce': (rng) => {
    const { rankings, items } = wildRankings(rng);
    const npseudo = anyOf(rng, [0, 0.5]);
    const fit = plackettLuce(rankings, items, { ridge: anyOf(rng, ridges), npseudo });
    return 'undefined' in fit ? fit : { logLikelihoods: [fit.logLikelihood], parameters: fit.strengths };
  },
  rationality: (rng) => {
    const ridge = anyOf(rng, ridges);
    const fit = fitRationality(wildComparisons(rng), { ridge, spread: ridge === 0 ? Infinity : 0.5 });
    if ('undefined' in fit) return fit;
    return { logLikelihoods: [fit.logLikelihood], parameters: [...fit.strengths, ...fit.rationality] };
  },
  groups: (rng) => {
    const options = { groups: 2, rng, ridge: anyOf(rng, [1e-6, 1, 1e4]), restarts: 2, iterations: 20 };
    const fit = fitGroups(wildComparisons(rng), options);
    if ('undefined' in fit) return fit;
    return {
      logLikelihoods: [fit.logLikelihood],
      parameters: fit.groups.flatMap((g) => [g.share, ...g.strengths, ...g.coefficients.map((c) => c.value)]),
    };
  },
  'Dawid–Skene': (rng) => {
    const { labels, sizes } = wildLabels(rng);
    return ofTruth(dawidSkene(labels, sizes, { smoothing: anyOf(rng, [0, 1e-300, 0.01, 1e6]) }));
  },
  'one-coin': (rng) => {
    const { labels, sizes } = wildLabels(rng);
    return ofTruth(oneCoin(labels, sizes, { smoothing: anyOf(rng, [0, 1e-300, 0.01, 1e6]) }));
  },
  MACE: (rng) => {
    const { labels, sizes } = wildLabels(rng);
    const smoothing = anyOf(rng, [0, 1e-300, 0.01, 1e6]);
    return ofTruth(mace(labels, sizes, { by: anyOf(rng, ['vb', 'em'] as const), smoothing }));
  },
  GLAD: (rng) => {
    const { labels, sizes } = wildLabels(rng);
    const sd = anyOf(rng, [0.01, 1, 5]);
    return ofTruth(glad(labels, sizes, { abilityPrior: { mean: 1, sd }, easinessPrior: { mean: 1, sd } }));
  },
};

describe('badly scaled data', () => {
  it.each(Object.entries(FITS))(
    '%s: the likelihood is finite and at most 0, or the fit says why not',
    (name, search) => {
      let fitted = 0;
      for (let seed = 0; seed < 40; seed++) {
        const found = search(createRng(`bad-scale/${name}/${seed}`));
        if ('undefined' in found) {
          expect(found.undefined.length).toBeGreaterThan(20);
          continue;
        }
        fitted += 1;
        for (const value of found.logLikelihoods) {
          expect(Number.isFinite(value), `seed ${seed}: ${value}`).toBe(true);
          expect(value, `seed ${seed}`).toBeLessThanOrEqual(found.slack ?? 0);
        }
        for (const value of found.parameters) expect(Number.isFinite(value), `seed ${seed}`).toBe(true);
      }
      expect(fitted).toBeGreaterThan(12);
    },
  );

  it('a coefficient does not depend on the unit of its covariate', () => {
    const rng = createRng('units');
    const base = wildComparisons(rng);
    const n = base.first.length;
    const x = Float64Array.from({ length: n }, () => rng.normal());
    const wins = Float64Array.from({ length: n }, () => 1 + rng.integer(5));
    const { ties: _, ...data } = { ...base, firstWins: wins, secondWins: wins.map((w) => 6 - w) };
    const at = (unit: number) => {
      const fit = fitPreferences({ ...data, covariates: [{ name: 'x', values: x.map((v) => v * unit) }] });
      if ('undefined' in fit) throw new Error(fit.undefined);
      return fit.covariates[0]!.value * unit;
    };
    for (const unit of [1e-8, 1e-3, 1e3, 1e8]) expect(at(unit) / at(1)).toBeCloseTo(1, 7);
  });
});

describe('the likelihood of rankings', () => {
  const columns = rankingColumns([{ groups: [[0], [1], [2], [3]], weight: 2 }], 4);
  const at = (theta: readonly number[], out: ReturnType<typeof rankingDerivatives> | null = null) =>
    rankingsLogLikelihood(
      columns,
      { theta: Float64Array.from(theta), tieOrders: [], logDelta: new Float64Array(0) },
      out,
    );
  it('is exact where worths lie thousands of nats apart', () => {
    // After the first two, the worst two are as likely in either order: −log 2 twice.
    expect(at([0, -1000, -3000, -3000])).toBeCloseTo(-2 * Math.log(2), 12);
    expect(at([-5000, 0, 5000, 0])).toBeCloseTo(2 * (-10_000 - 5000), 6);
    const out = rankingDerivatives(columns, 4, 0);
    at([0, -1000, -3000, -3000], out);
    expect([...out.gradient]).toEqual([0, 0, 1, -1].map((v) => expect.closeTo(v, 12)));
    expect([out.blocks[2 * 4 + 2], out.blocks[2 * 4 + 3]]).toEqual([expect.closeTo(0.5, 12), expect.closeTo(-0.5, 12)]);
  });
});

describe('the searches', () => {
  /** A smooth peak at 3 whose formula overflows to +∞ from 5 on: the trap that an unguarded step runs into. */
  const trap = (x: number) => (x >= 5 ? Infinity : -((x - 3) ** 2) - 0.2 * (x - 3) ** 4);
  const slope = (x: number) => (x >= 5 ? Number.NaN : -2 * (x - 3) - 0.8 * (x - 3) ** 3);
  it('Newton halves a step to infinity', () => {
    const problem = {
      value: (at: Float64Array) => trap(at[0]!),
      expand: (at: Float64Array) => ({
        objective: trap(at[0]!),
        gradient: Float64Array.of(slope(at[0]!)),
        // Too small a curvature: the first steps lead far beyond the peak.
        solver: { solve: (g: Float64Array) => g.map((v) => v / 0.6), covariance: () => null },
      }),
    };
    const found = maximise(problem, Float64Array.of(0), { steps: 500 });
    expect(found.objective).toBeLessThanOrEqual(0);
    expect(found.at[0]).toBeCloseTo(3, 2);
    expect(maximise(problem, Float64Array.of(6))).toMatchObject({ converged: false, iterations: 0 });
  });
  it('L-BFGS halves a step to infinity, and refuses a start without a value', () => {
    const objective = (at: Float64Array, gradient: Float64Array) => {
      gradient[0]! += -slope(at[0]!);
      return -trap(at[0]!);
    };
    expect(minimise(objective, Float64Array.of(-20), { iterations: 200 })[0]).toBeCloseTo(3, 3);
    expect(() => minimise(objective, Float64Array.of(9))).toThrow(/finite value and gradient at the start/);
  });
  it('logistic regression stays finite at any scale of its features, and refuses what is not a number', () => {
    const rng = createRng('logistic-scale');
    for (let seed = 0; seed < 40; seed++) {
      const scales = [magnitude(rng, 12), magnitude(rng, 12)];
      const rows = Array.from({ length: 30 }, () => ({
        features: Float64Array.from(scales, (s) => s * rng.normal()),
        target: rng.integer(2),
        weight: magnitude(rng, 4),
      }));
      const w = fitLogistic(rows, 2, { ridge: magnitude(rng, 6) });
      expect(w.every(Number.isFinite)).toBe(true);
    }
    const bad = [{ features: Float64Array.of(1, Number.NaN), target: 1 }];
    expect(() => fitLogistic(bad, 2, { ridge: 1 })).toThrow(/row 0: expected 2 finite features/);
    const huge = [{ features: Float64Array.of(1e200), target: 1 }];
    expect(() => fitLogistic(huge, 1, { ridge: 1 })).toThrow(/standardise/);
  });
  it('EM refuses a start that rules a label out', () => {
    const labels = [
      { item: 0, rater: 0, label: 0 },
      { item: 1, rater: 0, label: 1 },
    ];
    const sizes = { items: 2, raters: 1, classes: 2 };
    const start = [
      [0, 0],
      [0, 0],
    ];
    expect(() => dawidSkene(labels, sizes, { start: [[NaN, 1], start[1]!] })).toThrow(/finite likelihood/);
  });
});
