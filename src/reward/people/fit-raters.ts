import { cholesky, choleskyInverse, choleskySolve, logSumExp, normalQuantile } from '../../stats/index.ts';
import type { Nuisances } from '../likelihood/index.ts';
import { expandAt, type Population, type RaterAnswers, T, type Traits, valueAt } from './rater-model.ts';

/** Raters with the population they are of. */
export interface FittedRaters {
  readonly population: Population;
  /** By rater, in their order. */
  readonly traits: readonly Traits[];
  /** Posterior variance of each rater's traits, the reward held; computed when it is asked for. */
  variances(): Float64Array[];
}

/**
 * Deviations over raters before any answer was seen, and what they weigh in raters: a typical rationality is 1 by the scale of the
 * reward, places and lengths deviate from the mean of all, and lapses are rare. Answers tell so little of lapses that their
 * population would run away without a prior of its own weight: some thousand answers are as well explained by nobody who ever
 * lapses beside a few who always do. The mean of all lies by its log-odds within 1 of the typical one.
 */
const PRIOR = { mean: [1, 0, 0, -3], deviation: [0.3, 0.3, 0.3, 1], raters: [2, 2, 2, 10], lapseMean: 1 } as const;

/** How many raters the prior of the population counts as: of lapses, and of every other trait. */
export const PRIOR_RATERS = { lapse: PRIOR.raters[3], others: PRIOR.raters[0] } as const;

export const typicalPopulation = (): Population => ({
  mean: Float64Array.from(PRIOR.mean),
  variance: Float64Array.from(PRIOR.deviation, (deviation) => deviation ** 2),
});

export const typicalRater = ({ mean }: Population): Traits => mean.slice();

const penalised = (answers: RaterAnswers, at: Traits, { population, nuisances }: Held) => {
  const { value, gradient, information } = expandAt(answers, at, nuisances);
  let penalty = 0;
  for (let k = 0; k < T; k++) {
    const off = at[k]! - population.mean[k]!;
    penalty += (off * off) / population.variance[k]! / 2;
    gradient[k]! -= off / population.variance[k]!;
    information[k * T + k]! += 1 / population.variance[k]!;
  }
  return { value: value - penalty, gradient, information };
};

interface Held {
  readonly population: Population;
  readonly nuisances: Nuisances;
}

/** The information, or, where it is not positive definite, with as much of the prior's added as makes it so. */
function factorOf(information: Float64Array, { population }: Held): Float64Array {
  for (let added = 0; ; added = added === 0 ? 1 : 4 * added) {
    const own = information.slice();
    for (let k = 0; k < T; k++) own[k * T + k]! += added / population.variance[k]!;
    const factor = cholesky(own, T);
    if (factor !== null) return factor;
  }
}

/** The mode of a rater's posterior by Newton's method with step halving. */
function modeOf(answers: RaterAnswers, start: Traits, held: Held): { traits: Traits; covariance: Float64Array } {
  let at = start;
  let now = penalised(answers, at, held);
  for (let step = 0; step < 20; step++) {
    const direction = choleskySolve(factorOf(now.information, held), now.gradient);
    let scale = 1;
    let next = at.map((value, k) => value + direction[k]!);
    let found = penalised(answers, next, held);
    while (!(found.value >= now.value - 1e-9) && scale > 1e-6) {
      scale /= 2;
      next = at.map((value, k) => value + scale * direction[k]!);
      found = penalised(answers, next, held);
    }
    if (!(found.value >= now.value - 1e-9)) break;
    [at, now] = [next, found];
    if (direction.every((own, k) => Math.abs(scale * own) < 1e-4 * Math.sqrt(held.population.variance[k]!))) break;
  }
  return { traits: at, covariance: choleskyInverse(factorOf(now.information, held), T) };
}

/** Standard normal points of T dimensions that fill space evenly (Halton 1960, without the first), so that a fit repeats. */
function evenPoints(count: number): Float64Array[] {
  const bases = [2, 3, 5, 7];
  const radical = (index: number, base: number) => {
    let [value, share] = [0, 1 / base];
    for (let i = index; i > 0; i = Math.floor(i / base), share /= base) value += (i % base) * share;
    return value;
  };
  return Array.from({ length: count }, (_, i) =>
    Float64Array.from(bases, (base) => normalQuantile(radical(i + 1, base))),
  );
}

