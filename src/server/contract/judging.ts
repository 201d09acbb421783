import { z } from 'zod';
import { answerSchema, CONCERNS, questionSchema, SKIP_REASONS } from '../../feedback/index.ts';
import { DRAFT_LIMITS } from '../../store/index.ts';
import { JUDGES } from '../access/roles.ts';
import type { RouteContract, RouteKey } from './route.ts';

/**
 * What a rater's browser sees: replies by the place they are shown in, never their ids, origin or known answer, never
 * what others said. Indices in answers are places (0 is shown first); the server knows what stood there.
 */
const idempotencyKey = z.string().min(8).max(100);
const taskId = z.string().min(1);
/** Unfinished work, as the page left it. */
const draft = z
  .json()
  .refine(
    (content) => JSON.stringify(content).length <= DRAFT_LIMITS.characters,
    `expected at most ${DRAFT_LIMITS.characters.toLocaleString('en')} characters`,
  );
const activeMs = z
  .number()
  .nonnegative()
  .max(24 * 3600 * 1000);

export const ownProgressSchema = z.object({
  /** Tasks judged by this rater, without training and qualification; known answers and repeats are not told apart. */
  done: z.number(),
  /** What the rater may still do at most, rounded up to tens. */
  left: z.number().nullable(),
  qualification: z.object({ asked: z.number(), of: z.number(), passed: z.boolean().nullable() }).nullable(),
});

export const taskSchema = z.object({
  /** Sealed by the server: says nothing about the item, its origin or its purpose. */
  taskId,
  prompt: z.string(),
  /** Texts in the order to show. */
  replies: z.array(z.string()),
  /** Facts beside the replies, where the project's view shows them. */
  facts: z.array(z.string()).nullable(),
  expiresAt: z.string(),
  instructionsVersion: z.string(),
  /** Said openly for training and qualification items only. */
  purpose: z.enum(['work', 'training', 'qualification']),
  /** What the rater had typed before a reload. */
  draft: z.json().nullable(),
});
export type Task = z.infer<typeof taskSchema>;

/** What a withdrawal does: exactly what goes and what stays. */
export const withdrawalSchema = z.object({
  /** Stop counting at once: they stay in the history, marked as withdrawn, and in runs and files that were made before. */
  withdrawn: z.number(),
  skips: z.number(),
  flags: z.number(),
  /** Unfinished answers: what they said is erased for good. */
  draftsErased: z.number(),
  /** Records that stay in the history, marked; only an owner can erase them. */
  recordsKept: z.number(),
});
export type Withdrawal = z.infer<typeof withdrawalSchema>;

const givenSchema = z.strictObject({ questionId: z.string(), answer: answerSchema });
export const receiptSchema = z.object({
  /** Id of what was stored: name it to undo. */
  id: z.string(),
  /** False when this key had been stored before: nothing was added. */
  stored: z.boolean(),
  progress: ownProgressSchema,
  /** Training and qualification items only: whether the answer was right, and why. */
  explanation: z.object({ right: z.boolean(), text: z.string() }).nullable(),
});

