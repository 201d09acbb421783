import { z } from 'zod';
import { defineEvidence } from './kind.ts';

const row = z.strictObject({
  promptId: z.string(),
  /** The base model that the reward was fitted from. */
  base: z.string(),
  /** Which of several fits from this base: a seed, or the draw of the pairs. */
  fit: z.int(),
  /** Scores of some replies to the prompt: of every reward the same replies in the same order. */
  scores: z.array(z.number()).min(2),
});
export type BaseReward = z.infer<typeof row>;

/** Rewards fitted on the same data from several bases, on the same replies (P5). */
export const baseRewards = defineEvidence<BaseReward>({
  what: 'Scores that one reward gives to some replies to a prompt. Fit rewards on the same judgments from two bases, twice or more from each, and score the same replies with all of them. A run has one base: bring the rows of two runs.',
  file: 'evidence/base-rewards.jsonl',
  row,
  example: { promptId: 'bakery-open/none', base: 'small-a', fit: 1, scores: [0.9, -0.2, 0.1] },
  offline: true,
  gather: async () => undefined,
});
