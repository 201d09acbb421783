import type { PreferencePair } from '../feedback/index.ts';
import { mean, type Rng, standardDeviation } from '../stats/index.ts';
import type { RewardModel } from './reward-model.ts';

/** How members become one score: their mean, their minimum, or the mean less `k` standard deviations (Coste et al. 2023). */
export type Aggregation =
  | { readonly kind: 'mean' }
  | { readonly kind: 'min' }
  | { readonly kind: 'pessimistic'; readonly k: number };

/**
 * An ensemble of normalised members. The spread is their sample standard deviation. It shows variance between members,
 * not the errors they share (Eisenstein et al. 2023).
 */
export function createEnsemble(
  members: readonly RewardModel[],
  aggregation: Aggregation = { kind: 'mean' },
): RewardModel {
  return {
    id: `ensemble of ${members.length}`,
    family: 'ensemble',
    async score(prompt, replies) {
      const columns: (readonly { mean: number }[])[] = [];
      for (const member of members) columns.push(await member.score(prompt, replies));
      return replies.map((_, i) => {
        const values = columns.map((column) => column[i]!.mean);
        const spread = values.length > 1 ? standardDeviation(values) : 0;
        const middle = mean(values);
        if (aggregation.kind === 'min') return { mean: Math.min(...values), spread };
        return { mean: aggregation.kind === 'mean' ? middle : middle - aggregation.k * spread, spread };
      });
    },
    async dispose() {
      for (const member of members) await member.dispose();
    },
  };
}

/** Pairs for one member: items drawn with replacement, all judgments of an item together. */
export function resampleItems(pairs: readonly PreferencePair[], rng: Rng): PreferencePair[] {
  const byItem = new Map<string, PreferencePair[]>();
  for (const pair of pairs) byItem.set(pair.itemId, [...(byItem.get(pair.itemId) ?? []), pair]);
  const groups = [...byItem.values()];
  return groups.flatMap((_, i) =>
    groups[rng.integer(groups.length)]!.map((pair) => ({ ...pair, itemId: `${pair.itemId}#${i}` })),
  );
}
