import { z } from 'zod';
import { FAIL_ON, isRequirable, probeSettingsSchema } from '../audit/index.ts';
import { DISCLOSURE_IDS } from '../disclosure/index.ts';
import { distributionSchema } from '../feedback/index.ts';
import { SIGNAL_IDS, type SignalId } from '../lab/index.ts';
import { rewardSchema, SELECTION_RULE_IDS } from '../reward/index.ts';
import { RATER_POOLS, type RaterPoolId, raterCounts } from '../world/index.ts';
import { dataSchema } from './data-config.ts';
import { policySchema } from './policy-config.ts';

/**
 * Configuration of a run. Every key has a default that works for its data layout, except where the data are. Unknown keys
 * are refused. `base`, `feedback` and `policy` are left out by a pipeline that does not have these steps.
 */
const positive = z.int().positive();
const rate = z.number().positive();

const baseSchema = z.strictObject({
  /**
   * A published model to start from: a folder, or a hub id such as HuggingFaceTB/SmolLM2-135M-Instruct (with @revision for a
   * certain one). Its own sizes and tokenizer are used. Without it the base model is trained here from nothing.
   */
  from: z.string().min(1).optional(),
  /** A system message before every prompt, for a published model. */
  system: z.string().optional(),
  /** Variables of a published chat template, for example { enable_thinking: false }. */
  chat: z.record(z.string(), z.unknown()).optional(),
  /** Entries of the byte-pair tokenizer trained on the text; fewer when the text runs out of merges. */
  vocabulary: z.int().min(261).default(700),
  width: positive.default(128),
  layers: positive.default(3),
  heads: positive.default(4),
  feedForward: positive.default(352),
  /** Tokens of prompt and reply together; 72 for a model trained here, 512 for a published one. */
  maxContext: positive.optional(),
  /** Training texts drawn from a proving ground; data on disk are used whole. */
  examples: positive.default(8000),
  /** Steps of supervised learning on the texts; 600 for a model trained here, none for a published one. */
  steps: z.int().nonnegative().optional(),
  batch: positive.default(32),
  /** 1e-3 for a model trained here, 2e-5 for a published one. */
  learningRate: rate.optional(),
});
export type BaseConfig = z.infer<typeof baseSchema>;

/** A base model's keys with none left out. */
export type BaseSettings = Omit<BaseConfig, 'maxContext' | 'steps' | 'learningRate'> & {
  readonly maxContext: number;
  readonly steps: number;
  readonly learningRate: number;
};

/** What the keys are that depend on whether there is a published model to start from. */
export function baseSettings(base: BaseConfig): BaseSettings {
  const published = base.from !== undefined;
  return {
    ...base,
    maxContext: base.maxContext ?? (published ? 512 : 72),
    steps: base.steps ?? (published ? 0 : 600),
    learningRate: base.learningRate ?? (published ? 2e-5 : 1e-3),
  };
}

/** What to ask next. After a first random share, each batch is chosen by the rule from what the answers so far say. */
const selectionSchema = z.strictObject({
  rule: z.enum(SELECTION_RULE_IDS).default('random'),
  /** Share of the pairs asked at random before the rule chooses; the held-out pairs are among them. */
  initial: z.number().gt(0).lt(1).default(0.4),
  /** Batches in which the rest is asked. */
  batches: positive.default(4),
  /** Share of each batch drawn at random. */
  epsilon: z.number().min(0).max(1).default(0.1),
  /** Pairs sampled from the model to choose from, as a multiple of the pairs asked. */
  candidates: z.number().min(1).default(3),
});

/** Some of the pairs asked about again as ratings of both replies, so that two types of answer can be held against each other (H10). */
const ratingsSchema = z.strictObject({
  /** Share of the pairs that are asked. */
  share: z.number().gt(0).max(1).default(0.1),
  /** Raters per pair. */
  overlap: positive.default(3),
});

/** People in the place of simulated raters: they judge in the Studio, and the run waits for them. */
const peopleAskedSchema = z.strictObject({
  /** Id of the project of the store (`--store`) that asks them; the run makes it, and it is for this run alone. */
  project: z.string().regex(/^[\w][\w.-]*$/, 'expected letters, digits, dots and dashes'),
  title: z.string().min(1).default('Which reply is better?'),
  instructions: z.string().min(1).default('Read the prompt and the facts, and choose the reply that helps more.'),
  /** What people agree to before they judge; answers of who did not are not used. */
  consent: z
    .string()
    .min(1)
    .default('What I judge here may be used to train and to audit models, and be published with the results.'),
});

