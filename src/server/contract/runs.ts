import { z } from 'zod';
import { findingSchema, knownRatesSchema, VERDICTS } from '../../audit/index.ts';
import { documentSchema } from '../../report/index.ts';
import { ANYONE_SIGNED_IN, LEADS, READERS } from '../access/roles.ts';
import { fileSchema, type RouteContract, type RouteKey } from './route.ts';
import { PROJECT_RECIPE } from './run-preview.ts';
import { tableQuery } from './tables.ts';

const rateSchema = knownRatesSchema.shape.planted.nullable();

export const runSchema = z.object({
  id: z.string(),
  name: z.string(),
  /** The project of the store whose judgments it reads; null for none. */
  project: z.string().nullable(),
  status: z.enum(['running', 'complete', 'stopped', 'failed', 'unfinished', 'unreadable']),
  startedAt: z.string(),
  /** Verdict → number of findings. */
  verdicts: z.record(z.string(), z.number()),
  /** Why its files cannot be read; null where they can. */
  reason: z.string().nullable(),
});

const progressSchema = z.object({ stage: z.string(), done: z.number(), total: z.number(), unit: z.string() });

/** What a finished run's policy is asked for. */
const askSchema = z.strictObject({
  /** Prompts of the run, drawn at random. */
  prompts: z.int().min(1).max(1000),
  /** Different replies to each. */
  replies: z.int().min(2).max(8).default(2),
  split: z.enum(['train', 'evaluation', 'deploy']).default('train'),
  /** The project that the items are for. */
  project: z.string(),
  /** Another seed draws others; drawn by the server when left out. */
  seed: z.int().nonnegative().optional(),
});

/** A question about a policy: what was asked, and what came of it. Kept while the server runs. */
const runAskSchema = askSchema.extend({
  id: z.string(),
  seed: z.int(),
  status: z.enum(['running', 'complete', 'failed']),
  progress: progressSchema.nullable(),
  /** Items that are new in the project, and those that it had. */
  added: z.number(),
  known: z.number(),
  /** Prompts to which the policy says too little that differs. */
  passedOver: z.number(),
  /** What the ids of these items, and of no others, begin with; '' until they are there. */
  batch: z.string(),
  error: z.string().nullable(),
});

const overrides = z.array(z.string().max(500)).max(100).default([]);

/** A finding as it stands in the run folder, with its reason in words and the rates of its probe. */
const shownFindingSchema = findingSchema.extend({
  /** The code in words. */
  reason: z.string(),
  planted: rateSchema,
  clean: rateSchema,
  lookAlike: rateSchema,
});

/** What people gave that lies in a run's folder, whole. */
export const carriedSchema = z.object({
  judgments: z.number(),
  raters: z.number(),
  /** Of people, rather than of simulated raters and models; and how many of these people consented to anything. */
  ofPeople: z.object({ judgments: z.number(), raters: z.number(), consented: z.number() }),
  /** Judgments with free text: reasons, critiques, corrections, demonstrations, notes on spans. */
  withText: z.number(),
});

const measuredSchema = z.object({
  hits: z.number(),
  n: z.number(),
  interval: knownRatesSchema.shape.planted.shape.interval,
});
/** What a probe said over the runs of one arm of its experiment. */
const armSchema = z.object({
  verdicts: z.record(z.enum(VERDICTS), z.number()),
  /** Runs with a concern or a failure. */
  alarms: measuredSchema,
});
const readSchema = z.object({ kind: z.string(), what: z.string(), file: z.string(), optional: z.boolean() });

/** A challenge and its probes as they are named everywhere. */
const challengeFace = { id: z.string(), group: z.string(), title: z.string(), fundamental: z.boolean() };
const probeFace = {
  id: z.string(),
  question: z.string(),
  estimand: z.string(),
  citation: z.string(),
  /** Default thresholds and settings. */
  params: z.json(),
};

