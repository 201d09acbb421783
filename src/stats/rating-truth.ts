import { studentQuantile } from './distributions.ts';
import { largest } from './functions.ts';
import type { Interval } from './intervals.ts';
import { cholesky, choleskyInverse, choleskySolve, conjugateGradients } from './linear-algebra.ts';

/** Ratings on one scale, sorted by unit: the entries of unit u are starts[u] to starts[u + 1] − 1. */
export interface RatingTable {
  readonly units: number;
  readonly raters: number;
  readonly starts: ArrayLike<number>;
  readonly rater: ArrayLike<number>;
  readonly value: ArrayLike<number>;
}

export interface RatingTruthOptions {
  /**
   * Observations of the pooled variance that each rater's variance starts from, and that of the biases: one with few ratings
   * is not taken as exact, and few raters not as free of bias.
   */
  readonly prior?: number;
  readonly iterations?: number;
  /** Stops when no variance changes by more than this share. */
  readonly tolerance?: number;
}

/** A number with its standard error and Student's 95 % interval. */
export interface RatingEstimate {
  readonly value: number;
  readonly standardError: number;
  readonly interval: Interval;
  /** Ratings it comes from. */
  readonly n: number;
}

export interface RatingTruth {
  /** Value of each unit on the scale of the average rater; null for a unit without ratings. */
  readonly truth: readonly (RatingEstimate | null)[];
  /** Of each rater: how much above the average rater, and the standard deviation of the errors; null without ratings. */
  readonly raters: readonly ({ readonly bias: RatingEstimate; readonly noise: number } | null)[];
  /** Standard deviation of the biases between raters. */
  readonly biasDeviation: number;
  /** Penalised restricted log-likelihood after each iteration, up to a constant; empty for more raters than `EXACT_RATERS`. */
  readonly objectives: readonly number[];
  readonly converged: boolean;
}

/** What the estimate takes for granted, for reading beside the numbers. */
export const RATING_TRUTH_ASSUMES: readonly string[] = [
  'Raters err independently of each other and of the item: each has a constant bias and errors of its own spread.',
  'Biases add up to zero over the raters at hand, so that a bias which all of them share stays in the estimate.',
  'Steps of the scale are equally far apart.',
];

/** Raters up to which the errors of all biases are taken together; beyond, one by one. */
export const EXACT_RATERS = 200;

interface State {
  /** Variance of the errors of each rater. */
  readonly noise: Float64Array;
  /** Of the biases between raters. */
  spread: number;
  readonly bias: Float64Array;
  readonly mean: Float64Array;
  /** Covariance of the biases (row-major), or its diagonal alone. */
  covariance: Float64Array;
  /** Log-determinant of its inverse; NaN where only the diagonal is known. */
  logDeterminant: number;
}

interface Design extends RatingTable {
  readonly counts: Float64Array;
  /** Raters with ratings. */
  readonly present: number;
  /** Variance of errors that rounding to the scale alone makes. */
  readonly floor: number;
}

/** Weight of a unit: the sum of the precisions of its ratings. */
function unitWeight({ starts, rater }: RatingTable, noise: Float64Array, u: number): number {
  let weight = 0;
  for (let i = starts[u]!; i < starts[u + 1]!; i++) weight += 1 / noise[rater[i]!]!;
  return weight;
}

/** Normal equations of the biases with the units' means taken out: diagonal and right-hand side, and what acts between raters. */
function biasEquations(design: Design, { noise, spread }: State) {
  const { units, raters, starts, rater, value } = design;
  const diagonal = new Float64Array(raters).fill(1 / spread);
  const rhs = new Float64Array(raters);
  const weights = new Float64Array(units);
  for (let u = 0; u < units; u++) {
    const weight = unitWeight(design, noise, u);
    weights[u] = weight;
    let sum = 0;
    for (let i = starts[u]!; i < starts[u + 1]!; i++) sum += value[i]! / noise[rater[i]!]!;
    for (let i = starts[u]!; i < starts[u + 1]!; i++) {
      const own = 1 / noise[rater[i]!]!;
      diagonal[rater[i]!]! += own;
      rhs[rater[i]!]! += own * (value[i]! - sum / weight);
    }
  }
  return { diagonal, rhs, weights };
}