/** What has a meaning only where raters are simulated and answer at once. */
const isSimulatedOnly = {
  raters: ({ raters }: { readonly raters: object }) => Object.keys(raters).length > 0,
  ratings: ({ ratings }: { readonly ratings?: unknown }) => ratings !== undefined,
  offTopic: ({ offTopic }: { readonly offTopic: number }) => offTopic > 0,
};

const feedbackSchema = z
  .strictObject({
    pairs: positive.default(900),
    /** Raters per pair. */
    overlap: positive.default(3),
    /** Share of the pairs, sampled from a policy, in which one reply was given to another prompt. */
    offTopic: z.number().min(0).max(1).default(0),
    /** Simulated raters before changes: the twelve default ones, or nobody. */
    pool: z.enum(Object.keys(RATER_POOLS) as RaterPoolId[]).default('default'),
    /** Changes to the pool: how many raters of a kind there are; 0 removes them. With `pool: empty`, only these judge. */
    raters: z.record(z.string(), z.int().nonnegative()).default({}),
    /** Pairs kept out of reward fitting, for its evaluation. */
    holdout: z.number().gt(0).lt(1).default(0.2),
    selection: selectionSchema.prefault({}),
    /**
     * How many raters an item gets instead of `overlap` on all: on a share of items, until sure, or more on disagreement; and how
     * often a rater is shown again what they judged before.
     */
    distribution: distributionSchema
      .pick({ overlapShare: true, adaptive: true, extraRaters: true, repeats: true })
      .optional(),
    ratings: ratingsSchema.optional(),
    people: peopleAskedSchema.optional(),
  })
  .superRefine((feedback, context) => {
    if (feedback.people === undefined) return;
    const set = Object.entries(isSimulatedOnly).find(([, isSet]) => isSet(feedback))?.[0];
    const fail = (key: string, message: string) => context.addIssue({ code: 'custom', path: [key], message });
    if (set !== undefined) fail(set, 'is for simulated raters, and feedback.people asks people; remove either');
    if (feedback.selection.rule !== 'random')
      fail('selection', 'a rule needs answers while it chooses, and people are asked all at once; leave it at random');
  })
  // What a run records is who judged, whatever the pool was.
  .transform((feedback) => ({
    ...feedback,
    raters:
      feedback.people !== undefined ? {} : (raterCounts(feedback.pool, feedback.raters) as Record<string, number>),
  }));

const populationSchema = z.record(
  z.string().min(1),
  z
    .record(z.string().min(1), z.number().min(0).max(1))
    .refine((shares) => Math.abs(Object.values(shares).reduce((a, b) => a + b, 0) - 1) < 1e-6, {
      error: 'expected shares that sum to 1',
    }),
);

const auditSchema = z.strictObject({
  prompts: positive.default(48),
  /** Replies per prompt and snapshot for the sampled probes. */
  samples: positive.default(8),
  /**
   * Whom the reward is to speak for, by what raters say of themselves: { region: { north: 0.4, south: 0.6 } }. The shares of an
   * attribute sum to 1. Simulated raters are of a group: { group: { plain: 0.5, warm: 0.5 } }.
   */
  population: populationSchema.optional(),
  /** Attacks on the policy that a red team, or a program, made: a file of `attacks` evidence (JSON Lines, docs/evidence.md). */
  attacks: z.string().min(1).optional(),
  /** Thresholds and settings of probes, by probe: { over-optimisation: { concern: 0.1 } }. */
  params: probeSettingsSchema.prefault({}),
  /** Exit code 1 when a finding is at least this bad, or when nothing could be assessed. */
  failOn: z.enum(['never', ...FAIL_ON]).default('never'),
  /** Challenges (R4) or probes (over-optimisation) that must be assessed and clear; exit code 1 otherwise. */
  require: z
    .array(z.string().refine(isRequirable, { error: 'expected a challenge such as R4, or a probe' }))
    .default([]),
});

