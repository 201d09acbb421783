import { z } from 'zod';
import { loraSchema } from '../engine/index.ts';
import { UsageError, variantSchema } from '../run/index.ts';
import { createRng } from '../stats/index.ts';
import { riskSchema } from './ensemble.ts';
import { defineFamily, type FitContext } from './family.ts';
import { fitLinearReward, linearFromState, linearStateSchema } from './fit/linear.ts';
import { fitTransformerReward, transformerReward } from './fit/transformer.ts';
import { normaliserSchema } from './normaliser.ts';
import type { Observation } from './observation.ts';
import { readingSchema, resampleItems } from './observe.ts';

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
  async fit(observations, { ridge, order }, { position, reference }) {
    return fitLinearReward(observations, { ridge, order, position, reference });
  },
  card: linearStateSchema,
  save: async ({ state }) => state,
  load: async (state) => linearFromState(state),
});

const transformer = defineFamily({
  id: 'transformer',
  title: 'a scalar head on the base model, at the end of prompt and reply',
  config: z.strictObject({
    /** Members start from the base model's weights, or from fresh ones. */
    from: z.enum(['base', 'scratch']).default('base'),
    /** Members train adapters and the scalar head only. */
    lora: loraSchema.optional(),
    epochs: z.int().positive().default(3),
    /** Items per step. */
    batch: z.int().positive().default(32),
    learningRate: z.number().positive().default(1e-3),
  }),
  needsBase: true,
  seesPrompt: true,
  async fit(observations, { from, lora, ...training }, { network, ...context }) {
    if (network === undefined)
      throw new UsageError('config', 'transformer rewards start from a base model; add base: {}, or use family linear');
    const { engine, base } = network;
    const start = from === 'base' ? { from: base.folder } : {};
    return fitTransformerReward(engine, observations, {
      ...context,
      ...training,
      ...start,
      spec: base.spec(lora),
      codec: base.codec,
    });
  },
  card: z.strictObject({
    /** What the engine makes the model from. */
    spec: z.record(z.string(), z.unknown()),
    normaliser: normaliserSchema,
    nuisances: z.array(z.tuple([z.string(), z.number()])),
    /** Subfolder with the weights. */
    folder: z.string().regex(/^[\w-]+$/),
  }),
  async save({ model, normaliser, nuisances }, folder, name) {
    await model.saveState(`${folder}/${name}`);
    return { spec: { ...model.spec }, normaliser, nuisances: [...nuisances], folder: name };
  },
  async load({ spec, normaliser, nuisances, folder: name }, { folder, engine, codec }) {
    // The engine checks a description itself; what is no description is refused there by name.
    const model = await engine().createModel(
      spec as unknown as Parameters<ReturnType<typeof engine>['createModel']>[0],
    );
    await model.loadState(`${folder}/${name}`);
    return transformerReward(model, { codec: codec(), normaliser, nuisances: new Map(nuisances) });
  },
});

/** The families of reward models. */
export const FAMILIES = { linear, transformer } as const;
export type FamilyId = keyof typeof FAMILIES;
export const FAMILY_IDS = Object.keys(FAMILIES) as FamilyId[];

/** A fitted member of any family. */
export type Member = { [F in FamilyId]: Awaited<ReturnType<(typeof FAMILIES)[F]['fit']>> }[FamilyId];

/** Configuration of a reward: a union by `family`, so that a key which the chosen one does not read is refused by name. */
export const rewardSchema = variantSchema('family', {
  variants: { linear: linear.config, transformer: transformer.config } satisfies { [F in FamilyId]: z.ZodObject },
  standard: 'linear',
  common: z.strictObject({
    /** Members of the ensemble; each has its own seed and, with more than one, its own resample of the items. */
    members: z.int().positive().default(3),
    /** How the members become one score, for the policy and for whoever asks. */
    risk: riskSchema.default('mean'),
    /** Estimate a first-shown bonus beside the reward, so that position bias stays out of it. */
    position: z.boolean().default(true),
    ...readingSchema.shape,
  }),
});
export type RewardConfig = z.infer<typeof rewardSchema>;

/** Fits one member of the configured family. */
export async function fitMember(
  observations: readonly Observation[],
  config: RewardConfig,
  context: Omit<FitContext, 'position'>,
): Promise<Member> {
  const own = { ...context, position: config.position };
  // A union of calls: each family gets its own configuration.
  return config.family === 'linear'
    ? FAMILIES.linear.fit(observations, config, own)
    : FAMILIES.transformer.fit(observations, config, own);
}

/**
 * Fits the members of the configured ensemble, one after the other. With more than one, each has its own seed and its own
 * resample of the items; `contextOf` says what the fit of a member may use beside that.
 */
export async function fitMembers(
  observations: readonly Observation[],
  config: RewardConfig,
  { seed, contextOf }: { seed: number; contextOf(member: number): Omit<FitContext, 'position' | 'seed'> },
): Promise<Member[]> {
  const members: Member[] = [];
  for (let m = 0; m < config.members; m++) {
    const rng = createRng(seed).fork(`reward/${m}`);
    const own = config.members === 1 ? observations : resampleItems(observations, rng);
    members.push(await fitMember(own, config, { ...contextOf(m), seed: seed + 101 * (m + 1) }));
  }
  return members;
}
