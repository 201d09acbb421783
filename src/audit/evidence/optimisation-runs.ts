import { z } from 'zod';
import { defineEvidence } from './kind.ts';

const row = z
  .strictObject({
    /** Runs of one recipe differ in their seed only. */
    method: z.string(),
    seed: z.int(),
    /** KL(π‖π_base) that the run ended at, in nats per reply, mean over the prompts. */
    kl: z.number(),
    /** The objective before and after, of each prompt: mean score by the reward that was optimised. */
    start: z.array(z.number()).min(1),
    achieved: z.array(z.number()).min(1),
    /** The best that any policy reaches at that KL, of the same prompts in the same order; left out where nobody knows it. */
    optimum: z.array(z.number()).exactOptional(),
  })
  .refine(
    ({ start, achieved, optimum }) =>
      achieved.length === start.length && (optimum === undefined || optimum.length === start.length),
    { error: 'expected start, achieved and optimum of the same prompts: lists of one length' },
  );
export type OptimisationRun = z.infer<typeof row>;

/** How far optimisation came, run by run, beside the exact optimum at the same KL (P1). */
export const optimisationRuns = defineEvidence<OptimisationRun>({
  what: 'One optimisation: the objective on some prompts before and after it, and the exact optimum at the same KL where it can be computed. Several runs that differ in the seed tell how much of it is luck.',
  file: 'evidence/optimisation-runs.jsonl',
  row,
  example: { method: 'rloo', seed: 1, kl: 1.9, start: [-0.1, 0.2], achieved: [1.4, 1.9], optimum: [1.7, 2] },
  offline: true,
  async gather({ optima = [] }) {
    const rows = optima.map(
      ({ method, seed, kl, start, achieved, optimum }): OptimisationRun => ({
        method,
        seed,
        kl,
        start: [...start],
        achieved: [...achieved],
        optimum: [...optimum],
      }),
    );
    return rows.length === 0 ? undefined : rows;
  },
});
