import { sigmoid, softplus } from './functions.ts';

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
  const preferred = sigmoid(difference);
  return {
    loss: weight * (target * softplus(-difference) + (1 - target) * softplus(difference)),
    slope: weight * (preferred - target),
    curvature: weight * preferred * (1 - preferred),
  };
}
