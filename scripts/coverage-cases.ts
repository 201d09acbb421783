import type { Item, Judgment } from '../src/feedback/index.ts';
import { simulatedArena } from '../src/quality/arena.fake.ts';
import { biasOf } from '../src/quality/bias.ts';
import { qualityColumns } from '../src/quality/columns.ts';
import { qualityData } from '../src/quality/data.ts';
import { ClusteredMean, share } from '../src/quality/estimates.ts';
import { leaderboard } from '../src/quality/leaderboard.ts';
import { CommonOddsRatio } from '../src/quality/mantel-haenszel.ts';
import {
  alphaInterval,
  clusterShare,
  createRng,
  dawidSkene,
  gwetAgreement,
  type Interval,
  type IntervalMethodId,
  icc,
  krippendorffAlpha,
  matchedShare,
  meanInterval,
  pairCounts,
  type Rng,
  ratingTruth,
  sigmoid,
  styleDifference,
  tallyOf,
} from '../src/stats/index.ts';
import { simulatedRatings } from '../src/stats/ratings.fake.ts';

/** One data set of a case: the interval that a report would print (null: none), and the true value. */
type Draw = { readonly interval: Pick<Interval, 'low' | 'high'> | null; readonly truth: number };

export interface CoverageCase {
  /** Small, middle and large. */
  readonly sizes: readonly number[];
  readonly varies: string;
  /** Values of what is varied, edges of its range included. */
  readonly at: readonly number[];
  /** What the values are called, where they are no amounts. */
  readonly named?: readonly string[];
  readonly runs: number;
  draw(rng: Rng, n: number, at: number): Draw;
}

/** Right with probability p in clusters of ten whose log-odds have a standard deviation of one half. */
const clusterOf = (rng: Rng, p: number, spread: number) => {
  const own = sigmoid(Math.log(p / (1 - p)) + spread * rng.normal());
  let right = 0;
  for (let i = 0; i < 10; i++) right += Number(rng.uniform() < own);
  return { right, counted: 10 };
};

/** The mean over clusters of `clusterOf`, by the midpoint rule over the normal distribution's quantiles. */
const meanOf = (p: number, spread: number): number => {
  let [sum, total] = [0, 0];
  for (let z = -6; z <= 6; z += 0.01) {
    const density = Math.exp((-z * z) / 2);
    sum += density * sigmoid(Math.log(p / (1 - p)) + spread * z);
    total += density;
  }
  return sum / total;
};

const ACCURACY = 0.9;
/** Units of three binary votes: a class of a prevalence, seen rightly nine times in ten. */
const votesOf = (rng: Rng, n: number, prevalence: number): number[][] =>
  Array.from({ length: n }, () => {
    const truth = rng.uniform() < prevalence;
    return Array.from({ length: 3 }, () => Number(rng.uniform() < ACCURACY === truth));
  });
const agreeing = ACCURACY ** 2 + (1 - ACCURACY) ** 2;
const shareOfOnes = (prevalence: number) => prevalence * ACCURACY + (1 - prevalence) * (1 - ACCURACY);

/** Prevalence in the votes themselves where raters hardly err: what a rare label looks like. */
const rareVotes = (rng: Rng, n: number, prevalence: number): number[][] =>
  Array.from({ length: n }, () => {
    const truth = rng.uniform() < prevalence;
    return Array.from({ length: 3 }, () => Number(truth ? rng.uniform() < 0.8 : rng.uniform() < 0.01));
  });
const rareAlpha = (prevalence: number) => {
  const observed = prevalence * 2 * 0.8 * 0.2 + (1 - prevalence) * 2 * 0.01 * 0.99;
  const ones = prevalence * 0.8 + (1 - prevalence) * 0.01;
  return 1 - observed / (2 * ones * (1 - ones));
};

const item = (id: number, texts: readonly string[]): Item => ({
  id: `i${id}`,
  projectId: 'c',
  prompt: '',
  replies: texts.map((text, k) => ({ id: `i${id}/${k}`, text })),
  source: { origin: 'simulation', selection: 'random' },
});
const judgment = (id: number, rater: number, outcome: number): Judgment => ({
  id: `j${id}/${rater}`,
  projectId: 'c',
  itemId: `i${id}`,
  raterId: `r${rater}`,
  presentation: { order: [0, 1], view: 'full', instructionsVersion: '1', shownAt: '' },
  answer: { kind: 'comparison', outcome },
  activeMs: null,
  submittedAt: '2026-01-01T00:00:00Z',
  source: 'simulated',
});

/** Distributions that a mean is taken of: plain, skewed, heavy-tailed, and both. */
const MEANS: readonly { readonly draw: (rng: Rng) => number; readonly truth: number }[] = [
  { draw: (rng) => rng.normal(), truth: 0 },
  { draw: (rng) => -Math.log(1 - rng.uniform()), truth: 1 },
  {
    draw: (rng) => rng.normal() / Math.sqrt((rng.normal() ** 2 + rng.normal() ** 2 + rng.normal() ** 2) / 3),
    truth: 0,
  },
  { draw: (rng) => Math.exp(rng.normal()), truth: Math.exp(0.5) },
];

