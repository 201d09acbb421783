import { z } from 'zod';

/** One reply that was shown, and where it came from. */
export const replySchema = z.strictObject({
  id: z.string(),
  text: z.string(),
  /** The model or system that wrote it, where replies of several are compared. */
  model: z.string().min(1).optional(),
});
export type Reply = z.infer<typeof replySchema>;

/** How an item came to be asked about (disclosure D3). */
export const itemSourceSchema = z.strictObject({
  /** Policy snapshot that produced the replies, or the import they came from. */
  origin: z.string(),
  /** Rule by which the item was chosen: `random`, `bald`, `all pairs of a topic`. */
  selection: z.string(),
  sampling: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
  /** The file or call that brought the item into its project, with others. */
  import: z.strictObject({ id: z.string().min(1), file: z.string(), at: z.string() }).optional(),
});

const aboutReply = { questionId: z.string().min(1).optional(), reply: z.int().nonnegative() };
/**
 * A known rating or known labels of a reply; of one question, or of every question of the kind where none is named. A rating
 * may lie between the steps of a scale: the mean of experts.
 */
export const goldAnswerSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('rating'), ...aboutReply, criterion: z.string().min(1), value: z.number() }),
  z.strictObject({ kind: z.literal('label'), ...aboutReply, labels: z.array(z.string().min(1)) }),
]);
export type GoldAnswer = z.infer<typeof goldAnswerSchema>;

export const itemSchema = z.strictObject({
  id: z.string().min(1),
  projectId: z.string().min(1),
  prompt: z.string(),
  /** What is judged; none where people are asked for a demonstration. */
  replies: z.array(replySchema),
  source: itemSourceSchema,
  /** What the item is for; `work` when absent. The others need `gold` or `goldAnswers`. */
  role: z.enum(['work', 'gold', 'training', 'qualification']).optional(),
  /** Facts that may be put beside the replies, depending on the view. */
  facts: z.array(z.string()).optional(),
  /** Known answer, where there is one (gold items, published gold). Index of the better reply, or a tie. */
  gold: z.union([z.int().nonnegative(), z.literal('tie')]).optional(),
  /** Known ratings and labels of replies. */
  goldAnswers: z.array(goldAnswerSchema).min(1).optional(),
  /** Free strata for evaluation and cohorts: topic, difficulty, split. */
  strata: z.record(z.string(), z.string()).optional(),
});
export type Item = z.infer<typeof itemSchema>;

/** An item as it would be brought in by any import: two of one content are the same item. */
export function withoutImport(item: Item): Item {
  const { import: _, ...source } = item.source;
  return { ...item, source };
}
