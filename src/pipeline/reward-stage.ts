import type { LoraConfig } from '../engine/index.ts';
import type { Item, PreferencePair } from '../feedback/index.ts';
import {
  createEnsemble,
  fitMember,
  fitMembers,
  loadReward,
  type Member,
  type NuisanceState,
  type Observation,
  observe,
  type RewardModel,
  saveReward,
  scorePairs,
} from '../reward/index.ts';
import { ignoreProgress, UsageError } from '../run/index.ts';
import type { Base } from './base-stage.ts';
import type { PipelineConfig } from './config.ts';
import type { Feedback } from './feedback-stage.ts';
import { withLora } from './lora.ts';
import {
  isAcrossTopics,
  isHeldOut,
  loadEvaluation,
  pairsToScore,
  type RewardScores,
  rewardEvaluation,
  type StoredEvaluation,
  topicsOf,
  withoutNaN,
} from './reward-evaluation.ts';
import { checkpointsOf, pathIn, type RunContext, stage, writeRunJson } from './run-context.ts';
import { RUN_FILES } from './run-folder.ts';

export interface Reward {
  readonly model: RewardModel;
  readonly evaluation: StoredEvaluation;
}

/**
 * Replies on which scores are normalised, by prompt: the first training items where they were drawn at random, and items spread
 * evenly over data that come in an order of their own (topic by topic).
 */
function referenceReplies(
  { data }: PipelineConfig,
  items: readonly Item[],
  most: number,
): { prompt: string; replies: string[] }[] {
  const every = data.layout === 'harbour' ? 1 : Math.max(1, Math.ceil(items.length / most));
  return items
    .filter((_, i) => i % every === 0)
    .slice(0, most)
    .map((item) => ({ prompt: item.prompt, replies: item.replies.map((reply) => reply.text) }));
}

const memberCheckpoints = (context: RunContext, member: number) =>
  checkpointsOf<NuisanceState>(context, `${RUN_FILES.rewardMember}-${member}-`);

function fitAll(
  context: RunContext,
  observations: readonly Observation[],
  items: readonly Item[],
  base: Base | undefined,
): Promise<Member[]> {
  const { config, engine, progress } = context;
  const { reward, seed } = config;
  const reference = referenceReplies(config, items, 300);
  const spec = (lora?: LoraConfig) => withLora(base!.spec, lora, 'reward.lora');
  const network = base === undefined ? {} : { network: { engine, base: { ...base, spec } } };
  return fitMembers(observations, reward, {
    seed,
    contextOf: (m) => ({
      reference,
      progress,
      stage: `reward ${m + 1}/${reward.members}`,
      checkpoints: memberCheckpoints(context, m),
      ...network,
    }),
  });
}

/** Every topic left out in turn: fitted on the votes of the others, each of its own pairs scored once. */
async function scoredAcrossTopics(
  context: RunContext,
  { items, judgments }: Feedback,
  votes: readonly Observation[],
): Promise<RewardScores> {
  const { reward, seed } = context.config;
  const toScore = pairsToScore(context.config, items, judgments);
  const topics = topicsOf(items);
  const differences: number[] = [];
  for (const [i, topic] of topics.entries()) {
    context.progress({ stage: 'across', done: i, total: topics.length, unit: 'topics' });
    const others = votes.filter(({ strata }) => strata.topic !== topic);
    const model = await fitMember(others, reward, { reference: [], seed, progress: ignoreProgress, stage: 'across' });
    const own = toScore.filter((pair) => pair.strata.topic === topic);
    for (const { difference } of await scorePairs(model, own)) differences.push(difference);
  }
  context.progress({ stage: 'across', done: topics.length, total: topics.length, unit: 'topics' });
  return { logOdds: 1, differences };
}

/** Held-out pairs scored by the ensemble. */
async function scoredByEnsemble(model: RewardModel, pairs: readonly PreferencePair[]): Promise<RewardScores> {
  const scored = await scorePairs(model, pairs);
  return { logOdds: model.logOdds, differences: scored.map(({ difference }) => difference) };
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
    const { risk } = config.reward;
    const { observations } = observe(items, judgments, config.reward);
    const training = observations.filter(({ strata }) => !isHeldOut(strata));
    if (pairsToScore(config, items, judgments).every((pair) => pair.target === 0.5) && !isAcrossTopics(config)) {
      throw new UsageError(
        'holdout',
        'no decided comparison is held out, so the reward could not be evaluated; add data or raise the holdout',
      );
    }
    const across = isAcrossTopics(config) ? await scoredAcrossTopics(context, feedback, observations) : undefined;
    const members = await fitAll(
      context,
      training,
      items.filter((item) => !isHeldOut(item.strata)),
      base,
    );
    const scores =
      across ?? (await scoredByEnsemble(createEnsemble(members, risk), pairsToScore(config, items, judgments)));
    const text = base === undefined ? {} : { text: { tokenizer: base.tokenizer.toJSON(), ...base.limits } };
    await saveReward(folder, members, { risk, ...text });
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
