import { z } from 'zod';
import { defineEvidence } from './kind.ts';

const row = z.strictObject({
  /** Counted from 1: a round begins when the reward is refreshed, and ends when it is refreshed again. */
  round: z.int().positive(),
  step: z.int().nonnegative(),
  /** KL from the policy with which the optimisation of the round began, nats a reply. */
  kl: z.number(),
  /** True utility of each prompt, or an audit by a second judge: the same prompts in the same order throughout the round. */
  gold: z.array(z.number()),
  /** Disagreement of the reward’s members on a reply, where there are several. */
  spread: z.number().exactOptional(),
});
export type RoundPathPoint = z.infer<typeof row>;

/** Points between two refreshes of the reward, with the truth or an audit (J2). */
export const roundPaths = defineEvidence<RoundPathPoint>({
  what: 'A point of the policy’s path between two refreshes of the reward: how far it has drifted since the refresh, and what it is truly worth on each prompt. The first point of a round is the policy that it began with; a run that never refreshed has one round.',
  file: 'evidence/round-paths.jsonl',
  row,
  example: { round: 2, step: 40, kl: 1.6, gold: [0.4, 0.7], spread: 0.2 },
  offline: true,
  async gather({ rounds = [] }) {
    const rows = rounds.flatMap(({ round, path }) =>
      path.flatMap(({ step, kl, gold, spread }): RoundPathPoint[] =>
        gold === undefined ? [] : [{ round, step, kl, gold: [...gold], ...(spread !== undefined && { spread }) }],
      ),
    );
    return rows.length === 0 ? undefined : rows;
  },
});
