import { z } from 'zod';
import { mean, standardDeviation } from '../stats/index.ts';
import type { RewardModel, Score } from './reward-model.ts';

/** How members become one score: their mean, their minimum, or the mean less `k` standard deviations (Coste et al. 2023). */
export const riskSchema = z.union(
  [z.enum(['mean', 'min']), z.strictObject({ rule: z.literal('pessimistic'), k: z.number().nonnegative().default(1) })],
  { error: 'expected mean, min, or { rule: pessimistic, k: 1 }' },
);
export type Risk = z.infer<typeof riskSchema>;

/** One score out of the members' scores of a reply, and their spread. */
export function combinedScore(values: readonly number[], spread: number, risk: Risk): number {
  if (risk === 'min') return Math.min(...values);
  return risk === 'mean' ? mean(values) : mean(values) - risk.k * spread;
}

/**
 * An ensemble of normalised members. The spread is their sample standard deviation, and with it what each knows of its own
 * (the variances add). It shows variance between members, not the errors they share (Eisenstein et al. 2023).
 */
export function createEnsemble(members: readonly RewardModel[], risk: Risk = 'mean'): RewardModel {
  return {
    id: `ensemble of ${members.length}`,
    family: 'ensemble',
    logOdds: mean(members.map((member) => member.logOdds)),
    async score(prompt, replies) {
      const columns: (readonly Score[])[] = [];
      for (const member of members) columns.push(await member.score(prompt, replies));
      return replies.map((_, i) => {
        const values = columns.map((column) => column[i]!.mean);
        const between = values.length > 1 ? standardDeviation(values) : 0;
        const own = columns.map((column) => column[i]!.spread ?? 0);
        const spread = own.some((value) => value > 0)
          ? Math.hypot(between, Math.sqrt(mean(own.map((v) => v * v))))
          : between;
        return { mean: combinedScore(values, spread, risk), spread };
      });
    },
    async dispose() {
      for (const member of members) await member.dispose();
    },
  };
}
