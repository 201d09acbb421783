import { sigmoid, softplus } from '../../stats/index.ts';

/** Loss of one term and its derivative with respect to the score difference. */
export interface DifferenceLoss {
  readonly loss: number;
  readonly slope: number;
}

/**
 * Bradley–Terry negative log-likelihood of a comparison, −t·log σ(d) − (1 − t)·log σ(−d), for a score difference d and the
 * target probability t that the first is preferred (½ for a tie); `weight` scales it (Eq. 2 of Casper et al. 2023).
 */
export function comparisonLoss(difference: number, target: number, weight = 1): DifferenceLoss {
  return {
    loss: weight * (target * softplus(-difference) + (1 - target) * softplus(difference)),
    slope: weight * (sigmoid(difference) - target),
  };
}
