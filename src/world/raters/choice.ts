import type { Uniform } from '../../stats/index.ts';

/** How simulated raters choose: Boltzmann choice and what follows from it, over utilities listed in the order shown. */

/** P(each) ∝ e^{β·utility} (Luce 1959); with infinite β the best ones share. */
export function choiceProbabilities(utilities: readonly number[], rationality: number): number[] {
  const top = Math.max(...utilities);
  const weights = utilities.map((u) =>
    rationality === Number.POSITIVE_INFINITY ? Number(u === top) : Math.exp(rationality * (u - top)),
  );
  const total = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / total);
}

/** The place that a uniform draw falls on. */
export function placeOf(probabilities: readonly number[], draw: number): number {
  let left = draw;
  for (const [place, p] of probabilities.entries()) {
    left -= p;
    if (left < 0) return place;
  }
  return probabilities.length - 1;
}

/** Difference of the best two; Infinity for fewer. */
export function lead(utilities: readonly number[]): number {
  if (utilities.length < 2) return Number.POSITIVE_INFINITY;
  let [first, second] = [-Infinity, -Infinity];
  for (const utility of utilities) {
    if (utility > first) [first, second] = [utility, first];
    else if (utility > second) second = utility;
  }
  return first - second;
}

/** Places from best to worst by Plackett–Luce: utilities with Gumbel noise of scale 1/β, sorted (Yellott 1977). */
export function rankedPlaces(utilities: readonly number[], rationality: number, uniform: Uniform): number[] {
  const noisy = utilities.map((u) => {
    const gumbel = -Math.log(-Math.log(openUniform(uniform)));
    return rationality === Number.POSITIVE_INFINITY ? u : rationality * u + gumbel;
  });
  return utilities.map((_, place) => place).sort((a, b) => noisy[b]! - noisy[a]!);
}

/** A draw from the logistic distribution of scale 1/β: the noise of a judgment that stands alone. */
export function logisticNoise(rationality: number, uniform: Uniform): number {
  const u = openUniform(uniform);
  return rationality === Number.POSITIVE_INFINITY ? 0 : Math.log(u / (1 - u)) / rationality;
}

const openUniform = (uniform: Uniform) => Math.min(1 - 1e-12, Math.max(1e-12, uniform()));