export const JUDGING_ROUTES = {
  'GET /api/judge': {
    allow: JUDGES,
    summary: 'Projects that the caller may judge in',
    response: z.object({
      projects: z.array(
        z.object({ id: z.string(), name: z.string(), progress: ownProgressSchema, paused: z.boolean() }),
      ),
    }),
  },
  'GET /api/judge/{project}': {
    allow: JUDGES,
    summary: 'Form, instructions and consent of a project, and the own progress',
    response: z.object({
      id: z.string(),
      name: z.string(),
      questions: z.array(questionSchema),
      instructions: z.object({ version: z.string(), text: z.string() }).nullable(),
      consent: z.object({ version: z.string(), text: z.string(), given: z.boolean() }).nullable(),
      /** Attributes that a rater may describe themselves by, with the values to choose from. */
      demographics: z.array(z.object({ attribute: z.string(), values: z.array(z.string()) })),
      progress: ownProgressSchema,
      /** Minutes of active time after which a break is suggested. */
      breakAfterMinutes: z.number(),
    }),
  },
  'POST /api/judge/{project}/consent': {
    allow: JUDGES,
    summary: 'Agree to the consent text shown; demographics are optional',
    body: z.strictObject({ version: z.string(), demographics: z.record(z.string(), z.string()).default({}) }),
    response: z.object({ ok: z.literal(true) }),
  },
  'POST /api/judge/{project}/next': {
    allow: JUDGES,
    summary: 'Reserve the next tasks: the current one and those to prefetch',
    body: z.strictObject({
      count: z.int().min(1).max(3).default(1),
      /** Tasks that the caller has open already. */
      holding: z.array(taskId).max(5).default([]),
    }),
    response: z.object({ tasks: z.array(taskSchema), none: z.string().nullable(), progress: ownProgressSchema }),
    perMinute: 600,
  },
  'POST /api/judge/{project}/submit': {
    allow: JUDGES,
    summary: 'Answer a task; sending the same key again stores nothing new',
    body: z.strictObject({
      taskId,
      answers: z.array(givenSchema).min(1),
      reason: z.string().max(10_000).optional(),
      confidence: z.number().min(0).max(1).optional(),
      activeMs,
      idempotencyKey,
    }),
    response: receiptSchema,
    perMinute: 600,
  },
  'POST /api/judge/{project}/draft': {
    allow: JUDGES,
    summary: `Keep unfinished work on a task, in place of what was kept before; the last ${DRAFT_LIMITS.perRater} tasks of a rater have it`,
    body: z.strictObject({ taskId, content: draft, idempotencyKey }),
    response: z.object({ id: z.string() }),
    // The page saves after a pause of seconds.
    perMinute: 120,
  },
  'POST /api/judge/{project}/skip': {
    allow: JUDGES,
    summary: 'Pass a task by, with a reason',
    body: z.strictObject({
      taskId,
      reason: z.enum(SKIP_REASONS),
      note: z.string().max(10_000).optional(),
      idempotencyKey,
    }),
    response: receiptSchema,
    perMinute: 600,
  },
  'POST /api/judge/{project}/flag': {
    allow: JUDGES,
    summary: 'Point the lead to an item',
    body: z.strictObject({ taskId, reason: z.string().trim().min(1).max(10_000), idempotencyKey }),
    response: z.object({ id: z.string() }),
  },
  'POST /api/judge/{project}/concern': {
    allow: JUDGES,
    summary: 'Complain, or raise a concern, to lead and owner: about the work, not about a task',
    body: z.strictObject({
      about: z.enum(CONCERNS),
      text: z.string().trim().min(1).max(10_000),
      idempotencyKey,
    }),
    response: z.object({ id: z.string() }),
  },
  'POST /api/judge/{project}/undo': {
    allow: JUDGES,
    summary: 'Take back the own submission, skip, flag or concern; the task comes back as it was shown',
    body: z.strictObject({
      id: z.string(),
      /** The task it was about, where it is still open: saves a search. */
      taskId: taskId.optional(),
      idempotencyKey,
    }),
    response: z.object({ task: taskSchema.nullable(), progress: ownProgressSchema }),
    perMinute: 600,
  },
  'GET /api/judge/{project}/mine': {
    allow: JUDGES,
    summary: 'Everything the caller gave to a project, by places as shown to them',
    query: z.object({ before: z.string().optional() }),
    response: z.object({
      records: z.array(
        z.object({
          id: z.string(),
          prompt: z.string(),
          /** Title of the question that a judgment answers, as the form has it now. */
          question: z.string().nullable(),
          type: z.enum(['judgment', 'skip', 'flag', 'concern']),
          text: z.string(),
          at: z.string(),
          standing: z.boolean(),
        }),
      ),
      next: z.string().nullable(),
    }),
  },
  'GET /api/judge/{project}/withdrawal': {
    allow: JUDGES,
    summary: 'What withdrawing would do now: what would go, and what would stay',
    response: withdrawalSchema,
  },
  'POST /api/judge/{project}/withdraw': {
    allow: JUDGES,
    summary: 'Withdraw everything the caller gave to a project so far; drafts are erased, the rest stays marked',
    body: z.strictObject({ reason: z.string().max(10_000).optional(), idempotencyKey }),
    response: withdrawalSchema.extend({ ok: z.literal(true) }),
  },
} as const satisfies Record<RouteKey, RouteContract>;
