import { z } from 'zod';
import { loraSchema, modelSpecSchema } from '../engine/index.ts';
import { UsageError, variantSchema } from '../run/index.ts';
import { riskSchema } from './ensemble.ts';
import { defineFamily, type FitContext } from './family.ts';
import { fitHeadReward, headFits, headFromState, headStateSchema } from './fit/head.ts';
import { fitLinearReward, linearFits, linearFromState, linearStateSchema } from './fit/linear.ts';
import { fitLogRatioReward, logRatioReward } from './fit/log-ratio.ts';
import { fitTransformerReward, transformerReward } from './fit/transformer.ts';
import { fitTwoTokenReward, twoTokenReward } from './fit/two-token.ts';
import { LIKELIHOODS } from './likelihood/index.ts';
import { normaliserSchema } from './normaliser.ts';
import type { Observation } from './observation.ts';
import { disagreementSchema } from './people/disagreement.ts';
import { readingSchema } from './reading.ts';
import type { RewardBase } from './reward-base.ts';

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
  logprobsOnly: false,
  seesPrompt: false,
  levels: true,
  ownSpread: false,
  worths: true,
  async fit(observations, { ridge, order }, { position, reference, worth }) {
    return fitLinearReward(observations, { ridge, order, position, reference, ...(worth !== undefined && { worth }) });
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
  logprobsOnly: false,
  seesPrompt: true,
  levels: true,
  ownSpread: false,
  worths: false,
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
  logprobsOnly: true,
  seesPrompt: true,
  // A policy's probabilities sum to one prompt by prompt, whatever its replies are worth: log-ratios are known up to a number of the prompt.
  levels: false,
  ownSpread: false,
  worths: false,
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
  logprobsOnly: false,
  seesPrompt: true,
  levels: true,
  ownSpread: true,
  worths: false,
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

const twoToken = defineFamily({
  id: 'two-token',
  title: 'log-odds of two label tokens behind prompt and reply, for engines without a scalar head',
  config: z.strictObject({
    /** What a good and a bad reply are called; the first token of each counts. */
    labels: z.tuple([z.string().min(1), z.string().min(1)]).default(['good', 'bad']),
    ...training(1e-3),
  }),
  needsBase: true,
  logprobsOnly: true,
  seesPrompt: true,
  levels: true,
  ownSpread: false,
  worths: false,
  async fit(observations, { lora, ...rest }, context) {
    const { engine, spec, folder, codec } = baseOf(context, 'two-token');
    return fitTwoTokenReward(engine, observations, { ...context, ...rest, from: folder, spec: spec(lora), codec });
  },
  card: z.strictObject({ ...networkCard, tokens: z.tuple([z.int().nonnegative(), z.int().nonnegative()]) }),
  async save({ model, tokens, normaliser, nuisances }, { folder, name }) {
    await model.saveState(`${folder}/${name}`);
    return {
      spec: model.spec,
      tokens: [...tokens] as [number, number],
      normaliser,
      nuisances: [...nuisances],
      folder: name,
    };
  },
  async load({ spec, tokens, normaliser, nuisances, folder: name }, { folder, engine, codec }) {
    const model = await engine().createModel(spec);
    await model.loadState(`${folder}/${name}`);
    return twoTokenReward(model, { codec: codec(), tokens, normaliser, nuisances: new Map(nuisances) });
  },
});

/** The families of reward models. */
export const FAMILIES = { linear, transformer, 'log-ratio': logRatio, 'two-token': twoToken, head } as const;
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
    'two-token': twoToken.config,
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
     * What is made of raters who differ: `noise` about one reward; each `per-rater` with a rationality, a bonus of standing first
     * and of length, and lapses of their own, fitted with the reward and pulled to what raters are like (empirical Bayes);
     * `distributional`, where every reply has a distribution of what it is worth over people; or `groups` of raters with a reward
     * each, known or found.
     */
    disagreement: disagreementSchema.default('noise'),
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
