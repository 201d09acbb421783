import { z } from 'zod';

/**
 * The records of human feedback. Judgments are never overwritten: an undo or a correction is a new record that
 * supersedes (`supersedes`). Indices in answers refer to the item's own reply order, never to display position.
 */

/** One reply that was shown, and where it came from. */
export const replySchema = z.strictObject({ id: z.string(), text: z.string() });
export type Reply = z.infer<typeof replySchema>;

/** How an item came to be asked about (disclosure D3). */
export const itemSourceSchema = z.strictObject({
  /** Policy snapshot that produced the replies, or the import they came from. */
  origin: z.string(),
  selection: z.string(),
  sampling: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
});

export const itemSchema = z.strictObject({
  id: z.string(),
  projectId: z.string(),
  prompt: z.string(),
  replies: z.array(replySchema).min(1),
  source: itemSourceSchema,
  /** Facts that may be put beside the replies, depending on the view. */
  facts: z.array(z.string()).optional(),
  /** Known answer, where there is one (gold items, published gold). Index of the better reply, or a tie. */
  gold: z.union([z.int().nonnegative(), z.literal('tie')]).optional(),
  /** Free strata for evaluation: topic, difficulty, split. */
  strata: z.record(z.string(), z.string()).optional(),
});
export type Item = z.infer<typeof itemSchema>;

/** What one rater saw: replies in `order` (order[0] is shown first), which view, which instructions. */
export const presentationSchema = z.strictObject({
  order: z.array(z.int().nonnegative()),
  view: z.string(),
  instructionsVersion: z.string(),
  /** ISO 8601. */
  shownAt: z.string(),
});
export type Presentation = z.infer<typeof presentationSchema>;

const index = z.int().nonnegative();
export const answerSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('comparison'),
    outcome: z.union([index, z.literal('tie'), z.literal('both-bad'), z.literal('cant-judge')]),
    /** 1 slightly, 2 clearly, 3 much better. */
    strength: z.int().min(1).max(3).optional(),
  }),
  /** Groups from best to worst; members of a group tie; replies left out are unranked. */
  z.strictObject({ kind: z.literal('ranking'), groups: z.array(z.array(index).min(1)).min(1) }),
  z.strictObject({
    kind: z.literal('rating'),
    scale: z.strictObject({ min: z.number(), max: z.number(), step: z.number().positive() }),
    /** Reply index → criterion → value. */
    values: z.array(z.strictObject({ reply: index, criterion: z.string(), value: z.number() })).min(1),
  }),
  z.strictObject({ kind: z.literal('label'), reply: index, labels: z.array(z.string()) }),
  z.strictObject({ kind: z.literal('correction'), reply: index, text: z.string() }),
  z.strictObject({
    kind: z.literal('spans'),
    reply: index,
    /** Character offsets, end exclusive. */
    spans: z.array(z.strictObject({ start: index, end: index, label: z.string(), note: z.string().optional() })),
  }),
  z.strictObject({
    kind: z.literal('steps'),
    reply: index,
    mode: z.enum(['per-step', 'first-error']),
    labels: z.array(z.union([z.literal(-1), z.literal(0), z.literal(1), z.null()])),
  }),
  z.strictObject({ kind: z.literal('critique'), reply: index, text: z.string().min(1) }),
  z.strictObject({ kind: z.literal('demonstration'), text: z.string().min(1) }),
]);
export type Answer = z.infer<typeof answerSchema>;
export type AnswerKind = Answer['kind'];
export type ComparisonAnswer = Extract<Answer, { kind: 'comparison' }>;

export const judgmentSchema = z.strictObject({
  id: z.string(),
  projectId: z.string(),
  itemId: z.string(),
  raterId: z.string(),
  presentation: presentationSchema,
  answer: answerSchema,
  /** Attention time in milliseconds; null where the source did not record it. */
  activeMs: z.number().nonnegative().nullable(),
  submittedAt: z.string(),
  /** Where the judgment came from: `studio`, `simulated`, `import:<format>`. */
  source: z.string(),
  /** Id of the judgment this one replaces. */
  supersedes: z.string().optional(),
  reason: z.string().optional(),
});
export type Judgment = z.infer<typeof judgmentSchema>;