/** Best linear unbiased prediction of the biases and the units' values for given variances (Henderson's equations). */
function solve(design: Design, state: State): void {
  const { units, raters, starts, rater, value, counts, present } = design;
  const { noise, bias, mean } = state;
  const { diagonal, rhs, weights } = biasEquations(design, state);
  // Biases add up to zero over the raters with ratings: a stiff spring on their sum.
  const stiff = (1e4 * largest(diagonal)) / present;
  const pairs = (u: number, put: (a: number, b: number, w: number) => void) => {
    for (let i = starts[u]!; i < starts[u + 1]!; i++)
      for (let k = starts[u]!; k < starts[u + 1]!; k++)
        put(rater[i]!, rater[k]!, 1 / (noise[rater[i]!]! * noise[rater[k]!]! * weights[u]!));
  };
  if (raters <= EXACT_RATERS) {
    const matrix = new Float64Array(raters * raters);
    for (let a = 0; a < raters; a++) {
      matrix[a * raters + a] = diagonal[a]!;
      if (counts[a]! > 0) for (let b = 0; b < raters; b++) if (counts[b]! > 0) matrix[a * raters + b]! += stiff;
    }
    for (let u = 0; u < units; u++) pairs(u, (a, b, w) => (matrix[a * raters + b]! -= w));
    const factor = cholesky(matrix, raters)!;
    bias.set(choleskySolve(factor, rhs));
    state.covariance = choleskyInverse(factor, raters);
    state.logDeterminant = -Math.log(stiff);
    for (let a = 0; a < raters; a++) state.logDeterminant += 2 * Math.log(factor[a * raters + a]!);
  } else {
    const own = Float64Array.from(diagonal);
    for (let u = 0; u < units; u++) pairs(u, (a, b, w) => (own[a]! -= a === b ? w : 0));
    const apply = (x: Float64Array, out: Float64Array) => {
      for (let a = 0; a < raters; a++) out[a] = diagonal[a]! * x[a]!;
      for (let u = 0; u < units; u++) {
        let sum = 0;
        for (let i = starts[u]!; i < starts[u + 1]!; i++) sum += x[rater[i]!]! / noise[rater[i]!]!;
        for (let i = starts[u]!; i < starts[u + 1]!; i++) out[rater[i]!]! -= sum / (noise[rater[i]!]! * weights[u]!);
      }
    };
    const found = conjugateGradients(apply, (x, out) => out.set(x.map((v, a) => v / own[a]!)), rhs).x;
    const centre = found.reduce((sum, b, a) => sum + (counts[a]! > 0 ? b : 0), 0) / present;
    bias.set(found.map((b, a) => (counts[a]! > 0 ? b - centre : 0)));
    state.covariance = own.map((d) => 1 / d);
    state.logDeterminant = Number.NaN;
  }
  for (let u = 0; u < units; u++) {
    let sum = 0;
    for (let i = starts[u]!; i < starts[u + 1]!; i++) sum += (value[i]! - bias[rater[i]!]!) / noise[rater[i]!]!;
    mean[u] = sum / weights[u]!;
  }
}

/** Variances of a unit's value: from errors, from the biases that were taken off, and of each rating's fitted value. */
function unitVariances(design: Design, { noise, covariance }: State, u: number) {
  const { starts, rater, raters } = design;
  const exact = covariance.length > raters;
  const [from, to] = [starts[u]!, starts[u + 1]!];
  const weight = unitWeight(design, noise, u);
  const cov = (a: number, b: number) => (exact ? covariance[a * raters + b]! : a === b ? covariance[a]! : 0);
  const shares = Array.from({ length: to - from }, (_, i) => 1 / (noise[rater[from + i]!]! * weight));
  // Covariance of each rater's bias with the mean of the unit's biases.
  const joint = shares.map((_, i) =>
    shares.reduce((sum, s, k) => sum + s * cov(rater[from + i]!, rater[from + k]!), 0),
  );
  const fromBias = shares.reduce((sum, s, i) => sum + s * joint[i]!, 0);
  const fitted = joint.map((c, i) => 1 / weight + fromBias + cov(rater[from + i]!, rater[from + i]!) - 2 * c);
  return { fromErrors: 1 / weight, fromBias, fitted, shares };
}

