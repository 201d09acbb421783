import { z } from 'zod';

/** Low-rank adapters instead of all weights, as a configuration asks for them (`LoraSpec` is what an engine gets). */
export const loraSchema = z.strictObject({
  rank: z.int().positive().default(16),
  /** Adapters are scaled by alpha / rank. */
  alpha: z.number().positive().default(32),
  /** Linear layers by the names of either house (`attention.q`, `q_proj`); all of them when left out. */
  targets: z.array(z.string()).min(1).optional(),
});
export type LoraConfig = z.infer<typeof loraSchema>;
