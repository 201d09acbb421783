import { z } from 'zod';
import { loraSchema, modelSpecSchema } from '../engine/index.ts';
import { ignoreProgress, UsageError, variantSchema } from '../run/index.ts';
import { createRng } from '../stats/index.ts';
import { riskSchema } from './ensemble.ts';
import { defineFamily, type FitContext } from './family.ts';
import { fitHeadReward, headFits, headFromState, headStateSchema } from './fit/head.ts';
import { fitLinearReward, linearFits, linearFromState, linearStateSchema } from './fit/linear.ts';
import { fitLogRatioReward, logRatioReward } from './fit/log-ratio.ts';
import { fitTransformerReward, transformerReward } from './fit/transformer.ts';
import { LIKELIHOODS } from './likelihood/index.ts';
import { normaliserSchema } from './normaliser.ts';
import type { Observation } from './observation.ts';
import { resampleItems } from './observe.ts';
import { fitPeople, type Refits } from './people/fit-people.ts';
import { heardBy, type People } from './people/people.ts';
import { readingSchema } from './reading.ts';
import type { RewardBase } from './reward-base.ts';
import type { FittedReward } from './reward-model.ts';

const linear = defineFamily({
  id: 'linear',
  title: 'hashed word n-grams and surface measures of the reply',
  config: z.strictObject({
    /** Strength of the L2 penalty on every weight. */
    ridge: z.number().positive().default(30),
    /** Longest word n-gram. */
    order: z.int().positive().default(2),
  }),
  needsBase: false,
  seesPrompt: false,
  levels: true,
  ownSpread: false,
  async fit(observations, { ridge, order }, { position, reference }) {
    return fitLinearReward(observations, { ridge, order, position, reference });
  },
  refits: async (observations, { ridge, order }, { position }) => linearFits(observations, { ridge, order, position }),
  card: linearStateSchema,
  save: async ({ state }) => state,
  load: async (state) => linearFromState(state),
});

/** How networks are trained, with the rate that suits a family. */
const training = (learningRate: number) => ({
  /** Members train adapters (and a scalar head, where there is one) only. */
  lora: loraSchema.optional(),
  epochs: z.int().positive().default(3),
  /** Items per step. */
  batch: z.int().positive().default(32),
  learningRate: z.number().positive().default(learningRate),
});

/** What cards of networks have in common. */
const networkCard = {
  spec: modelSpecSchema,
  normaliser: normaliserSchema,
  nuisances: z.array(z.tuple([z.string(), z.number()])),
  /** Subfolder with the weights. */
  folder: z.string().regex(/^[\w-]+$/),
};
function baseOf({ base }: FitContext, family: string): RewardBase {
  if (base !== undefined) return base;
  throw new UsageError(
    'config',
    `${family} rewards start from a base model; add base: {}, or set reward.family: linear`,
  );
}

const transformer = defineFamily({
  id: 'transformer',
  title: 'a scalar head on the base model, at the end of prompt and reply',
  config: z.strictObject({
    /** Members start from the base model's weights, or from fresh ones. */
    from: z.enum(['base', 'scratch']).default('base'),
    ...training(1e-3),
  }),
  needsBase: true,
  seesPrompt: true,
  levels: true,
  ownSpread: false,
  async fit(observations, { from, lora, ...rest }, context) {
    const { engine, spec, folder, codec } = baseOf(context, 'transformer');
    const start = from === 'base' ? { from: folder } : {};
    return fitTransformerReward(engine, observations, { ...context, ...rest, ...start, spec: spec(lora), codec });
  },
  card: z.strictObject(networkCard),
  async save({ model, normaliser, nuisances }, { folder, name }) {
    await model.saveState(`${folder}/${name}`);
    return { spec: model.spec, normaliser, nuisances: [...nuisances], folder: name };
  },
  async load({ spec, normaliser, nuisances, folder: name }, { folder, engine, codec }) {
    const model = await engine().createModel(spec);
    await model.loadState(`${folder}/${name}`);
    return transformerReward(model, { codec: codec(), normaliser, nuisances: new Map(nuisances) });
  },
});

/** Subfolder of the model that log-ratio members are relative to. */
const REFERENCE = 'reference';

