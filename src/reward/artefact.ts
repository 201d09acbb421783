import { readFileSync } from 'node:fs';
import type { Engine, ModelSpec } from '../engine/index.ts';
import { DataError } from '../run/index.ts';
import { onPath, writeJson } from '../run/node.ts';
import { createCodec, createTokenizer } from '../text/index.ts';
import { type Aggregation, createEnsemble } from './ensemble.ts';
import { type LinearRewardModel, type LinearState, linearFromState } from './linear.ts';
import type { Normaliser } from './normaliser.ts';
import type { RewardModel } from './reward-model.ts';
import { type TransformerRewardModel, transformerReward } from './transformer.ts';

/** Folder layout: `card.json`, and beside it per transformer member a checkpoint and once the tokenizer. */
interface Card {
  readonly format: 'goodhart-reward-1';
  readonly aggregation: Aggregation;
  readonly members: readonly (
    | LinearState
    | {
        readonly kind: 'transformer';
        readonly spec: ModelSpec;
        readonly normaliser: Normaliser;
        readonly folder: string;
      }
  )[];
  readonly text?: {
    readonly tokenizer: Record<string, unknown>;
    readonly maxPrompt: number;
    readonly maxReply: number;
  };
}

/** Writes an ensemble (of one or more members) with its normalisers. `text` is needed with transformer members. */
export async function saveReward(
  folder: string,
  members: readonly (LinearRewardModel | TransformerRewardModel)[],
  options: { aggregation?: Aggregation; text?: Card['text'] } = {},
): Promise<void> {
  const cards: Card['members'][number][] = [];
  for (const [i, member] of members.entries()) {
    if ('state' in member) cards.push(member.state);
    else {
      await member.model.saveState(`${folder}/member-${i}`);
      const { normaliser, model } = member;
      cards.push({ kind: 'transformer', spec: model.spec, normaliser, folder: `member-${i}` });
    }
  }
  writeJson(`${folder}/card.json`, {
    format: 'goodhart-reward-1',
    aggregation: options.aggregation ?? { kind: 'mean' },
    members: cards,
    ...(options.text !== undefined && { text: options.text }),
  } satisfies Card);
}

/** Reads what `saveReward` wrote; scores are the same numbers. */
export async function loadReward(folder: string, makeEngine: () => Engine): Promise<RewardModel> {
  const path = `${folder}/card.json`;
  const card = JSON.parse(onPath(path, () => readFileSync(path, 'utf8'))) as Card;
  if (card.format !== 'goodhart-reward-1') {
    throw new DataError('reward', `${path}: expected a reward model (goodhart-reward-1), got ${String(card.format)}`);
  }
  const members: RewardModel[] = [];
  let engine: Engine | undefined;
  for (const member of card.members) {
    if (member.kind === 'linear') members.push(linearFromState(member));
    else {
      engine ??= makeEngine();
      const { tokenizer, ...limits } = card.text!;
      const model = await engine.createModel(member.spec);
      await model.loadState(`${folder}/${member.folder}`);
      members.push(await transformerReward(model, createCodec(createTokenizer(tokenizer), limits), member.normaliser));
    }
  }
  const ensemble = createEnsemble(members, card.aggregation);
  return {
    ...ensemble,
    async dispose() {
      await ensemble.dispose();
      await engine?.dispose();
    },
  };
}
