/** Loss of a comparison with its first two derivatives with respect to the difference. */
export interface ComparisonLoss {
  readonly loss: number;
  readonly slope: number;
  readonly curvature: number;
}

/**
 * Bradley–Terry negative log-likelihood of a comparison, −t·log σ(d) − (1 − t)·log σ(−d), for a difference d in log-odds and
 * the target probability t that the first is preferred (½ for a tie); `weight` scales it (Eq. 2 of Casper et al. 2023). Every
 * fit of preferences in the house is a sum of these, or of the choices among more than two that they are a case of.
 */
export function comparisonLoss(difference: number, target: number, weight = 1): ComparisonLoss {
  // softplus(−d) is softplus(d) − d, so that one exponential serves for all three.
  const small = Math.exp(-Math.abs(difference));
  const preferred = difference >= 0 ? 1 / (1 + small) : small / (1 + small);
  return {
    loss: weight * (Math.max(difference, 0) - target * difference + Math.log1p(small)),
    slope: weight * (preferred - target),
    curvature: (weight * small) / ((1 + small) * (1 + small)),
  };
}
