import { readJson } from '../disclosure/index.ts';
import type { Item, PreferencePair } from '../feedback/index.ts';
import { toPairs } from '../feedback/index.ts';
import {
  createEnsemble,
  evaluateScores,
  fitLinearReward,
  fitTransformerReward,
  type LinearRewardModel,
  loadReward,
  type RewardEvaluation,
  type RewardModel,
  resampleItems,
  type ScoredPair,
  saveReward,
  scorePairs,
  type TransformerRewardModel,
} from '../reward/index.ts';
import { createRng, mean } from '../stats/index.ts';
import type { Base } from './base-stage.ts';
import type { Feedback } from './feedback-stage.ts';
import { pathIn, type RunContext, stage, writeRunJson } from './run-context.ts';
import { RUN_FILES } from './run-folder.ts';
import type { Source } from './sources.ts';

export interface Reward {
  readonly model: RewardModel;
  readonly evaluation: RewardEvaluation;
}

type Member = LinearRewardModel | TransformerRewardModel;

/** Replies on which scores are normalised: those of the training items, by prompt. */
function referenceReplies(items: readonly Item[], most: number): { prompt: string; replies: string[] }[] {
  return items
    .slice(0, most)
    .map((item) => ({ prompt: item.prompt, replies: item.replies.map((reply) => reply.text) }));
}

async function fitMembers(
  context: RunContext,
  pairs: readonly PreferencePair[],
  items: readonly Item[],
  base: Base | undefined,
): Promise<Member[]> {
  const { config, engine, progress } = context;
  const { reward, seed } = config;
  const members: Member[] = [];
  for (let m = 0; m < reward.members; m++) {
    const rng = createRng(seed).fork(`reward/${m}`);
    const own = reward.members === 1 ? pairs : resampleItems(pairs, rng);
    const reference = referenceReplies(items, 300);
    if (reward.family === 'linear') {
      members.push(
        fitLinearReward(own, { ridge: reward.ridge, order: reward.order, position: reward.position, reference }),
      );
      progress({ stage: 'reward', done: m + 1, total: reward.members, unit: 'members' });
    } else {
      const { spec, codec, folder } = base!;
      const { epochs, batch, learningRate } = reward;
      const shared = { spec, codec, epochs, batch, learningRate, reference, progress, seed: seed + 101 * (m + 1) };
      const from = reward.from === 'base' ? { from: folder } : {};
      members.push(
        await fitTransformerReward(engine, own, { ...shared, ...from, stage: `reward ${m + 1}/${reward.members}` }),
      );
    }
  }
  return members;
}

/** Gold of an item as a comparison, where there is a decided one: what a cross-topic evaluation scores against. */
function goldPairs(items: readonly Item[]): PreferencePair[] {
  return items.flatMap((item): PreferencePair[] =>
    item.gold === 0 || item.gold === 1
      ? [
          {
            judgmentId: `${item.id}/gold`,
            itemId: item.id,
            raterId: 'gold',
            prompt: item.prompt,
            first: item.replies[0]!.text,
            second: item.replies[1]!.text,
            target: item.gold === 0 ? 1 : 0,
            weight: 1,
            firstShownFirst: true,
            strata: item.strata ?? {},
          },
        ]
      : [],
  );
}

/** Every topic left out in turn: fitted on the votes of the others, scored on the gold of its own. */
async function acrossTopics(
  context: RunContext,
  pairs: readonly PreferencePair[],
  items: readonly Item[],
): Promise<ScoredPair[]> {
  const { reward } = context.config;
  const topics = [...new Set(items.map((item) => item.strata?.topic ?? ''))].sort();
  const gold = goldPairs(items);
  const scored: ScoredPair[] = [];
  for (const [i, topic] of topics.entries()) {
    const model = fitLinearReward(
      pairs.filter((pair) => pair.strata.topic !== topic),
      { ridge: reward.ridge, order: reward.order, iterations: 40 },
    );
    scored.push(
      ...(await scorePairs(
        model,
        gold.filter((pair) => pair.strata.topic === topic),
      )),
    );
    context.progress({ stage: 'across', done: i + 1, total: topics.length, unit: 'topics' });
  }
  return scored;
}

/** Step 2: an ensemble fitted on training pairs, evaluated on pairs no member saw. */
export async function rewardStage(
  context: RunContext,
  source: Source,
  inputs: { feedback: Feedback; base: Base | undefined },
): Promise<Reward> {
  const { config } = context;
  const { feedback, base } = inputs;
  const folder = pathIn(context, RUN_FILES.rewardModel);
  await stage(context, 'reward', [`${RUN_FILES.rewardModel}/card.json`, RUN_FILES.rewardEvaluation], async () => {
    const { pairs } = toPairs(feedback.items, feedback.judgments);
    const heldOut = (pair: PreferencePair) => pair.strata.split === 'held-out';
    const byTopic = config.data.layout === 'convincing-arguments';
    const training = pairs.filter((pair) => !heldOut(pair));
    const items = feedback.items.filter((item) => item.strata?.split !== 'held-out');
    let evaluation: RewardEvaluation;
    if (byTopic) {
      const clusterOf = (pair: PreferencePair) => pair.strata.topic!;
      evaluation = evaluateScores(await acrossTopics(context, pairs, feedback.items), {
        seed: config.seed,
        strata: ['topic'],
        clusterOf,
      });
    }
    const members = await fitMembers(context, training, items, base);
    if (!byTopic) {
      const scored = await scorePairs(createEnsemble(members), pairs.filter(heldOut));
      const logOdds = mean(members.map((member) => ('state' in member ? member.state : member).normaliser.scale));
      evaluation = evaluateScores(scored, {
        seed: config.seed,
        logOdds,
        strata: source.world === undefined ? [] : ['belief'],
      });
    }
    const text = base === undefined ? {} : { text: { tokenizer: base.tokenizer.toJSON(), ...base.limits } };
    await saveReward(folder, members, text);
    for (const member of members) await member.dispose();
    writeRunJson(context, RUN_FILES.rewardEvaluation, withoutNaN(evaluation!));
  });
  return {
    model: await loadReward(folder, () => ({ ...context.engine, dispose: async () => {} })),
    evaluation: readJson(pathIn(context, RUN_FILES.rewardEvaluation)) as RewardEvaluation,
  };
}

/** Empty reliability bins have no means: JSON holds null there. */
export const withoutNaN = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_, v) => (typeof v === 'number' && !Number.isFinite(v) ? null : v)));
