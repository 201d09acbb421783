import { comparisonLoss } from './comparison-loss.ts';
import { cholesky, choleskyInverse, choleskySolve, dot, maxNorm } from './linear-algebra.ts';

/** One outcome: features x, the probability (soft target) that it went the first way, and how much it counts, 1 by default. */
export interface LogisticRow {
  readonly features: Float64Array;
  readonly target: number;
  readonly weight?: number;
}

/** Independent normal priors of precision `ridge` > 0 on each weight around `centre`, zero by default. */
export interface LogisticPrior {
  readonly ridge: number;
  readonly centre?: Float64Array;
}

/** Throws a RangeError that names what a fit cannot be had from. */
function checkRows(rows: readonly LogisticRow[], size: number, { ridge, centre }: LogisticPrior): void {
  if (!(ridge > 0 && ridge < Infinity))
    throw new RangeError(`expected a ridge above 0, the precision of the prior, got ${ridge}`);
  if (centre !== undefined && !(centre.length === size && centre.every(Number.isFinite)))
    throw new RangeError(`expected a prior centre of ${size} finite numbers`);
  for (const [row, { features, target, weight = 1 }] of rows.entries()) {
    const fits = features.length === size && features.every(Number.isFinite);
    if (!(fits && target >= 0 && target <= 1 && weight >= 0 && weight < Infinity)) {
      throw new RangeError(
        `row ${row}: expected ${size} finite features, a target of 0 to 1 and a finite weight of 0 or more`,
      );
    }
  }
}

/** The penalised log-likelihood. */
function objectiveAt(rows: readonly LogisticRow[], w: Float64Array, { ridge, centre }: LogisticPrior): number {
  let value = 0;
  for (let i = 0; i < w.length; i++) value -= (ridge / 2) * (w[i]! - (centre?.[i] ?? 0)) ** 2;
  for (const { features, target, weight } of rows) value -= comparisonLoss(dot(features, w), target, weight).loss;
  return value;
}

/** Gradient of the penalised log-likelihood and the negative Hessian (lower triangle, row-major) at `w`. */
function curvatureAt(rows: readonly LogisticRow[], w: Float64Array, { ridge, centre }: LogisticPrior) {
  const d = w.length;
  const gradient = Float64Array.from(w, (v, i) => -ridge * (v - (centre?.[i] ?? 0)));
  const information = new Float64Array(d * d);
  for (let i = 0; i < d; i++) information[i * d + i] = ridge;
  for (const { features: x, target, weight } of rows) {
    const { slope, curvature } = comparisonLoss(dot(x, w), target, weight);
    for (let i = 0; i < d; i++) {
      const xi = x[i]!;
      if (xi === 0) continue;
      gradient[i]! -= slope * xi;
      for (let j = 0; j <= i; j++) information[i * d + j]! += curvature * xi * x[j]!;
    }
  }
  const factor = cholesky(information, d);
  if (factor === null) {
    throw new RangeError(
      `the features are too large or too nearly dependent for a ridge of ${ridge}: standardise them, or give a larger ridge`,
    );
  }
  return { gradient, factor };
}

/**
 * Most probable weights of a logistic regression on dense features by Newton steps: on feature differences, a Bradley–Terry
 * reward that is linear in them. For up to some hundred features. A step that leads down, or out of the finite numbers, is
 * halved. Rows or a prior that no fit can be had from throw a RangeError.
 */
export function fitLogistic(rows: readonly LogisticRow[], size: number, prior: LogisticPrior): Float64Array {
  checkRows(rows, size, prior);
  let w = prior.centre?.slice() ?? new Float64Array(size);
  let value = objectiveAt(rows, w, prior);
  for (let iteration = 0; iteration < 50; iteration++) {
    const { gradient, factor } = curvatureAt(rows, w, prior);
    const step = choleskySolve(factor, gradient);
    // The logistic's curvature fades far out: steps of more than 5 are cut, which keeps Newton from running away.
    const longest = maxNorm(step);
    let scale = Math.min(1, 5 / Math.max(longest, 1e-300));
    const enough = value - 1e-11 * (1 + Math.abs(value));
    let next = w;
    let nextValue = value;
    do {
      next = w.map((v, i) => v + scale * step[i]!);
      nextValue = objectiveAt(rows, next, prior);
      scale /= 2;
    } while (!(Number.isFinite(nextValue) && nextValue >= enough) && scale > 1e-12);
    if (!(nextValue >= enough)) break;
    w = next;
    value = nextValue;
    if (longest < 1e-9) break;
  }
  return w;
}

/** The most probable weights and the inverse of the curvature there, row-major: Laplace's approximation (MacKay 1992). */
export function logisticPosterior(rows: readonly LogisticRow[], size: number, prior: LogisticPrior) {
  const mean = fitLogistic(rows, size, prior);
  return { mean, covariance: choleskyInverse(curvatureAt(rows, mean, prior).factor, size) };
}
