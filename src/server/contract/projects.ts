import { z } from 'zod';
import {
  ADJUDICATION_REASONS,
  ANSWER_CHOICES,
  answerSchema,
  CONCERNS,
  distributionSchema,
  feedbackRecordSchema,
  itemSchema,
  projectSchema,
  raterProfileSchema,
} from '../../feedback/index.ts';
import type { FeedbackReport } from '../../quality/index.ts';
import { ANYONE_SIGNED_IN, LEADS, READERS } from '../access/roles.ts';
import { fileSchema, type RouteContract, type RouteKey } from './route.ts';
import { PROJECT_RECIPE, runPreviewSchema } from './run-preview.ts';
import { tableQuery } from './tables.ts';

const intervalSchema = z.object({ low: z.number(), high: z.number(), level: z.number() });
/** A number with its interval, or why there is none. */
export const estimateSchema = z.union([
  z.object({ value: z.number(), interval: intervalSchema.nullable(), n: z.number() }),
  z.object({ undefined: z.string() }),
]);

/** Settings of the Studio for a project, beside the project itself. */
export const projectSettingsSchema = z.strictObject({
  /** Attributes that raters may describe themselves by. */
  demographics: z
    .array(z.strictObject({ attribute: z.string().min(1), values: z.array(z.string()).min(1) }))
    .default([]),
  breakAfterMinutes: z.number().positive().default(45),
  /** Paid per hour of active time or per judgment, for the cost in the overview. */
  pay: raterProfileSchema.shape.pay,
  /** Nobody is asked while paused. */
  paused: z.boolean().default(false),
  /** Put away: in no list unless asked for, and nobody is asked. */
  archived: z.boolean().default(false),
});

export const countsSchema = z.object({
  items: z.number(),
  /** Items that were put away. */
  archived: z.number(),
  /** Judgments wanted by the rules as they stand, and those that stand. */
  wanted: z.number(),
  judgments: z.number(),
  openItems: z.number(),
  raters: z.number(),
  skips: z.number(),
  flags: z.number(),
  reservations: z.number(),
});

/** Length of the history that a page was made from: on a large project it may be a little behind. */
const asOf = z.number();

/** How a list of items is sorted. */
export const ITEM_ORDERS = ['added', 'id', 'agreement', 'judgments', 'last'] as const;
/** Which items a list shows. */
export const ITEM_LISTS = ['all', 'open', 'disagreement', 'flagged', 'adjudicated', 'archived'] as const;
const itemFilterShape = {
  show: z.enum(ITEM_LISTS).default('all'),
  /** In ids, prompts and replies. */
  search: z.string().max(200).optional(),
  /** Those that one import brought. */
  import: z.string().max(100).optional(),
  /** A stratum that an item has, or one with a value: `topic`, `topic=law`. */
  stratum: z.string().max(300).optional(),
  /** Those that a rater judged. */
  rater: z.string().max(500).optional(),
  /** Those with an answer of this text, as lists show it: `A is better`. */
  answer: z.string().max(300).optional(),
  /** Agreement at least and at most, from 0 to 1; items with fewer than two answers have none. */
  least: z.coerce.number().min(0).max(1).optional(),
  most: z.coerce.number().min(0).max(1).optional(),
  /** Judged on this day or later, and on this day or before (UTC). */
  from: z.iso.date().optional(),
  to: z.iso.date().optional(),
  sort: z.enum(ITEM_ORDERS).default('added'),
};
export const itemFilterSchema = z.object(itemFilterShape);
/** What to look for, as text in a query; left out is not asked. */
export type ItemFilter = z.output<typeof itemFilterSchema>;

const itemRowSchema = z.object({
  id: z.string(),
  prompt: z.string(),
  judgments: z.number(),
  wanted: z.number(),
  open: z.boolean(),
  flagged: z.boolean(),
  /** Share of agreeing pairs of answers; null with fewer than two. */
  agreement: z.number().nullable(),
  adjudicated: z.boolean(),
  archived: z.boolean(),
  /** Judgments that were brought along from elsewhere. */
  brought: z.number(),
  /** The import that brought the item. */
  import: z.string().nullable(),
  /** When it was judged last; null before, and where that is not known. */
  lastAt: z.string().nullable(),
});

/**
 * What becomes of judgments in a file of items: left out, brought along beside what the project collects itself, or counted
 * towards what its rules want.
 */
