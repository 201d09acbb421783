import { z } from 'zod';
import type { EvidenceByKind, EvidenceKind } from './evidence.ts';

const count = z.int().nonnegative();
const text = z.string();
const reply = z.strictObject({ text, logprob: z.number() });

/** Evidence files as they must be, whoever wrote them. Judgments are validated by their own schema. */
export const EVIDENCE_SCHEMAS: { readonly [K in Exclude<EvidenceKind, 'judgments'>]: z.ZodType<EvidenceByKind[K]> } = {
  'belief-replies': z.array(
    z.strictObject({
      snapshot: z.enum(['base', 'policy']),
      promptId: text,
      userWrong: z.boolean(),
      agrees: z.boolean(),
      correct: z.boolean(),
    }),
  ),
  'counterfactual-edits': z.array(
    z.strictObject({ promptId: text, feature: text, before: z.number(), after: z.number() }),
  ),
  'scored-replies': z.array(
    z.strictObject({
      promptId: text,
      score: z.number(),
      gold: z.number().exactOptional(),
      features: z.record(text, z.number()),
    }),
  ),
  'optimisation-path': z.array(
    z.strictObject({
      method: text,
      step: count,
      kl: z.number(),
      proxy: z.array(z.number()),
      gold: z.array(z.number()).exactOptional(),
    }),
  ),
  'reply-samples': z.array(z.strictObject({ promptId: text, base: z.array(reply), policy: z.array(reply) })),
};