/** Every method of the table of intervals: a missing case is a type error. */
export const COVERAGE_CASES: { readonly [M in IntervalMethodId]: CoverageCase } = {
  wilson: {
    sizes: [10, 30, 300],
    varies: 'true share',
    at: [0.5, 0.9, 0.97],
    runs: 2000,
    draw: (rng, n, p) => {
      let k = 0;
      for (let i = 0; i < n; i++) k += Number(rng.uniform() < p);
      return { interval: share(k, n)!.interval, truth: p };
    },
  },
  'cluster-share': {
    sizes: [4, 8, 30],
    varies: 'share in the middle cluster',
    at: [0.5, 0.8, 0.97],
    runs: 2000,
    draw: (rng, n, p) => ({
      interval: clusterShare(Array.from({ length: n }, () => clusterOf(rng, p, 0.5))).interval,
      truth: meanOf(p, 0.5),
    }),
  },
  'matched-share': {
    sizes: [8, 20, 60],
    varies: 'share of ones; half as many are zeros, or none',
    at: [0.1, 0.2, 0.6, 0.9],
    runs: 2000,
    draw: (rng, n, p) => {
      const against = p === 0.2 || p === 0.6 ? p / 2 : 0;
      const drawn = Array.from({ length: n }, () => rng.uniform());
      const ones = drawn.filter((u) => u < p).length;
      const zeros = drawn.filter((u) => u >= p && u < p + against).length;
      return { interval: matchedShare({ ones, zeros, n }).interval, truth: (1 + p - against) / 2 };
    },
  },
  'cluster-mean': {
    sizes: [4, 8, 100],
    varies: 'standard deviation between clusters',
    at: [0, 1],
    runs: 1000,
    draw: (rng, n, spread) => {
      const mean = new ClusteredMean(n);
      for (let c = 0; c < n; c++) {
        const own = spread * rng.normal();
        for (let i = 2 + rng.integer(6); i > 0; i--) mean.add(c, own + rng.normal());
      }
      const found = mean.result();
      return { interval: 'undefined' in found ? null : found.interval, truth: 0 };
    },
  },
  'pair-agreement': {
    sizes: [10, 30, 300],
    varies: 'prevalence',
    at: [0.03, 0.5],
    runs: 1000,
    draw: (rng, n, p) => ({
      interval: clusterShare(pairCounts(tallyOf(votesOf(rng, n, p)))).interval,
      truth: agreeing,
    }),
  },
  alpha: {
    sizes: [10, 30, 100, 400],
    varies: 'prevalence',
    at: [0.03, 0.1, 0.5],
    runs: 400,
    draw: (rng, n, p) => {
      const units = rareVotes(rng, n, p);
      if (!('value' in krippendorffAlpha(units))) return { interval: null, truth: 0 };
      return {
        interval: alphaInterval(units, 'nominal', { uniform: rng.uniform, replicates: 200 }),
        truth: rareAlpha(p),
      };
    },
  },
  gwet: {
    sizes: [10, 30, 300],
    varies: 'prevalence',
    at: [0.1, 0.5],
    runs: 1000,
    draw: (rng, n, p) => {
      const found = gwetAgreement(votesOf(rng, n, p));
      const ones = shareOfOnes(p);
      const chance = 2 * ones * (1 - ones);
      const interval = 'undefined' in found || 'undefined' in found.interval ? null : found.interval;
      return { interval, truth: (agreeing - chance) / (1 - chance) };
    },
  },
  icc: {
    sizes: [10, 30, 300],
    varies: 'true correlation',
    at: [0.1, 0.5, 0.9],
    runs: 500,
    draw: (rng, n, rho) => {
      const value: number[] = [];
      for (let u = 0; u < n; u++) {
        const own = Math.sqrt(rho) * rng.normal();
        for (let r = 0; r < 3; r++) value.push(own + Math.sqrt(1 - rho) * rng.normal());
      }
      const scale = Float64Array.from(new Set(value)).sort();
      const code = new Map(Array.from(scale, (v, k) => [v, k]));
      const found = icc({
        units: n,
        raters: 3,
        scale,
        starts: Uint32Array.from({ length: n + 1 }, (_, u) => 3 * u),
        rater: Uint32Array.from(value, (_, i) => i % 3),
        code: Uint32Array.from(value, (v) => code.get(v)!),
      });
      const form = 'undefined' in found ? found : found.forms['1,1'];
      return { interval: 'undefined' in form || 'undefined' in form.interval ? null : form.interval, truth: rho };
    },
  },
  'rater-accuracy': {
    sizes: [30, 100, 400],
    varies: 'true accuracy',
    at: [0.65, 0.8, 0.95],
    runs: 200,
    draw: (rng, n, p) => {
      const labels = Array.from({ length: n }, (_, i) => i).flatMap((i) => {
        const truth = rng.integer(2);
        return Array.from({ length: 5 }, (_, r) => ({
          item: i,
          rater: r,
          label: rng.uniform() < (r === 0 ? p : 0.8) ? truth : 1 - truth,
        }));
      });
      const sizes = { items: n, raters: 5, classes: 2 };
      const found = dawidSkene(labels, sizes, { smoothing: 1, tolerance: 1e-7, iterations: 100 }).raterAccuracy[0]!;
      return { interval: 'undefined' in found ? null : found.interval, truth: p };
    },
  },
  'rating-truth': {
    sizes: [10, 40, 200],
    varies: 'standard deviation of biases',
    at: [0, 0.5],
    runs: 1000,
    draw: (rng, n, spread) => {
      const { table, truth } = simulatedRatings(rng, { units: n, raters: 8, perUnit: 3, spread });
      const found = ratingTruth(table);
      return { interval: 'undefined' in found ? null : found.truth[0]!.interval, truth: truth[0]! };
    },
  },
  'odds-ratio': {
    sizes: [20, 60, 300],
    varies: 'log-odds of the first place',
    at: [0, 0.5],
    runs: 500,
    draw: (rng, n, bonus) => {
      const common = new CommonOddsRatio();
      for (let i = 0; i < n; i++) {
        const worth = rng.normal();
        const cells = [0, 0, 0, 0];
        for (let v = 0; v < 6; v++) {
          const first = v % 2;
          const chose = rng.uniform() < sigmoid(worth + (first === 0 ? bonus : -bonus)) ? 0 : 1;
          cells[2 * first + chose]! += 1;
        }
        common.add(cells[0]!, cells[1]!, cells[2]!, cells[3]!);
      }
      const found = common.logOdds();
      return { interval: 'undefined' in found ? null : found.interval, truth: 2 * bonus };
    },
  },
  'length-slope': {
    sizes: [20, 100, 400],
    varies: 'true slope',
    at: [0, 2],
    runs: 200,
    draw: (rng, n, slope) => {
      const items: Item[] = [];
      const judgments: Judgment[] = [];
      for (let i = 0; i < n; i++) {
        const [a, b] = [20 + rng.integer(200), 20 + rng.integer(200)];
        items.push(item(i, ['x'.repeat(a), 'x'.repeat(b)]));
        for (let r = 0; r < 3; r++)
          judgments.push(judgment(i, r, rng.uniform() < sigmoid(slope * styleDifference(a, b)) ? 0 : 1));
      }
      const found = biasOf(qualityData(qualityColumns(items, judgments))).length.logistic;
      return { interval: 'undefined' in found ? null : found.interval, truth: slope };
    },
  },
  'model-strength': {
    sizes: [200, 1000],
    varies: 'ties (ν)',
    at: [0, 0.5],
    runs: 150,
    draw: (rng, n, ties) => {
      const arena = simulatedArena(rng.integer(2 ** 30), { judgments: n, ties });
      const board = leaderboard(arena.items, arena.judgments, { controls: ['position', 'length'] });
      if ('undefined' in board) return { interval: null, truth: 0 };
      const row = board.rows.find(({ model }) => model === 'model 0')!;
      return { interval: row.strength.interval, truth: arena.strengths[0]! };
    },
  },
  mean: {
    sizes: [8, 20, 80],
    varies: 'distribution',
    at: [0, 1, 2, 3],
    named: ['normal', 'exponential', 'Student’s t of 3 degrees', 'lognormal, σ = 1'],
    runs: 2000,
    draw: (rng, n, at) => {
      const { draw, truth } = MEANS[at]!;
      return { interval: meanInterval(Array.from({ length: n }, () => draw(rng))).interval, truth };
    },
  },
};

/** What is varied with its value, in words. */
export function coverageLabel(method: IntervalMethodId, at: number): string {
  const { varies, named } = COVERAGE_CASES[method];
  return `${varies} ${named?.[at] ?? at}`;
}

/** One row of the table. */
export function coverageRow(method: IntervalMethodId, n: number, at: number) {
  const { runs, draw } = COVERAGE_CASES[method];
  let [covered, intervals] = [0, 0];
  for (let run = 0; run < runs; run++) {
    const { interval, truth } = draw(createRng(`coverage/${method}/${n}/${at}/${run}`), n, at);
    if (interval === null || Number.isNaN(interval.low)) continue;
    intervals += 1;
    covered += Number(interval.low <= truth && truth <= interval.high);
  }
  return { method, n, at: coverageLabel(method, at), covered, runs: intervals, drawn: runs };
}