export const IMPORTED_JUDGMENTS = ['none', 'beside', 'count'] as const;

/** Tables of a project that can be had as a file. */
export const PROJECT_TABLES = ['items', 'disagreements', 'raters', 'records', 'adjudications'] as const;
export type ProjectTable = (typeof PROJECT_TABLES)[number];

export const PROJECT_ROUTES = {
  'GET /api/projects': {
    allow: ANYONE_SIGNED_IN,
    summary: 'Projects the caller may see',
    perProject: true,
    response: z.object({
      projects: z.array(
        z.object({
          id: z.string(),
          name: z.string(),
          createdAt: z.string(),
          archived: z.boolean(),
          counts: countsSchema.nullable(),
        }),
      ),
    }),
  },
  'POST /api/projects': {
    allow: LEADS,
    summary: 'Create a project',
    body: z.strictObject({
      project: projectSchema.omit({ createdAt: true }),
      settings: projectSettingsSchema.prefault({}),
    }),
    response: z.object({ project: projectSchema, settings: projectSettingsSchema }),
  },
  'GET /api/projects/{project}': {
    allow: READERS,
    summary: 'A project with its settings and counts',
    response: z.object({ project: projectSchema, settings: projectSettingsSchema, counts: countsSchema }),
  },
  'PATCH /api/projects/{project}': {
    allow: LEADS,
    summary: 'Change name, form, rules or settings; a changed instruction text becomes a new version',
    body: z.strictObject({
      name: z.string().min(1).optional(),
      questions: projectSchema.shape.questions.optional(),
      instructions: z.string().optional(),
      /** Null takes the consent text away: judgments are then given without one. */
      consent: projectSchema.shape.consent.nullable(),
      view: z.string().optional(),
      // The bare schema: the project's own would fill in defaults for what is left out.
      distribution: distributionSchema.optional(),
      settings: projectSettingsSchema.optional(),
    }),
    response: z.object({ project: projectSchema, settings: projectSettingsSchema }),
  },
  'POST /api/projects/{project}/items': {
    allow: LEADS,
    summary: 'Add items (and judgments, where the layout holds them) from a file',
    body: z.strictObject({
      layout: z.string().max(100),
      fileName: z.string().max(500),
      text: z.string(),
      judgments: z.enum(IMPORTED_JUDGMENTS).default('beside'),
    }),
    unread: true,
    maxBytes: 64 * 1024 * 1024,
    response: z.object({
      /** What the items name as their import; to put all of them away as one. */
      import: z.string(),
      items: z.number(),
      judgments: z.number(),
      rejected: z.array(z.object({ line: z.number(), field: z.string(), reason: z.string() })),
      rejectedCount: z.number(),
    }),
  },
  'POST /api/projects/{project}/generate': {
    allow: LEADS,
    summary: 'Add items whose replies come from an OpenAI-compatible endpoint',
    body: z.strictObject({
      endpoint: z.url({ protocol: /^https?$/ }).max(2000),
      model: z.string().min(1).max(500),
      apiKey: z.string().optional(),
      prompts: z.array(z.string().min(1)).min(1).max(1000),
      replies: z.int().min(1).max(8).default(2),
      temperature: z.number().min(0).max(2).default(1),
      maxTokens: z.int().positive().max(8192).default(512),
    }),
    response: z.object({ items: z.number(), failed: z.array(z.object({ prompt: z.string(), reason: z.string() })) }),
  },
  'GET /api/projects/{project}/overview': {
    allow: READERS,
    summary: 'Progress, rate, cost and expected end',
    response: z.object({
      asOf,
      counts: countsSchema,
      /** Judgments per hour over the last day with judgments; null before the first hour. */
      perHour: z.number().nullable(),
      etaHours: z.number().nullable(),
      activeHours: z.number(),
      /** Judgments that were brought along: not among those of `counts`. */
      brought: z.number(),
      cost: z.object({ spent: z.number(), expected: z.number().nullable(), currency: z.string() }).nullable(),
      /** Judgments by day, oldest first. */
      byDay: z.array(z.object({ day: z.string(), judgments: z.number() })),
    }),
  },
  'GET /api/projects/{project}/raters': {
    allow: READERS,
    summary: 'Raters with progress, time, reliability, bias and the evidence of flags',
    response: z.object({
      asOf,
      raters: z.array(
        z.object({
          raterId: z.string(),
          /** Account name, for leads only. */
          name: z.string().nullable(),
          judgments: z.number(),
          activeHours: z.number(),
          medianActiveMs: z.number().nullable(),
          lastAt: z.string().nullable(),
          accuracy: estimateSchema,
          agreement: estimateSchema,
          firstShown: estimateSchema,
          longer: estimateSchema,
          flags: z.array(z.object({ detector: z.string(), text: z.string(), records: z.array(z.string()) })),
          paused: z.boolean(),
        }),
      ),
      /** What people complained of, newest first; what was taken back is left out, and of what was erased only who and when is left. */
      concerns: z.array(
        z.object({
          id: z.string(),
          raterId: z.string(),
          name: z.string().nullable(),
          at: z.string(),
          about: z.enum([...CONCERNS, 'erased']),
          text: z.string(),
        }),
      ),
      /** Power and false alarms of each detector. */
      rates: z.record(z.string(), z.object({ power: estimateSchema, falseAlarms: estimateSchema })),
    }),
  },
  'PATCH /api/projects/{project}/raters/{rater}': {
    allow: LEADS,
    summary: 'Pause a rater, or let them go on',
    body: z.strictObject({ paused: z.boolean() }),
    response: z.object({ ok: z.literal(true) }),
  },
  'POST /api/projects/{project}/raters/{rater}/erase': {
    allow: ['owner'],
    summary:
      'Erase for good what a rater gave, with their profile, or what they gave on one item; the history keeps a note',
    body: z.strictObject({
      /** The rater's id once more, typed: this cannot be taken back. */
      confirm: z.string(),
      item: z.string().optional(),
    }),
    response: z.object({
      /** Records whose content is gone, by kind. */
      erased: z.record(z.string(), z.number()),
      /** Whether the profile went too: consent, and what the rater said of themselves. */
      profile: z.boolean(),
      /** Where the content may still be, a line each: what a server cannot reach. */
      outside: z.array(z.string()),
      /** Runs that read this project: their folders hold judgments of their own. */
      runs: z.array(z.string()),
    }),
  },
  'GET /api/projects/{project}/answers': {
    allow: READERS,
    summary: 'What was answered to each question: counts by answer, over all and by rater',
    response: z.object({
      asOf,
      questions: z.array(
        z.object({
          id: z.string(),
          title: z.string(),
          kind: z.string(),
          /** Answers of work, those that were brought along too. */
          n: z.number(),
          /** The most frequent first; of texts and marks only how many there are. */
          answers: z.array(
            z.object({
              text: z.string(),
              n: z.number(),
              /** By rater, the same order as `raters`. */
              by: z.array(z.number()),
            }),
          ),
          /** Answers beyond the most frequent. */
          others: z.number(),
          raters: z.array(z.string()),
        }),
      ),
    }),
  },
  'GET /api/projects/{project}/question-answers': {
    allow: READERS,
    summary: 'How many answers each question of the form ever got: a question with answers keeps its kind',
    response: z.object({ asOf, questions: z.array(z.object({ id: z.string(), answers: z.number() })) }),
  },
  'GET /api/projects/{project}/backup': {
    allow: ['owner'],
    summary:
      'Everything of the project as one file that `goodhart store restore` takes; its digest is in the header x-goodhart-digest',
    response: fileSchema,
    perMinute: 10,
  },
  'POST /api/projects/{project}/delete': {
    allow: ['owner'],
    summary: 'Delete a project for good, as it was when it was backed up; the deletion is written down',
    body: z.strictObject({
      /** The project’s id once more, typed: this cannot be taken back. */
      confirm: z.string(),
      /** Digest of the backup: refused where the project has changed since. */
      digest: z.string(),
    }),
    response: z.object({
      ok: z.literal(true),
      /** Runs that read the project: their folders hold judgments of their own. */
      runs: z.array(z.string()),
    }),
  },
  'GET /api/projects/{project}/quality': {
    allow: READERS,
    summary:
      'The quality report, as `goodhart feedback report --json` prints it, with the length of the history as `asOf`',
    response: z.custom<FeedbackReport & { readonly asOf: number }>((value) => typeof value === 'object'),
  },
  'GET /api/projects/{project}/items': {
    allow: READERS,
    summary: 'Items, a page at a time',
    query: itemFilterSchema.extend({ after: z.string().optional() }),
    response: z.object({
      asOf,
      /** How many the list holds in all. */
      total: z.number(),
      items: z.array(
        itemRowSchema.extend({
          /** The answer that most raters gave to the first question of the form; null before the first. */
          mostSaid: z.object({ text: z.string(), raters: z.number(), of: z.number() }).nullable(),
        }),
      ),
      next: z.string().nullable(),
    }),
  },
  'GET /api/projects/{project}/item-ids': {
    allow: LEADS,
    summary: 'Ids of all items of a list, with the record that put each away where one did',
    query: itemFilterSchema,
    response: z.object({
      asOf,
      items: z.array(z.object({ id: z.string(), archives: z.array(z.string()) })),
    }),
  },
  'POST /api/projects/{project}/archive': {
    allow: LEADS,
    summary:
      'Put all items of a list away, or bring them back: they and what was given on them leave every view, and stay in the records',
    body: z.strictObject({
      archived: z.boolean(),
      items: z.strictObject(itemFilterShape),
      /** How many are meant: refused where the list holds others by now. */
      expected: z.int().positive(),
      reason: z.string().max(1000).optional(),
    }),
    response: z.object({ items: z.number() }),
  },
  'GET /api/projects/{project}/imports': {
    allow: READERS,
    summary: 'What brought the items of a project, and how many of each are put away',
    response: z.object({
      asOf,
      imports: z.array(
        z.object({
          id: z.string(),
          file: z.string(),
          at: z.string(),
          items: z.number(),
          archived: z.number(),
        }),
      ),
    }),
  },
  'GET /api/projects/{project}/items/{item}': {
    allow: READERS,
    summary: 'An item with its whole history',
    response: z.object({
      item: itemSchema,
      row: itemRowSchema,
      records: z.array(
        z.object({ seq: z.number(), record: feedbackRecordSchema, standing: z.boolean(), text: z.string() }),
      ),
    }),
  },
  'POST /api/projects/{project}/items/{item}/adjudication': {
    allow: LEADS,
    summary: 'Decide an item over the judgments that stand',
    body: z.strictObject({
      questionId: z.string().optional(),
      answer: answerSchema,
      reason: z.enum(ADJUDICATION_REASONS),
      note: z.string().max(10_000).optional(),
      idempotencyKey: z.string().min(8).max(100),
    }),
    response: z.object({ id: z.string() }),
  },
  'GET /api/projects/{project}/records': {
    allow: READERS,
    summary: 'The append-only history, a page at a time',
    query: z.object({
      after: z.coerce.number().int().nonnegative().default(0),
      rater: z.string().optional(),
      /** Ids as a JSON array, since an id may hold anything; or with commas between. */
      ids: z.string().max(20_000).optional(),
    }),
    response: z.object({
      asOf,
      records: z.array(
        z.object({ seq: z.number(), record: feedbackRecordSchema, standing: z.boolean(), text: z.string() }),
      ),
      next: z.number().nullable(),
    }),
  },
  'GET /api/projects/{project}/tables/{table}': {
    allow: READERS,
    summary: `One table of a project as a file: ${PROJECT_TABLES.join(', ')}`,
    query: tableQuery,
    response: fileSchema,
    perMinute: 30,
  },
  'GET /api/projects/{project}/export/{layout}': {
    allow: READERS,
    summary: 'The project in a layout, as one file',
    query: z.object({
      format: z.enum(['jsonl', 'json', 'csv', 'parquet']).optional(),
      /** `decided` unless said: the decision where an item was decided, every vote elsewhere. */
      answers: z.enum(ANSWER_CHOICES).optional(),
    }),
    response: fileSchema,
    perMinute: 30,
  },
  'GET /api/projects/{project}/run-preview': {
    allow: LEADS,
    summary: 'What a run on the project would use, and what it would leave out',
    query: z.object({ recipe: z.string().default(PROJECT_RECIPE) }),
    response: runPreviewSchema.extend({ asOf: z.number() }),
  },
  'GET /api/layouts': {
    allow: READERS,
    summary: 'Layouts that can be imported and exported',
    response: z.object({
      layouts: z.array(z.object({ id: z.string(), title: z.string(), reads: z.boolean(), writes: z.boolean() })),
    }),
  },
} as const satisfies Record<RouteKey, RouteContract>;