/** All that is known of a challenge before there is a run. */
const challengeSchema = z.object({
  ...challengeFace,
  probes: z.array(
    z.object({
      ...probeFace,
      /** Evidence that it reads. */
      reads: z.array(readSchema),
      experiment: z.object({
        world: z.string(),
        planted: z.string(),
        lookAlike: z.string(),
        documented: z.number(),
        doses: z.array(armSchema.extend({ dose: z.number() })),
        clean: armSchema,
        resembling: armSchema,
        command: z.string(),
      }),
      /** How often the interval held the true value, by arm; null where the experiment does not know it. */
      coverage: z.object({
        command: z.string(),
        arms: z.array(z.object({ arm: z.string(), covered: measuredSchema.nullable() })),
      }),
      /** Failures that it is a station of, followed from the raters to the policy. */
      chains: z.array(z.string()),
    }),
  ),
  /** Strategies of the survey that answer it; `option` is the key of a run's configuration, null where none is built. */
  strategies: z.array(z.object({ id: z.string(), title: z.string(), option: z.string().nullable() })),
});

/** Tables of a run that can be had as a file. */
export const RUN_TABLES = ['metrics', 'findings', 'samples'] as const;
export type RunTable = (typeof RUN_TABLES)[number];

/** Runs of the pipeline: start, watch, compare, audit, disclose. */
export const RUN_ROUTES = {
  'GET /api/runs': {
    allow: READERS,
    summary: 'Runs, newest first; all of them, or those on a project',
    query: z.object({
      project: z.string().optional(),
      /** Those that were put away, instead of the others. */
      archived: z.enum(['yes', 'no']).default('no'),
    }),
    response: z.object({ runs: z.array(runSchema) }),
  },
  'POST /api/runs/{run}/archive': {
    allow: LEADS,
    summary: 'Put a run away, or bring it back: it leaves the list, and stays as it is',
    body: z.strictObject({ archived: z.boolean() }),
    response: z.object({ ok: z.literal(true) }),
  },
  'POST /api/runs/{run}/delete': {
    allow: ['owner'],
    summary: 'Delete a run’s folder for good, once it has ended; the deletion is written down',
    body: z.strictObject({
      /** The run’s id once more, typed: this cannot be taken back. */
      confirm: z.string(),
    }),
    response: z.object({ ok: z.literal(true) }),
  },
  'GET /api/recipes': {
    allow: READERS,
    summary: 'Recipes that a run can start from',
    response: z.object({ recipes: z.array(z.object({ id: z.string(), yaml: z.string() })) }),
  },
  'POST /api/runs': {
    allow: LEADS,
    summary: 'Start a run in a process of its own: on a configuration, or on the judgments of a project',
    body: z.union([
      z.strictObject({ yaml: z.string().max(100_000), set: overrides }),
      z.strictObject({ project: z.string(), recipe: z.string().default(PROJECT_RECIPE), set: overrides }),
    ]),
    response: z.object({ id: z.string() }),
  },
  'GET /api/runs/{run}': {
    allow: READERS,
    summary: 'A run: configuration, command to repeat it, versions, progress, summary',
    response: z.object({
      run: runSchema,
      config: z.json(),
      command: z.string(),
      versions: z.record(z.string(), z.string()),
      progress: progressSchema.nullable(),
      /** Last line that the process wrote, where it failed. */
      error: z.string().nullable(),
      summary: z.array(z.object({ label: z.string(), value: z.string() })),
      files: z.array(z.string()),
      /** What its policy was asked, in the order of asking. */
      asks: z.array(runAskSchema),
      /** Erased from its project since it began: its folder may hold them yet. Null for none. */
      erased: z.object({ raters: z.number(), judgments: z.number() }).nullable(),
    }),
  },
  'POST /api/runs/{run}/ask': {
    allow: LEADS,
    summary:
      'Ask about the policy of a finished run: its replies become new items of a project, each naming its snapshot',
    body: askSchema,
    response: z.object({ id: z.string() }),
    perMinute: 20,
  },
  'POST /api/runs/{run}/stop': {
    allow: LEADS,
    summary: 'Stop a run; nothing acknowledged is lost',
    response: z.object({ ok: z.literal(true) }),
  },
  'POST /api/runs/{run}/resume': {
    allow: LEADS,
    summary: 'Continue a run',
    response: z.object({ ok: z.literal(true) }),
  },
  'POST /api/runs/{run}/verify': {
    allow: READERS,
    summary: 'Check every digest and number, by the verifier of `goodhart verify`',
    response: z.object({
      ok: z.boolean(),
      checks: z.array(
        z.object({
          name: z.string(),
          ok: z.boolean(),
          /** It can be told by nothing at hand: it neither holds nor fails. */
          open: z.boolean(),
          detail: z.string(),
        }),
      ),
      /** The three verdicts, with every check behind them. */
      document: documentSchema,
    }),
    perMinute: 20,
  },
  'GET /api/runs/{run}/series': {
    allow: READERS,
    summary: 'Curves of a run: every number that its metrics hold, by stage and step',
    response: z.object({
      /** Stage → metric → points in order of step. */
      series: z.record(z.string(), z.record(z.string(), z.array(z.tuple([z.number(), z.number()])))),
    }),
  },
  'GET /api/runs/{run}/report': {
    allow: READERS,
    summary: 'The report as a document: sections, facts, tables, plots; null before there is one',
    response: z.object({ document: documentSchema.nullable() }),
  },
  'GET /api/runs/{run}/samples': {
    allow: READERS,
    summary: 'Replies before and after, side by side',
    query: z.object({ search: z.string().max(200).optional() }),
    response: z.object({
      samples: z.array(z.object({ prompt: z.string(), before: z.string(), after: z.string(), note: z.string() })),
    }),
  },
  'GET /api/runs/{run}/findings': {
    allow: READERS,
    summary: 'Findings with the rates of their probes: planted, clean, look-alike',
    response: z.object({ findings: z.array(shownFindingSchema) }),
  },
  'GET /api/runs/{run}/tables/{table}': {
    allow: READERS,
    summary: `One table of a run as a file: ${RUN_TABLES.join(', ')}`,
    query: tableQuery,
    response: fileSchema,
    perMinute: 30,
  },
  'GET /api/runs/{run}/disclosure': {
    allow: READERS,
    summary:
      'The eleven items with status, places and digests, and what of people whoever publishes the folder publishes',
    response: z.object({
      disclosure: z.json(),
      seal: z.string().nullable(),
      /** SHA-256 of the seal: what to publish elsewhere. */
      sealDigest: z.string().nullable(),
      /** Who signed the seal, and what is withheld; null where there is no seal. */
      signed: documentSchema.nullable(),
      /** Forms that it can be exported in; none where there is no seal. */
      exports: z.array(z.object({ id: z.string(), title: z.string() })),
      carries: carriedSchema.nullable(),
    }),
  },
  'GET /api/runs/{run}/disclosure/changes': {
    allow: READERS,
    summary: 'What the disclosure of a run says that of an earlier one did not, item by item',
    query: z.object({ since: z.string().max(200) }),
    response: z.object({ document: documentSchema }),
  },
  'GET /api/challenges/{challenge}': {
    allow: ANYONE_SIGNED_IN,
    summary:
      'One challenge: its probes, what they read, and how often they are right in experiments whose truth is known',
    response: z.object({ challenge: challengeSchema }),
  },
  'GET /api/challenges': {
    allow: ANYONE_SIGNED_IN,
    summary: 'The challenges by stage, with what it takes to assess each',
    response: z.object({
      challenges: z.array(
        z.object({
          ...challengeFace,
          /** Every probe of the challenge; none where nothing assesses it yet. */
          probes: z.array(z.object({ ...probeFace, needs: z.array(z.string()) })),
        }),
      ),
    }),
  },
} as const satisfies Record<RouteKey, RouteContract>;