const logRatio = defineFamily({
  id: 'log-ratio',
  title: 'how much likelier a reply became than under the base model',
  config: z.strictObject({
    /** Log-odds of a nat: the larger, the less the weights have to move. */
    beta: z.number().positive().default(3),
    ...training(5e-4),
  }),
  needsBase: true,
  seesPrompt: true,
  // A policy's probabilities sum to one prompt by prompt, whatever its replies are worth: log-ratios are known up to a number of the prompt.
  levels: false,
  ownSpread: false,
  async fit(observations, { lora, ...rest }, context) {
    const { engine, spec, folder, codec, reference } = baseOf(context, 'log-ratio');
    const relativeTo = await reference();
    return fitLogRatioReward(engine, observations, {
      ...context,
      ...rest,
      from: folder,
      spec: spec(lora),
      codec,
      relativeTo,
    });
  },
  card: z.strictObject({
    ...networkCard,
    beta: z.number().positive(),
    /** Description of the model that all members are relative to. */
    reference: modelSpecSchema,
  }),
  async save({ model, relativeTo, beta, normaliser, nuisances }, { folder, name, shared }) {
    await model.saveState(`${folder}/${name}`);
    await shared(REFERENCE, relativeTo.model);
    return {
      spec: model.spec,
      reference: relativeTo.model.spec,
      beta,
      normaliser,
      nuisances: [...nuisances],
      folder: name,
    };
  },
  async load({ spec, reference, beta, normaliser, nuisances, folder: name }, { folder, engine, codec, shared }) {
    const relativeTo = await shared(reference, REFERENCE);
    const model = await engine().createModel(spec);
    await model.loadState(`${folder}/${name}`);
    return logRatioReward(model, { codec: codec(), relativeTo, beta, normaliser, nuisances: new Map(nuisances) });
  },
});

const head = defineFamily({
  id: 'head',
  title: 'a linear head on frozen hidden states and log-probabilities of the base model, with its posterior as spread',
  config: z.strictObject({
    /** Strength of the L2 penalty on every weight, of features of deviation 1. */
    ridge: z.number().positive().default(30),
  }),
  needsBase: true,
  seesPrompt: true,
  levels: true,
  ownSpread: true,
  async fit(observations, { ridge }, context) {
    const { codec, reference } = baseOf(context, 'head');
    const { position, reference: replies } = context;
    return fitHeadReward(observations, { ridge, codec, position, reference: replies, relativeTo: await reference() });
  },
  async refits(observations, { ridge }, context) {
    const { codec, reference } = baseOf(context, 'head');
    return headFits(observations, { ridge, codec, position: context.position, relativeTo: await reference() });
  },
  card: z.strictObject({ ...headStateSchema.shape, reference: modelSpecSchema }),
  async save({ state, relativeTo }, { shared }) {
    await shared(REFERENCE, relativeTo.model);
    return { ...state, reference: relativeTo.model.spec };
  },
  async load({ reference, ...state }, { codec, shared }) {
    return headFromState(state, { relativeTo: await shared(reference, REFERENCE), codec: codec() });
  },
});

/** The families of reward models. */
export const FAMILIES = { linear, transformer, 'log-ratio': logRatio, head } as const;
export type FamilyId = keyof typeof FAMILIES;
export const FAMILY_IDS = Object.keys(FAMILIES) as FamilyId[];

/** A fitted member of any family. */
export type Member = { [F in FamilyId]: Awaited<ReturnType<(typeof FAMILIES)[F]['fit']>> }[FamilyId];

/** Configuration of a reward: a union by `family`, so that a key which the chosen one does not read is refused by name. */
export const rewardSchema = variantSchema('family', {
  variants: {
    linear: linear.config,
    transformer: transformer.config,
    'log-ratio': logRatio.config,
    head: head.config,
  } satisfies {
    [F in FamilyId]: z.ZodObject;
  },
  standard: 'linear',
  common: z.strictObject({
    /** Members of the ensemble; each has its own seed and, with more than one, its own resample of the items. */
    members: z.int().positive().default(3),
    /** How the members become one score, for the policy and for whoever asks. */
    risk: riskSchema.default('mean'),
    /** Estimate a first-shown bonus beside the reward, so that position bias stays out of it. */
    position: z.boolean().default(true),
    /**
     * What is made of raters who differ: `noise` about one reward, or each `per-rater` with a rationality, a bonus of standing first
     * and of length, and lapses of their own, fitted with the reward and pulled to what raters are like (empirical Bayes).
     */
    disagreement: z.enum(['noise', 'per-rater']).default('noise'),
    ...readingSchema.shape,
  }),
});
export type RewardConfig = z.infer<typeof rewardSchema>;

