import { z } from 'zod';
import { answerSchema } from './answer.ts';

/**
 * Why an item was shown. Only `work` counts towards overlap, agreement and reward data; the others measure the rater.
 * `gold` is silent, `training` explains itself afterwards; a `swapped-repeat` shows an earlier item in reverse order.
 */
export const purposeSchema = z.enum(['work', 'qualification', 'training', 'gold', 'repeat', 'swapped-repeat']);
export type Purpose = z.infer<typeof purposeSchema>;

/** What one rater saw: replies in `order` (order[0] is shown first), which view, which instructions, which suggestion. */
export const presentationSchema = z.strictObject({
  order: z.array(z.int().nonnegative()),
  view: z.string(),
  instructionsVersion: z.string(),
  /** ISO 8601. */
  shownAt: z.string(),
  /** `work` when absent. */
  purpose: purposeSchema.optional(),
  /** The rater's earlier judgment that a repeat is compared with. */
  repeats: z.string().optional(),
  /** A model's suggestion that the rater could see before answering (anchoring); absent when none was shown. */
  suggestion: z.strictObject({ by: z.string(), answer: answerSchema }).optional(),
});
export type Presentation = z.infer<typeof presentationSchema>;

/** One submitted answer. Never overwritten: a change is a new judgment that supersedes it. */
export const judgmentSchema = z.strictObject({
  id: z.string().min(1),
  projectId: z.string().min(1),
  itemId: z.string().min(1),
  raterId: z.string().min(1),
  presentation: presentationSchema,
  /** Question of the project's form that this answers; absent where there is one question. */
  questionId: z.string().optional(),
  answer: answerSchema,
  /** Attention time in milliseconds, stopped while the page is hidden; null where the source did not record it. */
  activeMs: z.number().nonnegative().nullable(),
  submittedAt: z.string(),
  /** Where the judgment came from: `studio`, `simulated`, `model`, `import:<layout>`. */
  source: z.string(),
  /** Id of the judgment this one replaces. */
  supersedes: z.string().optional(),
  /** Why, in the rater's words. */
  reason: z.string().optional(),
  /** How sure the rater is, 0 to 1, where asked. */
  confidence: z.number().min(0).max(1).optional(),
  /**
   * Brought along from elsewhere, beside what the project collects itself: it counts for agreement and rewards, and not
   * towards the judgments that the rules want of its item.
   */
  brought: z.literal(true).optional(),
  /** What else the source says of this one judgment, kept on request at its import. */
  metadata: z.record(z.string(), z.string()).optional(),
});
export type Judgment = z.infer<typeof judgmentSchema>;
/** Whether a judgment counts towards what the rules want of its item. */
export const isCollected = (judgment: Judgment): boolean => purposeOf(judgment) === 'work' && judgment.brought !== true;
export const purposeOf = (judgment: Judgment): Purpose => judgment.presentation.purpose ?? 'work';
