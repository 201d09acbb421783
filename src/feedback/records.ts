import { z } from 'zod';
import { answerSchema } from './answer.ts';
import { judgmentSchema, presentationSchema } from './judgment.ts';

/**
 * The append-only history of a project's feedback. Nothing is overwritten or deleted: drafts, undo, adjudication and
 * withdrawal are records of their own, and the state is a fold over them (`foldRecords`). The one exception is erasure:
 * what a record said goes for good, and `erased` stands in its place.
 */
const base = {
  id: z.string().min(1),
  projectId: z.string().min(1),
  raterId: z.string().min(1),
  /** ISO 8601. */
  at: z.string(),
};
const onItem = { ...base, itemId: z.string().min(1) };

/** Reasons a rater can give for not answering; free text goes beside them. */
export const SKIP_REASONS = ['unclear', 'no-expertise', 'broken', 'upsetting', 'other'] as const;
/** What a rater's concern can be about; the words go beside it. */
export const CONCERNS = ['pay', 'hours', 'content', 'instructions', 'treatment', 'privacy', 'other'] as const;
/** Why an adjudicator decided as they did. */
export const ADJUDICATION_REASONS = [
  'guideline',
  'fact',
  'majority',
  'rater-error',
  'ambiguous-item',
  'other',
] as const;

/** Kinds of records whose content can be erased. */
export const ERASABLE = ['judgment', 'draft', 'skip', 'flag', 'undo', 'adjudication', 'withdrawal', 'concern'] as const;

export const feedbackRecordSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('judgment'), judgment: judgmentSchema }),
  /** Unfinished work of a rater on an item; a later draft, submission or skip of theirs on the item replaces it. */
  z.strictObject({ type: z.literal('draft'), ...onItem, content: z.json() }),
  z.strictObject({
    type: z.literal('skip'),
    ...onItem,
    presentation: presentationSchema.optional(),
    reason: z.enum(SKIP_REASONS),
    note: z.string().optional(),
  }),
  z.strictObject({ type: z.literal('flag'), ...onItem, reason: z.string().min(1) }),
  /** Takes back a record; undoing an undo brings it back. */
  z.strictObject({ type: z.literal('undo'), ...base, undoes: z.string().min(1), reason: z.string().optional() }),
  /** A decision on an item over the judgments it considered, by the person `raterId`. */
  z.strictObject({
    type: z.literal('adjudication'),
    ...onItem,
    questionId: z.string().optional(),
    answer: answerSchema,
    reason: z.enum(ADJUDICATION_REASONS),
    note: z.string().optional(),
    considered: z.array(z.string()),
  }),
  /**
   * A lead puts an item away: it is asked of nobody, and what was given on it stays in the history and leaves every state.
   * Undoing this brings all of it back. Items that were put away together name one `batch`.
   */
  z.strictObject({
    type: z.literal('archive'),
    ...onItem,
    batch: z.string().min(1).optional(),
    reason: z.string().optional(),
  }),
  /** A rater withdraws what they gave so far: it stays in the history and leaves every later state. */
  z.strictObject({ type: z.literal('withdrawal'), ...base, reason: z.string().optional() }),
  /**
   * A rater complains, or raises a concern, about the work and how they are treated. It is no feedback: no withdrawal takes it
   * out, and only who filed it takes it back.
   */
  z.strictObject({ type: z.literal('concern'), ...base, about: z.enum(CONCERNS), text: z.string().min(1) }),
  /**
   * What is left in the place of a record that was erased at `at`: whose it was, on which item, of which kind, and a
   * salted commitment to its content, by which the hashes of the history still follow from each other.
   */
  z.strictObject({
    type: z.literal('erased'),
    ...base,
    itemId: z.string().min(1).optional(),
    was: z.enum(ERASABLE),
    /** SHA-256 over a salt that is gone, and the content. */
    commitment: z.string().regex(/^[0-9a-f]{64}$/),
  }),
  /** Says that an owner erased records of `raterId`, which, and whether on one item or all. */
  z.strictObject({
    type: z.literal('erasure'),
    ...base,
    /** The one item that it was about; everything of the rater without. */
    onItem: z.string().min(1).optional(),
    /** Who did it, where known. */
    by: z.string().min(1).optional(),
    /** Places of the erased records in the history, from 1. */
    records: z.array(z.int().positive()),
    /** How many of them were judgments. */
    judgments: z.int().nonnegative(),
  }),
]);
export type FeedbackRecord = z.infer<typeof feedbackRecordSchema>;
export type RecordType = FeedbackRecord['type'];
export type RecordOf<T extends RecordType> = Extract<FeedbackRecord, { type: T }>;

/** Id, rater, item and time of any record. */
export function recordKey(record: FeedbackRecord): { id: string; raterId: string; itemId: string | null; at: string } {
  if (record.type === 'judgment') {
    const { id, raterId, itemId, submittedAt } = record.judgment;
    return { id, raterId, itemId, at: submittedAt };
  }
  const itemId = 'itemId' in record ? (record.itemId ?? null) : null;
  return { id: record.id, raterId: record.raterId, itemId, at: record.at };
}