/** Expected squared errors by rater given everything else: the residuals and what is uncertain of their fit. */
function expectedSquares(design: Design, state: State) {
  const { units, raters, starts, rater, value } = design;
  const { bias, mean, noise } = state;
  const squares = new Float64Array(raters);
  const fittedShare = new Float64Array(raters);
  let residual = 0;
  for (let u = 0; u < units; u++) {
    if (starts[u] === starts[u + 1]) continue;
    const { fitted } = unitVariances(design, state, u);
    for (let i = starts[u]!; i < starts[u + 1]!; i++) {
      const r = rater[i]!;
      const error = value[i]! - mean[u]! - bias[r]!;
      residual += (error * error) / noise[r]!;
      squares[r]! += error * error + fitted[i - starts[u]!]!;
      fittedShare[r]! += fitted[i - starts[u]!]! / noise[r]!;
    }
  }
  return { squares, fittedShare, residual };
}

const variances = (state: State) => [...state.noise, state.spread];

/** The pooled variance that all others are drawn to: maximum likelihood of its scale is their harmonic mean. */
function pooledVariance({ counts, present }: Design, { noise, spread }: State): number {
  let sum = 1 / spread;
  for (const [r, n] of counts.entries()) if (n > 0) sum += 1 / noise[r]!;
  return (present + 1) / sum;
}

function objectiveOf(design: Design, state: State, { residual, prior }: { residual: number; prior: number }): number {
  const { units, counts, present } = design;
  const { noise, spread, bias, logDeterminant } = state;
  const pooled = pooledVariance(design, state);
  let sum = residual + logDeterminant + (present - 1) * Math.log(spread);
  sum += prior * (Math.log(spread / pooled) + pooled / spread);
  for (let u = 0; u < units; u++)
    if (design.starts[u] !== design.starts[u + 1]) sum += Math.log(unitWeight(design, noise, u));
  for (const [r, n] of counts.entries()) {
    if (n === 0) {
      // A rater without ratings has a bias of prior alone, which the determinant counts.
      sum += Math.log(spread);
      continue;
    }
    sum += (n + prior) * Math.log(noise[r]!) + (bias[r]! * bias[r]!) / spread;
    sum += prior * (pooled / noise[r]! - Math.log(pooled));
  }
  return -sum / 2;
}

/** One step of expectation and maximisation; the largest change of a variance, as a share. */
function step(design: Design, state: State, prior: number): { objective: number; change: number } {
  const { counts, present, raters, floor } = design;
  solve(design, state);
  const { squares, residual } = expectedSquares(design, state);
  const objective = objectiveOf(design, state, { residual, prior });
  const before = variances(state);
  const pooled = pooledVariance(design, state);
  let spread = 0;
  for (let r = 0; r < raters; r++) {
    if (counts[r] === 0) continue;
    const own = state.covariance[state.covariance.length > raters ? r * raters + r : r]!;
    spread += state.bias[r]! ** 2 + own;
    state.noise[r] = Math.max(floor, (squares[r]! + prior * pooled) / (counts[r]! + prior));
  }
  state.spread = (spread + prior * pooled) / (present - 1 + prior);
  const change = variances(state).reduce((top, v, i) => Math.max(top, Math.abs(v / before[i]! - 1)), 0);
  return { objective, change };
}

function designOf(table: RatingTable): Design | { readonly undefined: string } {
  const { units, raters, starts, rater, value } = table;
  const counts = new Float64Array(raters);
  const n = starts[units]!;
  let shared = 0;
  for (let u = 0; u < units; u++) shared += Number(starts[u + 1]! - starts[u]! > 1);
  if (shared === 0) return { undefined: 'nothing is rated twice, so that errors cannot be told from the truth' };
  for (let i = 0; i < n; i++) {
    if (!Number.isFinite(value[i]!))
      throw new RangeError(`ratings: expected finite numbers, got ${value[i]}: leave missing values out`);
    counts[rater[i]!]! += 1;
  }
  const present = counts.reduce((sum, c) => sum + Number(c > 0), 0);
  if (present < 2) return { undefined: 'one rater rated everything; two are needed' };
  const points = Float64Array.from(new Set(Array.from({ length: n }, (_, i) => value[i]!))).sort();
  if (points.length < 2) return { undefined: 'every rating is the same number' };
  let gap = Infinity;
  for (let k = 1; k < points.length; k++) gap = Math.min(gap, points[k]! - points[k - 1]!);
  // Rounding to a step leaves errors of this variance even where all agree; numbers without steps get none.
  const range = points.at(-1)! - points[0]!;
  return { ...table, counts, present, floor: Math.max(gap ** 2 / 12, 1e-10 * range ** 2) };
}

