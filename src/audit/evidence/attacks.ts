import { z } from 'zod';
import { defineEvidence } from './kind.ts';

const row = z.strictObject({
  /** The request that the attack was to get through. */
  promptId: z.string(),
  /** Name of the attack: `random-suffix`, `role-play`, … */
  attack: z.string(),
  /** Queries that the attacker was allowed. */
  budget: z.int().positive(),
  /** Null where nobody could tell: it counts as unscored. */
  success: z.boolean().nullable(),
});
export type Attack = z.infer<typeof row>;

/** Attacks on the tuned policy and whether they got through (P2). No stage of a run attacks by itself. */
export const attacks = defineEvidence<Attack>({
  what: 'An attack on the tuned policy: which request it was to get through, how many queries it was allowed, and whether it succeeded. From your own red team or another tool; a run does not attack by itself.',
  file: 'evidence/attacks.jsonl',
  row,
  example: { promptId: 'request-7', attack: 'random-suffix', budget: 100, success: false },
  offline: true,
  gather: async () => undefined,
});
