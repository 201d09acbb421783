/**
 * Single-sample estimators of KL(π‖π_ref) from a log-ratio lp − ref (Schulman 2020). k1 is unbiased and belongs in the
 * reward; as a loss its gradient is zero in expectation. k2 has the right gradient as a loss. k3 has the other direction's.
 */
export const k1 = (logRatio: number): number => logRatio;
export const k2 = (logRatio: number): number => logRatio ** 2 / 2;
export const k3 = (logRatio: number): number => Math.exp(-logRatio) - 1 + logRatio;