/** Refuses, by name, kinds of answers that the configured family cannot carry. */
export function refuseKinds(
  observations: readonly Pick<Observation, 'kind'>[],
  { family }: Pick<RewardConfig, 'family'>,
): void {
  if (FAMILIES[family].levels) return;
  const kinds = [...new Set(observations.map(({ kind }) => kind))].filter((kind) => !LIKELIHOODS[kind].shiftInvariant);
  if (kinds.length === 0) return;
  const able = FAMILY_IDS.filter((id) => FAMILIES[id].levels);
  throw new UsageError(
    'reward.family',
    `reward.family ${family}: its rewards of different prompts share no level, which answers of kind ${kinds.join(', ')} speak of; choose ${able.join(', ')}, or read only other kinds (reward.kinds)`,
  );
}

type MemberContext = Omit<FitContext, 'position'>;

function fitOne(observations: readonly Observation[], config: RewardConfig, context: MemberContext): Promise<Member> {
  const own = { ...context, position: config.position };
  switch (config.family) {
    case 'linear':
      return FAMILIES.linear.fit(observations, config, own);
    case 'transformer':
      return FAMILIES.transformer.fit(observations, config, own);
    case 'log-ratio':
      return FAMILIES['log-ratio'].fit(observations, config, own);
    case 'head':
      return FAMILIES.head.fit(observations, config, own);
  }
}

/** Turns between a network and the raters: each is a training of its own, and the second hardly moves them. */
const NETWORK_TURNS = 2;

function refitsOf(observations: readonly Observation[], config: RewardConfig, context: MemberContext): Promise<Refits> {
  // What is fitted on the way is no member: it has no reference replies, no checkpoints and no curve.
  const { checkpoints: _, ...rest } = context;
  const own = { ...rest, reference: [], progress: ignoreProgress, position: config.position };
  switch (config.family) {
    case 'linear':
      return FAMILIES.linear.refits!(observations, config, own);
    case 'head':
      return FAMILIES.head.refits!(observations, config, own);
    case 'transformer':
    case 'log-ratio':
      return Promise.resolve({ turns: NETWORK_TURNS, fit: (heard) => fitOne(heard, config, own) });
  }
}

/** The people behind some answers, where the configuration asks for them. */
async function peopleBehind(
  observations: readonly Observation[],
  config: RewardConfig,
  context: MemberContext,
): Promise<People | undefined> {
  if (config.disagreement !== 'per-rater') return undefined;
  if (new Set(observations.map(({ raterId }) => raterId)).size < 2)
    throw new UsageError(
      'reward.disagreement',
      'reward.disagreement per-rater: expected answers of two raters or more, got those of one; set disagreement: noise',
    );
  return fitPeople(observations, await refitsOf(observations, config, context));
}

const withPeople = (member: Member, people: People | undefined): Member =>
  people === undefined ? member : { ...member, people };

/** Answers as the raters that some members know hear them. */
export const asHeard = (
  observations: readonly Observation[],
  members: readonly Pick<FittedReward, 'people'>[],
): readonly Observation[] => {
  const people = members[0]?.people;
  return people === undefined ? observations : heardBy(observations, people);
};

/** Fits one member of the configured family. */
export async function fitMember(
  observations: readonly Observation[],
  config: RewardConfig,
  context: MemberContext,
): Promise<Member> {
  refuseKinds(observations, config);
  const people = await peopleBehind(observations, config, context);
  const heard = people === undefined ? observations : heardBy(observations, people);
  return withPeople(await fitOne(heard, config, context), people);
}

/**
 * Fits the members of the configured ensemble, one after the other. With more than one, each has its own seed and its own
 * resample of the items; `contextOf` says what the fit of a member may use beside that. The people behind the answers are fitted
 * once, to all of them.
 */
export async function fitMembers(
  observations: readonly Observation[],
  config: RewardConfig,
  { seed, contextOf }: { seed: number; contextOf(member: number): Omit<FitContext, 'position' | 'seed'> },
): Promise<Member[]> {
  refuseKinds(observations, config);
  const seedOf = (m: number) => seed + 101 * (m + 1);
  const people = await peopleBehind(observations, config, { ...contextOf(0), seed: seedOf(0) });
  const heard = people === undefined ? observations : heardBy(observations, people);
  const members: Member[] = [];
  for (let m = 0; m < config.members; m++) {
    const rng = createRng(seed).fork(`reward/${m}`);
    const own = config.members === 1 ? heard : resampleItems(heard, rng);
    members.push(withPeople(await fitOne(own, config, { ...contextOf(m), seed: seedOf(m) }), people));
  }
  return members;
}
