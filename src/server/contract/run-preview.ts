import { z } from 'zod';

const leftOutSchema = z.object({ raters: z.number(), judgments: z.number() });
const countsByName = z.record(z.string(), z.number());
/** What a run would use of a project's judgments. */
export const runPreviewSchema = z.object({
  /** Why a run cannot begin, in one line; null where it can. */
  problem: z.string().nullable(),
  /** By kind of answer: judgments that may be used, and how many of them a reward is fitted to or examined on. */
  kinds: z.record(z.string(), z.object({ usable: z.number(), fitted: z.number(), heldOut: z.number() })),
  /** Usable judgments that tell a reward nothing, by reason. */
  unscored: countsByName,
  raters: z.object({
    usable: z.number(),
    consented: z.number(),
    withdrawn: leftOutSchema,
    withoutConsent: leftOutSchema,
    /** Erased by an owner; left out for none. */
    erased: leftOutSchema.exactOptional(),
  }),
  items: z.object({ total: z.number(), known: z.number(), origins: countsByName }),
  /** Different prompts: none on both sides. */
  prompts: z.object({ train: z.number(), heldOut: z.number() }),
  /** Whether a policy can be trained, and if not, why. */
  policy: z.object({ possible: z.boolean(), reason: z.string() }),
});

/** The recipe of runs on a project. */
export const PROJECT_RECIPE = 'your-judgments';

export type RunPreview = z.output<typeof runPreviewSchema>;