/** How much wider than Laplace's approximation points are drawn, so that no tail is missed. */
const WIDER = 1.4;

/** A rater's posterior as points: log of likelihood over the density they were drawn with. */
interface Sampled {
  /** Row-major, T to a point. */
  readonly points: Float64Array;
  readonly logRatios: Float64Array;
}

function sampled(
  answers: RaterAnswers,
  start: Traits,
  { held, even }: { held: Held; even: readonly Float64Array[] },
): Sampled {
  const { traits, covariance } = modeOf(answers, start, held);
  const lower = cholesky(covariance, T)!;
  const points = new Float64Array(even.length * T);
  const logRatios = new Float64Array(even.length);
  for (const [s, unit] of even.entries()) {
    const at = points.subarray(s * T, (s + 1) * T);
    at.set(traits);
    let square = 0;
    for (let i = 0; i < T; i++) {
      square += unit[i]! * unit[i]!;
      for (let j = 0; j <= i; j++) at[i]! += WIDER * lower[i * T + j]! * unit[j]!;
    }
    logRatios[s] = valueAt(answers, at, held.nuisances) + square / 2;
  }
  return { points, logRatios };
}

/** Mean and variance of each trait of a rater, and the log of the probability of their answers up to a constant. */
interface Moments {
  readonly mean: Float64Array;
  readonly variance: Float64Array;
  readonly logEvidence: number;
}

/** Log weights of the points of a rater under a population, up to a constant. */
function logWeights({ points, logRatios }: Sampled, { mean: centre, variance: spread }: Population): Float64Array {
  return logRatios.map((own, s) => {
    let prior = 0;
    for (let k = 0; k < T; k++) prior += (points[s * T + k]! - centre[k]!) ** 2 / spread[k]!;
    return own - prior / 2;
  });
}

function momentsOf(own: Sampled, population: Population): Moments {
  const { points } = own;
  const logs = logWeights(own, population);
  const n = logs.length;
  let constant = 0;
  for (const spread of population.variance) constant += Math.log(spread) / 2;
  const total = logSumExp(logs);
  const [mean, variance] = [new Float64Array(T), new Float64Array(T)];
  for (let s = 0; s < n; s++) {
    const share = Math.exp(logs[s]! - total);
    for (let k = 0; k < T; k++) mean[k]! += share * points[s * T + k]!;
  }
  for (let s = 0; s < n; s++) {
    const share = Math.exp(logs[s]! - total);
    for (let k = 0; k < T; k++) variance[k]! += share * (points[s * T + k]! - mean[k]!) ** 2;
  }
  return { mean, variance, logEvidence: total - constant };
}

/** A step of EM: the population out of the moments of its raters, the prior beside them as so many raters. */
function populationOf(raters: readonly Moments[], { variance: before }: Population): Population {
  const n = raters.length;
  const pull = before[3]! / PRIOR.lapseMean ** 2;
  const lapse = (pull * PRIOR.mean[3] + raters.reduce((sum, { mean }) => sum + mean[3]!, 0)) / (pull + n);
  const centre = Float64Array.of(PRIOR.mean[0], PRIOR.mean[1], PRIOR.mean[2], lapse);
  const variance = Float64Array.from(centre, (own, k) => {
    const squares = raters.reduce((sum, { mean, variance: open }) => sum + (mean[k]! - own) ** 2 + open[k]!, 0);
    return (PRIOR.raters[k]! * PRIOR.deviation[k]! ** 2 + squares) / (PRIOR.raters[k]! + n);
  });
  return { mean: centre, variance };
}

/** Steps of EM on one set of points: they stand where the population moves little. */
const STEPS = 10;
/** Points of a rater on the way and in the end, as far as so many answers in all allow. */
const POINTS = { passing: 48, final: 256, least: 32, evaluations: 4e6 };

/**
 * Each rater's traits and the population that they are of, by turns (empirical Bayes: EM with every rater's posterior by importance
 * sampling around its mode): whoever answered little is as the population, whoever answered much as their answers say. Rewards are held.
 */
