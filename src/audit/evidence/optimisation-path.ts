import { z } from 'zod';
import { defineEvidence } from './kind.ts';

const row = z.strictObject({
  /** `rloo`, `best-of-n`, `exact-tilt`. KL is comparable within one method only. */
  method: z.string(),
  step: z.int().nonnegative(),
  /** Split of the prompts, where the run has several: `evaluation`, `deploy`. */
  split: z.string().exactOptional(),
  /** KL(π‖π_base) in nats per reply. */
  kl: z.number(),
  /** Mean reward score of each prompt. */
  proxy: z.array(z.number()),
  /** True utility of each prompt, where it is known: the same prompts in the same order. */
  gold: z.array(z.number()).exactOptional(),
});
export type OptimisationPoint = z.infer<typeof row>;

/** Points of optimisation paths: what the proxy says and, where it is known, the truth (R4). */
export const optimisationPath = defineEvidence<OptimisationPoint>({
  what: 'One point of an optimisation path: mean proxy score of each prompt, and true utility (or a second judge) of the same prompts in the same order. The first point of a method is the base policy.',
  file: 'evidence/optimisation-path.jsonl',
  row,
  example: { method: 'rloo', step: 20, split: 'evaluation', kl: 1.6, proxy: [0.8, 1.3], gold: [0.4, 0.7] },
  offline: true,
  async gather({ paths }) {
    const rows = paths.flatMap(({ method, split, points }) =>
      points.map(
        ({ step, kl, proxy, gold }): OptimisationPoint => ({
          method,
          step,
          ...(split !== undefined && { split }),
          kl,
          proxy: [...proxy],
          ...(gold !== undefined && { gold: [...gold] }),
        }),
      ),
    );
    return rows.length === 0 ? undefined : rows;
  },
});
