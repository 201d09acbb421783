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

/** Added to a standard deviation before dividing by it. */
const SD_FLOOR = 1e-4;

/** What a centred reward is divided by: the deviation of its group, that of the batch, or nothing. */
export const SCALES = ['group', 'batch', 'none'] as const;
export type Scale = (typeof SCALES)[number];

const isSame = (values: readonly number[]): boolean => values.length < 2 || values.every((v) => v === values[0]);

/**
 * Group-relative advantages (GRPO, Shao et al. 2024): r − mean of the group, over the sample deviation (n − 1) of the group or of
 * all rewards of the batch, or undivided (Liu et al. 2025, Dr. GRPO). A reward that is not finite, a group with fewer than two
 * scored samples, and one with equal rewards give exactly zero.
 */
export function groupRelative(rewards_P_G: readonly (readonly number[])[], scale: Scale): number[][] {
  const batch = scale === 'batch' ? standardDeviation(rewards_P_G.flat().filter(Number.isFinite)) : 0;
  return rewards_P_G.map((rewards_G) => {
    const scored = rewards_G.filter(Number.isFinite);
    if (isSame(scored)) return rewards_G.map(() => 0);
    const centre = mean(scored);
    const divisor = scale === 'none' ? 1 : (scale === 'group' ? standardDeviation(scored) : batch) + SD_FLOOR;
    return rewards_G.map((r) => (Number.isFinite(r) ? (r - centre) / divisor : 0));
  });
}