export function fitRaters(
  answers: readonly RaterAnswers[],
  { start, nuisances }: { readonly start?: FittedRaters; readonly nuisances: Nuisances },
): FittedRaters {
  let population = start?.population ?? typicalPopulation();
  let traits = start?.traits ?? answers.map(() => typicalRater(population));
  const total = answers.reduce((sum, { columns, others }) => sum + columns.reward.length + 50 * others.length, 0);
  const most = Math.max(POINTS.least, POINTS.evaluations / total);
  const sampledBy = (count: number) => {
    const even = evenPoints(Math.round(Math.min(count, most)));
    return answers.map((own, h) => sampled(own, traits[h]!, { held: { population, nuisances }, even }));
  };
  // Points move along with the population once: its first guess may be far off.
  for (const count of start === undefined ? [POINTS.passing, POINTS.passing] : [POINTS.passing]) {
    const samples = sampledBy(count);
    for (let step = 0; step < STEPS; step++)
      population = populationOf(
        samples.map((own) => momentsOf(own, population)),
        population,
      );
    traits = samples.map((own) => momentsOf(own, population).mean);
  }
  return {
    population,
    traits,
    variances() {
      const more = sampledBy(POINTS.final);
      return variancesOf(
        more,
        population,
        more.map((own) => momentsOf(own, population)),
      );
    },
  };
}

/** What a population is moved by: logarithms of its variances, and the mean of its lapses. */
const moved = ({ mean, variance }: Population, by: Float64Array): Population => ({
  mean: mean.with(3, mean[3]! + by[T]! * Math.sqrt(variance[3]!)),
  variance: variance.map((own, k) => own * Math.exp(by[k]!)),
});

/** Log of the probability of all answers and of the population, as EM climbs it. */
function logPosterior(samples: readonly Sampled[], population: Population): number {
  let sum = 0;
  for (const own of samples) sum += momentsOf(own, population).logEvidence;
  const { raters, mean, deviation, lapseMean } = PRIOR;
  for (const [k, variance] of population.variance.entries())
    sum -= (raters[k]! / 2) * (Math.log(variance) + deviation[k]! ** 2 / variance);
  return sum - ((population.mean[3]! - mean[3]) / lapseMean) ** 2 / 2;
}

const POPULATION = T + 1;
const NUDGE = 0.2;

/**
 * Variance of each trait: under the population as it was found, and as far as the estimate moves with a population that a few raters
 * leave open (Kass and Steffey 1989, Eq. 3.4, by differences).
 */
function variancesOf(samples: readonly Sampled[], population: Population, moments: readonly Moments[]): Float64Array[] {
  const nudge = (i: number, by: number, j = i, other = 0) => {
    const step = new Float64Array(POPULATION);
    step[i]! += by;
    step[j]! += other;
    return moved(population, step);
  };
  const value = (own: Population) => logPosterior(samples, own);
  const here = value(population);
  const above = Array.from({ length: POPULATION }, (_, i) => value(nudge(i, NUDGE)));
  const below = Array.from({ length: POPULATION }, (_, i) => value(nudge(i, -NUDGE)));
  const information = new Float64Array(POPULATION * POPULATION);
  for (let i = 0; i < POPULATION; i++) {
    information[i * POPULATION + i] = Math.max(1e-3, (2 * here - above[i]! - below[i]!) / NUDGE ** 2);
    for (let j = 0; j < i; j++) {
      const both = value(nudge(i, NUDGE, j, NUDGE)) + value(nudge(i, -NUDGE, j, -NUDGE));
      const bend = (above[i]! + below[i]! + above[j]! + below[j]! - 2 * here - both) / (2 * NUDGE ** 2);
      information[i * POPULATION + j] = bend;
      information[j * POPULATION + i] = bend;
    }
  }
  const factor = cholesky(information, POPULATION);
  const open = factor === null ? null : choleskyInverse(factor, POPULATION);
  const slopes = Array.from({ length: POPULATION }, (_, i) => {
    const [up, down] = [nudge(i, NUDGE), nudge(i, -NUDGE)];
    return samples.map((own) => {
      const [a, b] = [momentsOf(own, up).mean, momentsOf(own, down).mean];
      return a.map((one, k) => (one - b[k]!) / (2 * NUDGE));
    });
  });
  return moments.map(({ variance }, h) =>
    variance.map((own, k) => {
      let added = 0;
      for (let i = 0; i < POPULATION; i++)
        for (let j = 0; j < POPULATION; j++) {
          const doubt = open === null ? Number(i === j) / information[i * POPULATION + i]! : open[i * POPULATION + j]!;
          added += slopes[i]![h]![k]! * doubt * slopes[j]![h]![k]!;
        }
      return own + Math.max(0, added);
    }),
  );
}
