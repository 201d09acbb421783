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
  if (factor === null) throw new RangeError(`expected a ridge above 0, the precision of the prior, got ${ridge}`);
  return { gradient, factor };
}

/**
 * Most probable weights of a logistic regression on dense features by Newton steps: on feature differences, a Bradley–Terry
 * reward that is linear in them. For up to some hundred features.
 */
export function fitLogistic(rows: readonly LogisticRow[], size: number, prior: LogisticPrior): Float64Array {
  let w = prior.centre?.slice() ?? new Float64Array(size);
  for (let iteration = 0; iteration < 50; iteration++) {
    const { gradient, factor } = curvatureAt(rows, w, prior);
    const step = choleskySolve(factor, gradient);
    // The logistic's curvature fades far out: steps of more than 5 are cut, which keeps Newton from running away.
    const longest = maxNorm(step);
    const scale = Math.min(1, 5 / Math.max(longest, 1e-300));
    w = w.map((v, i) => v + scale * step[i]!);
    if (longest < 1e-9) break;
  }
  return w;
}

/** The most probable weights and the inverse of the curvature there, row-major: Laplace's approximation (MacKay 1992). */
export function logisticPosterior(rows: readonly LogisticRow[], size: number, prior: LogisticPrior) {
  const mean = fitLogistic(rows, size, prior);
  return { mean, covariance: choleskyInverse(curvatureAt(rows, mean, prior).factor, size) };
}
