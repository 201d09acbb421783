import { sigmoid, softplus } from '../../stats/index.ts';

/**
 * −log P(lower < ε ≤ upper) for a logistic ε, with its derivatives by both bounds; an open end is ±∞. By
 * σ(u) − σ(l) = σ(u)·σ(−l)·(1 − e^{l−u}), so that nothing cancels.
 */
export function classLoss(lower: number, upper: number): { loss: number; dLower: number; dUpper: number } {
  const inner = Number.isFinite(lower) && Number.isFinite(upper);
  const gap = upper - lower;
  const between = inner ? 1 / Math.expm1(gap) : 0;
  return {
    loss: softplus(-upper) + softplus(lower) - (inner ? Math.log(-Math.expm1(-gap)) : 0),
    dUpper: upper === Infinity ? 0 : sigmoid(upper) - 1 - between,
    dLower: lower === -Infinity ? 0 : sigmoid(lower) + between,
  };
}
