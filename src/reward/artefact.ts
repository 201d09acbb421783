import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { Engine } from '../engine/index.ts';
import { DataError } from '../run/index.ts';
import { onPath, writeJson } from '../run/node.ts';
import { createCodec, createTokenizer } from '../text/index.ts';
import { createEnsemble, type Risk, riskSchema } from './ensemble.ts';
import { FAMILIES, type Member } from './families.ts';
import type { RewardModel } from './reward-model.ts';

/** Tokenizer and lengths of the base model of transformer members. */
const textSchema = z.strictObject({
  tokenizer: z.record(z.string(), z.unknown()),
  maxPrompt: z.int().positive(),
  maxReply: z.int().positive(),
});
export type RewardText = z.infer<typeof textSchema>;

/** Folder layout: `card.json`, and beside it per transformer member a checkpoint. */
const cardSchema = z.strictObject({
  format: z.literal('goodhart-reward-2'),
  risk: riskSchema,
  members: z
    .array(
      z.discriminatedUnion('family', [
        z.strictObject({ family: z.literal('linear'), ...FAMILIES.linear.card.shape }),
        z.strictObject({ family: z.literal('transformer'), ...FAMILIES.transformer.card.shape }),
      ]),
    )
    .min(1),
  text: textSchema.optional(),
});
type Card = z.infer<typeof cardSchema>;

/** Writes an ensemble (of one or more members) with its normalisers. `text` is needed with transformer members. */
export async function saveReward(
  folder: string,
  members: readonly Member[],
  options: { risk?: Risk; text?: RewardText } = {},
): Promise<void> {
  const cards: Card['members'] = [];
  for (const [i, member] of members.entries()) {
    const name = `member-${i}`;
    if (member.family === 'linear')
      cards.push({ family: 'linear', ...(await FAMILIES.linear.save(member, folder, name)) });
    else cards.push({ family: 'transformer', ...(await FAMILIES.transformer.save(member, folder, name)) });
  }
  const { risk = 'mean', text } = options;
  writeJson(`${folder}/card.json`, {
    format: 'goodhart-reward-2',
    risk,
    members: cards,
    ...(text !== undefined && { text }),
  } satisfies Card);
}

function readCard(path: string): Card {
  let raw: unknown;
  try {
    raw = JSON.parse(onPath(path, () => readFileSync(path, 'utf8')));
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
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

/** Reads what `saveReward` wrote; scores are the same numbers. */
export async function loadReward(
  folder: string,
  makeEngine: () => Engine,
  options: { risk?: Risk } = {},
): Promise<RewardModel> {
  const path = `${folder}/card.json`;
  const { members: cards, risk, text } = readCard(path);
  let engine: Engine | undefined;
  const context = {
    folder,
    engine: () => (engine ??= makeEngine()),
    codec() {
      if (text === undefined)
        throw new DataError(
          'reward',
          `${path}: expected the tokenizer of a transformer member, got none; fit it again`,
        );
      const { tokenizer, ...limits } = text;
      return createCodec(createTokenizer(tokenizer), limits);
    },
  };
  const members: RewardModel[] = [];
  for (const card of cards) {
    if (card.family === 'linear') {
      const { family: _, ...own } = card;
      members.push(await FAMILIES.linear.load(own, context));
    } else {
      const { family: _, ...own } = card;
      members.push(await FAMILIES.transformer.load(own, context));
    }
  }
  const ensemble = createEnsemble(members, options.risk ?? risk);
  return {
    ...ensemble,
    async dispose() {
      await ensemble.dispose();
      await engine?.dispose();
    },
  };
}
