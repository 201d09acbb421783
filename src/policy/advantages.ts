import { mean, standardDeviation } from '../stats/index.ts';

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

/** Added to a group's standard deviation before dividing by it. */
const SD_FLOOR = 1e-4;

/**
 * GRPO (Shao et al. 2024): (r − mean) / sd within the group, sd that of a sample (n − 1). A reward that is not finite, a group
 * with fewer than two scored samples, and one with equal rewards give exactly zero.
 */
export function standardised(rewards: readonly number[]): number[] {
  const scored = rewards.filter(Number.isFinite);
  if (scored.length < 2 || scored.every((r) => r === scored[0])) return rewards.map(() => 0);
  const centre = mean(scored);
  const sd = standardDeviation(scored);
  return rewards.map((r) => (Number.isFinite(r) ? (r - centre) / (sd + SD_FLOOR) : 0));
}
