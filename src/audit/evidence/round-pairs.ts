import { z } from 'zod';
import { defineEvidence } from './kind.ts';

const row = z.strictObject({
  /** Counted from 1: the reward as it was fitted in this round. */
  round: z.int().positive(),
  /** The same pairs in every round. */
  pairId: z.string(),
  /** What the pair is about; pairs of one prompt depend on each other. */
  promptId: z.string().exactOptional(),
  /** 1 where the reward orders the pair as it truly is, 0 where the other way round, ½ where it does not decide. */
  credit: z.number().min(0).max(1),
});
export type RoundPair = z.infer<typeof row>;

/** Each round's reward on the same pairs of the base policy (J1). */
export const roundPairs = defineEvidence<RoundPair>({
  what: 'A pair of replies of the base policy on which no reward was fitted, and whether the reward of a round orders it as it truly is (by the known answer, or by people’s votes). The same pairs for every round.',
  file: 'evidence/round-pairs.jsonl',
  row,
  example: { round: 2, pairId: 'item-00017', promptId: 'bakery-open/none', credit: 1 },
  offline: true,
  async gather({ rounds = [], ground }) {
    const fixed = rounds[0]?.comparisons.filter(({ target }) => target !== 0.5) ?? [];
    if (rounds.length < 2 || fixed.length === 0) return undefined;
    return rounds.flatMap(({ round, comparisons }) => {
      const byPair = new Map(comparisons.map((one) => [one.pairId, one]));
      return fixed.flatMap(({ pairId, prompt, target }): RoundPair[] => {
        const difference = byPair.get(pairId)?.difference;
        if (difference === undefined) return [];
        const promptId = ground?.promptOf(prompt)?.id;
        const credit = difference === 0 ? 0.5 : Number(difference > 0 === target > 0.5);
        return [{ round, pairId, ...(promptId !== undefined && { promptId }), credit }];
      });
    });
  },
});