const declarationSchema = z.strictObject({
  text: z.string().min(1),
  author: z.string().min(1),
  date: z.iso.date(),
  /** Digest of the data that the text is about (`digest` in data.json): the run refuses it for other data. */
  data: z.string().min(1).optional(),
  /** Numbers in the text, with the place of the evidence: a contradiction fails the disclosure. All decimals count. */
  claims: z
    .array(
      z.strictObject({
        file: z.string(),
        pointer: z.string(),
        value: z.union([z.number(), z.string().regex(/^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i, 'expected a number')]),
      }),
    )
    .optional(),
  /** What is to be done after, by whom and by when; and which signal of `goodhart lab monitors` it watches, whose rates are told. */
  plan: z
    .array(
      z.strictObject({
        what: z.string().min(1),
        owner: z.string().min(1),
        by: z.iso.date(),
        watches: z.enum(SIGNAL_IDS as [SignalId, ...SignalId[]]).optional(),
      }),
    )
    .min(1)
    .optional(),
});
/** Members of a configuration whose numbers say by their zeros how exact they are meant: a claim of 0.80 is not one of 0.8. */
export const AS_WRITTEN: readonly string[] = ['claims'];

/** Statements by people, by disclosure item. */
export const declarationsSchema = z.partialRecord(z.enum(DISCLOSURE_IDS), declarationSchema);

/** Engines that a run can be given; which one each is stands where the command line chooses. */
export const ENGINE_KINDS = ['embedded', 'tinker'] as const;
export type EngineKind = (typeof ENGINE_KINDS)[number];

/** A server of the Tinker protocol. Its key is `TINKER_API_KEY` of the environment, and nowhere written. */
const tinkerSchema = z.strictObject({
  url: z.url({ protocol: /^https?$/ }).refine((url) => new URL(url).username === '' && new URL(url).password === '', {
    error: 'expected an address without a name and a password, which would be published; set TINKER_API_KEY',
  }),
  /** Base model by the server's name; without it the server makes one of the sizes of `base`, as `goodhart engine serve` does. */
  model: z.string().min(1).optional(),
  /** Most tokens that the run may ask for each time it is started; an estimate beyond it is refused before anything is sent. */
  budget: positive.optional(),
  /** What the server takes for a million tokens, as its operator says: estimates are then told in money too. */
  prices: z
    .strictObject({
      trained: z.number().nonnegative(),
      read: z.number().nonnegative(),
      sampled: z.number().nonnegative(),
      currency: z.string().min(1).default('USD'),
    })
    .optional(),
});

/** How the engines compute; the results are the same on the CPU, up to the order of sums. */
const engineSchema = z.strictObject({
  /** Who computes the base model and the policy, and who the rewards. */
  policy: z.enum(ENGINE_KINDS).default('embedded'),
  /** A server computes rewards that read log-probabilities alone: it has no scalar head. */
  reward: z.enum(ENGINE_KINDS).default('embedded'),
  tinker: tinkerSchema.optional(),
  /** Threads inside one operator. */
  threads: positive.default(2),
  /** In order of preference. Without a device `webgpu` says so and the run goes on on the CPU. */
  providers: z
    .array(z.enum(['cpu', 'webgpu']))
    .min(1)
    .default(['cpu']),
  /** Most tokens of one pass; larger batches are divided and their gradients added, so that activations fit into memory. */
  tokensPerPass: positive.default(4096),
});

export const configSchema = z.strictObject({
  /** Also names the run folder. */
  name: z.string().regex(/^[\w][\w .-]*$/, 'expected letters, digits, spaces, dots and dashes'),
  seed: z.int().nonnegative().default(1),
  data: dataSchema,
  /**
   * How often feedback is collected on the latest policy, the reward fitted again on all of it, and the base model optimised
   * again. Every round asks for `feedback.pairs` pairs; a round's files lie below `rounds/`, those of the last at the top.
   */
  rounds: positive.default(1),
  engine: engineSchema.prefault({}),
  base: baseSchema.optional(),
  feedback: feedbackSchema.optional(),
  reward: rewardSchema.prefault({}),
  policy: policySchema.optional(),
  audit: auditSchema.prefault({}),
  /** Statements by people for disclosure items that no evidence can fill, by item id D1 to D11. */
  declarations: declarationsSchema.default({}),
});
export type PipelineConfig = z.infer<typeof configSchema>;
