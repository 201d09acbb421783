import { z } from 'zod';
import type { Engine, TrainableModel } from '../engine/index.ts';
import { DataError, lazily } from '../run/index.ts';
import { readJson, writeJson } from '../run/node.ts';
import { createCodec, createTokenizer } from '../text/index.ts';
import { createEnsemble, type Risk, riskSchema } from './ensemble.ts';
import { FAMILIES, type Member } from './families.ts';
import type { LoadContext, SaveContext } from './family.ts';
import { type Groups, groupsSchema } from './people/groups.ts';
import { type People, peopleSchema } from './people/people.ts';
import { type Reading, readingSchema } from './reading.ts';
import { closeReference, openReference, type Reference } from './reference.ts';
import type { FittedReward, RewardModel } from './reward-model.ts';

/** Tokenizer and lengths of the base model of members that are networks. */
const textSchema = z.strictObject({
  tokenizer: z.record(z.string(), z.unknown()),
  maxPrompt: z.int().positive(),
  maxReply: z.int().positive(),
});
export type RewardText = z.infer<typeof textSchema>;

/** Folder layout: `card.json`, and beside it per member that is a network a checkpoint. */
const cardSchema = z.strictObject({
  format: z.literal('goodhart-reward-2'),
  risk: riskSchema,
  members: z
    .array(
      z.discriminatedUnion('family', [
        z.strictObject({ family: z.literal('linear'), ...FAMILIES.linear.card.shape }),
        z.strictObject({ family: z.literal('transformer'), ...FAMILIES.transformer.card.shape }),
        z.strictObject({ family: z.literal('log-ratio'), ...FAMILIES['log-ratio'].card.shape }),
        z.strictObject({ family: z.literal('two-token'), ...FAMILIES['two-token'].card.shape }),
        z.strictObject({ family: z.literal('head'), ...FAMILIES.head.card.shape }),
      ]),
    )
    .min(1),
  text: textSchema.optional(),
  /** How answers were read when it was fitted: others are evaluated the same way. */
  reading: readingSchema.optional(),
  /** The people whose answers it was fitted to, where each was fitted beside it. */
  people: peopleSchema.optional(),
  /** The groups of raters that have a reward each: members are as many for each of an ensemble, in their order. */
  groups: groupsSchema.optional(),
});
type Card = z.infer<typeof cardSchema>;

function cardOf(member: Member, context: SaveContext): Promise<Card['members'][number]> {
  const { family } = member;
  switch (family) {
    case 'linear':
      return FAMILIES.linear.save(member, context).then((card) => ({ family, ...card }));
    case 'transformer':
      return FAMILIES.transformer.save(member, context).then((card) => ({ family, ...card }));
    case 'log-ratio':
      return FAMILIES['log-ratio'].save(member, context).then((card) => ({ family, ...card }));
    case 'two-token':
      return FAMILIES['two-token'].save(member, context).then((card) => ({ family, ...card }));
    case 'head':
      return FAMILIES.head.save(member, context).then((card) => ({ family, ...card }));
  }
}

function memberOf({ family, ...card }: Card['members'][number], context: LoadContext): Promise<FittedReward> {
  // The card of a family has been parsed by its own schema.
  return FAMILIES[family].load(card as never, context);
}

interface SaveOptions {
  readonly risk?: Risk;
  readonly text?: RewardText;
  readonly reading?: Reading;
}

/** What `card.json` says of an ensemble; weights go below `folder`. */
export async function rewardCard(
  folder: string,
  members: readonly Member[],
  { risk = 'mean', text, reading }: SaveOptions = {},
): Promise<object> {
  const cards: Card['members'] = [];
  const saved = new Set<string>();
  const shared = async (name: string, model: TrainableModel) => {
    if (!saved.has(name)) await model.saveState(`${folder}/${name}`);
    saved.add(name);
  };
  for (const [i, member] of members.entries())
    cards.push(await cardOf(member, { folder, name: `member-${i}`, shared }));
  return {
    format: 'goodhart-reward-2',
    risk,
    members: cards,
    ...(text !== undefined && { text }),
    ...(reading !== undefined && { reading }),
    ...(members[0]?.people !== undefined && { people: members[0].people }),
    ...(members[0]?.groups !== undefined && { groups: members[0].groups }),
  } satisfies Card;
}

/** Writes an ensemble (of one or more members) with its normalisers. `text` is needed with members that are networks. */
export async function saveReward(folder: string, members: readonly Member[], options: SaveOptions = {}): Promise<void> {
  writeJson(`${folder}/card.json`, await rewardCard(folder, members, options));
}

function readCard(path: string): Card {
  let raw: unknown;
  try {
    raw = readJson(path);
  } catch (cause) {
    if (!(cause instanceof DataError) || cause.code !== 'json') throw cause;
    throw new DataError('reward', `${path}: expected JSON, got a torn or altered file`, { cause });
  }
  const parsed = cardSchema.safeParse(raw);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new DataError(
    'reward',
    `${path}: expected a reward model (goodhart-reward-2); ${issue!.path.join('.') || 'file'}: ${issue!.message}; fit it again`,
  );
}

/** A reward as it was saved, with its members, and how the answers that it was fitted to were read. */
export interface LoadedReward extends RewardModel {
  readonly members: readonly FittedReward[];
  readonly reading: Partial<Reading>;
  /** The people whose answers it was fitted to, where each was fitted beside it. */
  readonly people?: People;
  /** The groups of raters that have a reward each. */
  readonly groups?: Groups;
}

/** Reads what `saveReward` wrote; scores are the same numbers. */
export async function loadReward(
  folder: string,
  makeEngine: () => Engine,
  options: { risk?: Risk } = {},
): Promise<LoadedReward> {
  const path = `${folder}/card.json`;
  const { members: cards, risk, text, reading = {}, people, groups } = readCard(path);
  if (groups !== undefined && cards.length % groups.groups.length !== 0)
    throw new DataError(
      'reward',
      `${path}: expected members for each of ${groups.groups.length} groups, got ${cards.length}; fit it again`,
    );
  let engine: Engine | undefined;
  const shared = new Map<string, Promise<Reference>>();
  const context: LoadContext = {
    folder,
    engine: () => (engine ??= makeEngine()),
    codec: lazily(() => {
      if (text === undefined)
        throw new DataError('reward', `${path}: expected the tokenizer of its members, got none; fit it again`);
      const { tokenizer, ...limits } = text;
      return createCodec(createTokenizer(tokenizer), limits);
    }),
    shared(spec, name) {
      const opened = shared.get(name) ?? openReference(context.engine(), spec, `${folder}/${name}`);
      shared.set(name, opened);
      return opened;
    },
  };
  const members: FittedReward[] = [];
  for (const [i, card] of cards.entries()) {
    const member = await memberOf(card, context);
    members.push({
      ...member,
      ...(people !== undefined && { people }),
      ...(groups !== undefined && { groups, group: groups.groups[i % groups.groups.length]! }),
    });
  }
  const ensemble = createEnsemble(members, options.risk ?? risk);
  return {
    ...ensemble,
    members,
    reading,
    ...(people !== undefined && { people }),
    ...(groups !== undefined && { groups }),
    async dispose() {
      await ensemble.dispose();
      for (const opened of shared.values()) await closeReference(await opened);
      await engine?.dispose();
    },
  };
}
