import { z } from 'zod';
import { defineEvidence } from './kind.ts';

const row = z.strictObject({
  /** Name of the reward model. */
  model: z.string().min(1),
  /** What the metrics say of it before anything is optimised: `accuracy`, `ece`, `accuracyOut`. */
  metrics: z.record(z.string(), z.number()),
  /** True utility of the policy that was optimised against it, all at the same KL. */
  gold: z.number(),
  /** Standard error of `gold`; left out where it is exact. */
  goldError: z.number().nonnegative().exactOptional(),
});
export type RewardMetrics = z.infer<typeof row>;

/** Reward models with what is measured of them before, and what came of optimising them (R5). */
export const rewardMetrics = defineEvidence<RewardMetrics>({
  what: 'A reward model: what metrics say of it, and the true utility of the policy that was optimised against it, at the same distance from the base policy for all. A run has one reward model; rows come from several runs.',
  file: 'evidence/reward-metrics.jsonl',
  row,
  example: { model: 'seed-3', metrics: { accuracy: 0.74, ece: 0.05 }, gold: 0.61, goldError: 0.08 },
  offline: true,
  gather: async () => undefined,
});