const estimate = (value: number, variance: number, { n, degrees }: { n: number; degrees: number }): RatingEstimate => {
  const standardError = Math.sqrt(variance);
  const half = studentQuantile(0.975, Math.max(1, degrees)) * standardError;
  return { value, standardError, interval: { low: value - half, high: value + half, level: 0.95 }, n };
};

/**
 * The value of each unit by its raters: y = μ(unit) + b(rater) + e, with the errors' variance a rater's own, so that exact raters
 * count more (Raykar et al. 2010, §5; Zhao and Han 2012), and biases drawn around zero with Σ b = 0 over the raters. Variances
 * by restricted maximum likelihood (expectation–maximisation), each drawn to the pooled one by `prior`. Intervals take
 * Student's quantile at Satterthwaite's degrees of freedom. Units are not drawn to their mean.
 */
export function ratingTruth(
  table: RatingTable,
  { prior = 4, iterations = 300, tolerance = 1e-5 }: RatingTruthOptions = {},
): RatingTruth | { readonly undefined: string } {
  const design = designOf(table);
  if ('undefined' in design) return design;
  const { units, raters, starts, rater, counts, present } = design;
  const state = startOf(design);
  const objectives: number[] = [];
  let converged = false;
  for (let i = 0; i < iterations && !converged; i++) {
    const { objective, change } = step(design, state, prior);
    if (!Number.isNaN(objective)) objectives.push(objective);
    converged = change < tolerance;
  }
  solve(design, state);
  const { fittedShare } = expectedSquares(design, state);
  // The prior steadies a variance and is no data: with it, intervals of ten units would cover 91 %.
  const degrees = counts.map((n, r) => Math.max(1, n - fittedShare[r]!));
  const truth = Array.from({ length: units }, (_, u) => {
    const n = starts[u + 1]! - starts[u]!;
    if (n === 0) return null;
    const { fromErrors, fromBias, shares } = unitVariances(design, state, u);
    let spread = fromBias ** 2 / (present - 1);
    for (const [i, share] of shares.entries()) {
      const r = rater[starts[u]! + i]!;
      spread += (share * share * state.noise[r]!) ** 2 / degrees[r]!;
    }
    const variance = fromErrors + fromBias;
    return estimate(state.mean[u]!, variance, { n, degrees: variance ** 2 / spread });
  });
  const own = (r: number) => state.covariance[state.covariance.length > raters ? r * raters + r : r]!;
  return {
    truth,
    raters: Array.from(counts, (n, r) =>
      n === 0
        ? null
        : { bias: estimate(state.bias[r]!, own(r), { n, degrees: degrees[r]! }), noise: Math.sqrt(state.noise[r]!) },
    ),
    biasDeviation: Math.sqrt(state.spread),
    objectives,
    converged,
  };
}

/** Half of the variance within units to each part, to begin with. */
function startOf({ units, raters, starts, value, floor }: Design): State {
  let [squares, degrees] = [0, 0];
  for (let u = 0; u < units; u++) {
    const n = starts[u + 1]! - starts[u]!;
    if (n < 2) continue;
    let sum = 0;
    for (let i = starts[u]!; i < starts[u + 1]!; i++) sum += value[i]!;
    for (let i = starts[u]!; i < starts[u + 1]!; i++) squares += (value[i]! - sum / n) ** 2;
    degrees += n - 1;
  }
  const within = Math.max(2 * floor, squares / degrees);
  return {
    noise: new Float64Array(raters).fill(within / 2),
    spread: within / 2,
    bias: new Float64Array(raters),
    mean: new Float64Array(units),
    covariance: new Float64Array(0),
    logDeterminant: Number.NaN,
  };
}
