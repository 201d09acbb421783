import { type Item, type PreferencePair, toPairs } from '../feedback/index.ts';
import {
  createEnsemble,
  fitLinearReward,
  fitTransformerReward,
  type LinearRewardModel,
  loadReward,
  type RewardModel,
  resampleItems,
  saveReward,
  scorePairs,
  type TransformerRewardModel,
} from '../reward/index.ts';
import { UsageError } from '../run/index.ts';
import { createRng, mean } from '../stats/index.ts';
import type { Base } from './base-stage.ts';
import type { PipelineConfig } from './config.ts';
import type { Feedback } from './feedback-stage.ts';
import { withLora } from './lora.ts';
import {
  isHeldOut,
  leftOutStratum,
  loadEvaluation,
  pairsToScore,
  type RewardScores,
  rewardEvaluation,
  type StoredEvaluation,
  withoutNaN,
} from './reward-evaluation.ts';
import { checkpointsOf, pathIn, type RunContext, stage, writeRunJson } from './run-context.ts';
import { RUN_FILES } from './run-folder.ts';
import { foldOf, stratumValues } from './sources/index.ts';

export interface Reward {
  readonly model: RewardModel;
  readonly evaluation: StoredEvaluation;
}

type Member = LinearRewardModel | TransformerRewardModel;

/**
 * Replies on which scores are normalised, by prompt: the first training items where they were drawn at random, and items spread
 * evenly over data that come in an order of their own (topic by topic).
 */
function referenceReplies(
  { data }: PipelineConfig,
  items: readonly Item[],
  most: number,
): { prompt: string; replies: string[] }[] {
  const every = data.layout === 'ground' ? 1 : Math.max(1, Math.ceil(items.length / most));
  return items
    .filter((_, i) => i % every === 0)
    .slice(0, most)
    .map((item) => ({ prompt: item.prompt, replies: item.replies.map((reply) => reply.text) }));
}

const memberCheckpoints = (context: RunContext, member: number) =>
  checkpointsOf<never>(context, `${RUN_FILES.rewardMember}-${member}-`);

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
    const reference = referenceReplies(config, items, 300);
    if (reward.family === 'linear') {
      members.push(
        fitLinearReward(own, { ridge: reward.ridge, order: reward.order, position: reward.position, reference }),
      );
      progress({ stage: 'reward', done: m + 1, total: reward.members, unit: 'members' });
    } else {
      const { codec, folder } = base!;
      const spec = withLora(base!.spec, reward.lora, 'reward.lora');
      const { epochs, batch, learningRate } = reward;
      const shared = { spec, codec, epochs, batch, learningRate, reference, progress, seed: seed + 101 * (m + 1) };
      const from = reward.from === 'base' ? { from: folder } : {};
      const checkpoints = memberCheckpoints(context, m);
      const stage = `reward ${m + 1}/${reward.members}`;
      members.push(await fitTransformerReward(engine, own, { ...shared, ...from, stage, checkpoints }));
    }
  }
  return members;
}

/** Every value of a stratum left out in turn: fitted on the votes of the others, each of its own pairs scored once. */
async function scoredAcross(
  context: RunContext,
  stratum: string,
  { items, judgments }: Feedback,
  votes: readonly PreferencePair[],
): Promise<RewardScores> {
  const { reward } = context.config;
  const toScore = pairsToScore(context.config, items, judgments);
  const values = stratumValues(items, stratum, 'the data');
  const differences: number[] = [];
  for (const [i, value] of values.entries()) {
    context.progress({ stage: 'across', done: i, total: values.length, unit: 'folds' });
    const { scored, fitted } = foldOf(items, stratum, value);
    const model = fitLinearReward(
      votes.filter((pair) => fitted.has(pair.itemId)),
      { ridge: reward.ridge, order: reward.order, position: reward.position },
    );
    const own = toScore.filter((pair) => scored.has(pair.itemId));
    for (const { difference } of await scorePairs(model, own)) differences.push(difference);
  }
  context.progress({ stage: 'across', done: values.length, total: values.length, unit: 'folds' });
  return { logOdds: 1, differences };
}

/** Held-out pairs scored by the ensemble; one unit of its score is worth the members' mean scale in log-odds. */
async function scoredByEnsemble(members: readonly Member[], pairs: readonly PreferencePair[]): Promise<RewardScores> {
  const scored = await scorePairs(createEnsemble(members), pairs);
  const scales = members.map((member) => ('state' in member ? member.state : member).normaliser.scale);
  return { logOdds: mean(scales), differences: scored.map(({ difference }) => difference) };
}

/** Step 2: an ensemble fitted on training pairs, evaluated on pairs no member saw. */
export async function rewardStage(
  context: RunContext,
  inputs: { feedback: Feedback; base: Base | undefined },
): Promise<Reward> {
  const { config } = context;
  const { feedback, base } = inputs;
  const folder = pathIn(context, RUN_FILES.rewardModel);
  const files = [RUN_FILES.rewardModel, RUN_FILES.rewardScores, RUN_FILES.rewardEvaluation];
  await stage(context, 'reward', files, async () => {
    const { items, judgments } = feedback;
    const { pairs } = toPairs(items, judgments);
    const stratum = leftOutStratum(config);
    const training = pairs.filter((pair) => !isHeldOut(pair.strata));
    if (pairsToScore(config, items, judgments).every((pair) => pair.target === 0.5) && stratum === undefined) {
      throw new UsageError(
        'holdout',
        'no decided comparison is held out, so the reward could not be evaluated; add data or raise the holdout',
      );
    }
    const across = stratum === undefined ? undefined : await scoredAcross(context, stratum, feedback, pairs);
    const members = await fitMembers(
      context,
      training,
      items.filter((item) => !isHeldOut(item.strata)),
      base,
    );
    const scores = across ?? (await scoredByEnsemble(members, pairsToScore(config, items, judgments)));
    const text = base === undefined ? {} : { text: { tokenizer: base.tokenizer.toJSON(), ...base.limits } };
    await saveReward(folder, members, text);
    for (const member of members) await member.dispose();
    writeRunJson(context, RUN_FILES.rewardScores, scores);
    writeRunJson(context, RUN_FILES.rewardEvaluation, withoutNaN(rewardEvaluation(config, feedback, scores)));
  });
  for (let m = 0; m < config.reward.members; m++) memberCheckpoints(context, m).clear();
  return {
    model: await loadReward(folder, () => ({ ...context.engine, dispose: async () => {} })),
    evaluation: loadEvaluation(context.folder),
  };
}
