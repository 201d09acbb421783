/** Leave-one-out advantages of one prompt's samples, and how many could not be scored. */
export interface GroupAdvantages {
  /** Zero for an unscorable sample, which also counts in nobody's baseline. */
  readonly advantages: readonly number[];
  readonly unscored: number;
}

/**
 * RLOO (Ahmadian et al. 2024): reward minus the mean of the other samples, which is n/(n − 1)·(r − mean). Rewards that are
 * not finite are unscorable. A group with fewer than two scored samples, or with equal rewards, gives exactly zero.
 */
export function leaveOneOut(rewards: readonly number[]): GroupAdvantages {
  const scored = rewards.filter(Number.isFinite);
  const n = scored.length;
  const sum = scored.reduce((a, b) => a + b, 0);
  const equal = scored.every((r) => r === scored[0]);
  const advantages = rewards.map((r) => (!Number.isFinite(r) || n < 2 || equal ? 0 : r - (sum - r) / (n - 1)));
  return { advantages, unscored: rewards.length - n };
}
