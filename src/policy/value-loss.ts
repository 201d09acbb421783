import type { CustomLoss } from '../engine/index.ts';

export interface ValueLossOptions {
  /** Return at every position, one row per sequence. */
  readonly returns: readonly ArrayLike<number>[];
  /** Values when the samples were drawn; needed for clipping. */
  readonly oldValues?: readonly ArrayLike<number>[];
  /** Largest move away from the old value that still earns: 0.2 in most of the literature. Absent: no clipping. */
  readonly clip?: number;
  /** Weight of each position; 0 masks (prompt tokens). By default 1. The loss sums. */
  readonly weights?: readonly ArrayLike<number>[];
}

/**
 * Squared error of a critic for `forwardBackwardValues`: Σ w · ½ · max((v − R)², (clip(v, v_old ± ε) − R)²) (PPO2; Huang et
 * al. 2022, detail 9). Where the clipped branch is the larger one its gradient is zero.
 */
export function valueLoss(options: ValueLossOptions): (values: readonly ArrayLike<number>[]) => CustomLoss {
  const { returns, oldValues, clip, weights } = options;
  return (values) => {
    let loss = 0;
    const gradients = values.map((row, i) =>
      Float32Array.from(row, (value, t) => {
        const weight = weights?.[i]?.[t] ?? 1;
        const error = value - returns[i]![t]!;
        const old = oldValues?.[i]?.[t];
        const moved =
          clip === undefined || old === undefined ? value : Math.min(Math.max(value, old - clip), old + clip);
        const clippedError = moved - returns[i]![t]!;
        const isClipped = clippedError ** 2 > error ** 2;
        loss += (weight * Math.max(error ** 2, clippedError ** 2)) / 2;
        return isClipped ? 0 : weight * error;
      }),
    );
    return { loss, gradients };
  };
}
