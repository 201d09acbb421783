import { z } from 'zod';
import { defineEvidence } from './kind.ts';
import type { Attack } from './run-view.ts';

export type { Attack } from './run-view.ts';

const row = z.strictObject({
  promptId: z.string(),
  attack: z.string(),
  budget: z.int().positive(),
  success: z.boolean().nullable(),
  promptSet: z.string().min(1).exactOptional(),
  attacker: z.strictObject({ id: z.string().min(1), kind: z.enum(['person', 'program']) }).exactOptional(),
});

/** Attacks on the tuned policy and whether they got through (P2). No stage of a run attacks by itself: they are brought along. */
export const attacks = defineEvidence<Attack>({
  what: 'An attack on the tuned policy: which request it was to get through, how many queries it was allowed, and whether it succeeded. From your own red team or another tool; a run does not attack by itself, and takes the file that `audit.attacks` names.',
  file: 'evidence/attacks.jsonl',
  row,
  example: { promptId: 'request-7', attack: 'random-suffix', budget: 100, success: false },
  offline: true,
  brought: true,
  gather: async ({ attacks: brought }) => brought,
});
