import { cholesky, choleskyInverse, choleskySolve, dot, maxNorm, sigmoid } from '../../stats/index.ts';
import type { WeightPosterior } from './rule.ts';

/** One judged comparison: features of the first less those of the second, and P(first is preferred), ½ for a tie. */
export interface FeatureComparison {
  readonly features: Float64Array;
  readonly target: number;
  /** 1 when absent. */
  readonly weight?: number;
}

/** Symmetric matrix (d × d, row after row) times vector, at the cost of the vector's entries that are not zero. */
export function times(matrix: Float64Array, vector: Float64Array): Float64Array {
  const d = vector.length;
  const product = new Float64Array(d);
  for (let j = 0; j < d; j++) {
    const v = vector[j]!;
    if (v !== 0) for (let i = 0; i < d; i++) product[i]! += v * matrix[j * d + i]!;
  }
  return product;
}

/** Penalised log-likelihood's gradient at `w`, and the Cholesky factor of its negative Hessian. */
function curvature(rows: readonly FeatureComparison[], w: Float64Array, ridge: number, centre: Float64Array) {
  const d = w.length;
  const gradient = Float64Array.from(w, (v, i) => -ridge * (v - centre[i]!));
  const information = new Float64Array(d * d);
  for (let i = 0; i < d; i++) information[i * d + i] = ridge;
  for (const { features: x, target, weight = 1 } of rows) {
    const p = sigmoid(dot(x, w));
    const [slope, bend] = [weight * (target - p), weight * p * (1 - p)];
    for (let i = 0; i < d; i++) {
      const xi = x[i]!;
      if (xi === 0) continue;
      gradient[i]! += slope * xi;
      for (let j = 0; j <= i; j++) information[i * d + j]! += bend * xi * x[j]!;
    }
  }
  const factor = cholesky(information, d);
  if (factor === null) throw new RangeError(`expected a ridge above 0, the precision of the prior, got ${ridge}`);
  return { gradient, factor };
}

/**
 * Most probable weights of a Bradley–Terry reward that is linear in features, under independent normal priors of precision
 * `ridge` around `centre` (zero by default), by Newton steps. For up to some hundred features.
 */
export function fitWeights(
  rows: readonly FeatureComparison[],
  size: number,
  { ridge, centre = new Float64Array(size) }: { readonly ridge: number; readonly centre?: Float64Array },
): Float64Array {
  let w = centre.slice();
  for (let iteration = 0; iteration < 50; iteration++) {
    const { gradient, factor } = curvature(rows, w, ridge, centre);
    const step = choleskySolve(factor, gradient);
    // The logistic's curvature fades far out: steps of more than 5 are cut, which keeps Newton from running away.
    const longest = maxNorm(step);
    const scale = Math.min(1, 5 / Math.max(longest, 1e-300));
    w = w.map((v, i) => v + scale * step[i]!);
    if (longest < 1e-9) break;
  }
  return w;
}

/**
 * Laplace approximation: the most probable weights and the inverse of the curvature there (MacKay 1992). With one-hot
 * features (`contestFeatures`) this is Bradley–Terry on contestants.
 */
export function fitPosterior(rows: readonly FeatureComparison[], size: number, ridge: number): WeightPosterior {
  const mean = fitWeights(rows, size, { ridge });
  const { factor } = curvature(rows, mean, ridge, new Float64Array(size));
  return { mean, covariance: choleskyInverse(factor, size) };
}

/** Features of a comparison between two contestants that share none: plus one for the first, minus one for the second. */
export function contestFeatures(first: number, second: number, contestants: number): Float64Array {
  const features = new Float64Array(contestants);
  features[first] = 1;
  features[second] = -1;
  return features;
}
