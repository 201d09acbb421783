import { dot, type Rng, sigmoid } from '../../stats/index.ts';
import { greedily } from './greedy.ts';
import type { Selection, SelectionInput } from './rule.ts';
import { times } from './vectors.ts';

/**
 * Candidates under a normal posterior of covariance Σ: v = p(1 − p) at the mean of each, x'Σx, and what an answer to one
 * does to Σ and to the x'Σx of all (Sherman–Morrison): Σ loses k·uuᵀ with u = Σx and k = v / (1 + v·x'Σx). An answer's
 * effect on Σ does not depend on what is answered, so a batch can be chosen before any of it is.
 */
function design({ candidates, posterior }: SelectionInput) {
  if (posterior === undefined) throw new RangeError('selection: expected the posterior of the weights, got none');
  const { mean, covariance } = posterior;
  const vectors = candidates.map(({ features }) => features);
  const information = vectors.map((x) => {
    const p = sigmoid(dot(x, mean));
    return p * (1 - p);
  });
  const sigma = covariance.slice();
  const variances = Float64Array.from(vectors, (x) => dot(x, times(sigma, x)));
  const d = mean.length;
  const answer = (index: number) => {
    const u = times(sigma, vectors[index]!);
    const k = information[index]! / (1 + information[index]! * variances[index]!);
    for (let i = 0; i < d; i++) for (let j = 0; j < d; j++) sigma[i * d + j]! -= k * u[i]! * u[j]!;
    const along = vectors.map((x) => dot(x, u));
    for (const [i, a] of along.entries()) variances[i]! -= k * a * a;
    return { u, along, k };
  };
  return { vectors, information, covariance, variances, answer };
}

/** What an answer takes off the log-determinant of Σ, ln(1 + v·x'Σx), each candidate given those before it. */
export function selectInformation(input: SelectionInput, count: number, rng: Rng): Selection {
  const { information, variances, answer } = design(input);
  const scores = new Float64Array(information.length);
  const rescore = () => {
    for (let i = 0; i < scores.length; i++) scores[i] = Math.log1p(information[i]! * variances[i]!);
  };
  rescore();
  return greedily(scores, count, rng, (index) => {
    answer(index);
    rescore();
  });
}

/**
 * What an answer takes off the mean variance of the candidates' reward differences, v·x'Bx / (1 + v·x'Σx) with B = ΣMΣ and
 * M the mean of yyᵀ over candidates, each given those before it.
 */
export function selectVarianceReduction(input: SelectionInput, count: number, rng: Rng): Selection {
  const { vectors, information, covariance, variances, answer } = design(input);
  const d = Math.round(Math.sqrt(covariance.length));
  const b = new Float64Array(d * d);
  for (const y of vectors) {
    const u = times(covariance, y);
    for (let i = 0; i < d; i++) {
      if (u[i] !== 0) for (let j = 0; j < d; j++) b[i * d + j]! += (u[i]! * u[j]!) / vectors.length;
    }
  }
  const shared = Float64Array.from(vectors, (x) => dot(x, times(b, x)));
  const scores = new Float64Array(vectors.length);
  const rescore = () => {
    for (let i = 0; i < scores.length; i++) {
      scores[i] = (information[i]! * shared[i]!) / (1 + information[i]! * variances[i]!);
    }
  };
  rescore();
  return greedily(scores, count, rng, (index) => {
    // B' = (Σ − k·uuᵀ) M (Σ − k·uuᵀ) = B − k(uwᵀ + wuᵀ) + k²·t·uuᵀ with w = Bx and t = x'Bx.
    const w = times(b, vectors[index]!);
    const t = dot(vectors[index]!, w);
    const { u, along, k } = answer(index);
    for (let i = 0; i < d; i++) {
      for (let j = 0; j < d; j++) b[i * d + j]! += k * (k * t * u[i]! * u[j]! - u[i]! * w[j]! - w[i]! * u[j]!);
    }
    for (const [i, y] of vectors.entries()) shared[i]! += k * along[i]! * (k * t * along[i]! - 2 * dot(y, w));
    rescore();
  });
}
