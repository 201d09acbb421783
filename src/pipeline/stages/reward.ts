import type { Item, PreferencePair } from '../../feedback/index.ts';
import { toPairs } from '../../feedback/index.ts';
import {
  createEnsemble,
  fitLinearReward,
  fitTransformerReward,
  type LinearRewardModel,
  resampleItems,
  saveReward,
  scorePairs,
  type TransformerRewardModel,
} from '../../reward/index.ts';
import { type ProgressEvent, UsageError } from '../../run/index.ts';
import { readJson } from '../../run/node.ts';
import { createRng, mean } from '../../stats/index.ts';
import { isHeldOut } from '../collected.ts';
import type { PipelineConfig } from '../config.ts';
import { withLora } from '../lora.ts';
import {
  leftOutStratum,
  pairsToScore,
  type RewardScores,
  rewardEvaluation,
  type StoredEvaluation,
} from '../reward-evaluation.ts';
import {
  checkpointsOf,
  inRound,
  type Place,
  pathIn,
  type RunContext,
  withoutNaN,
  writeRunJson,
} from '../run-context.ts';
import { RUN_FILES } from '../run-folder.ts';
import { foldOf, stratumValues } from '../sources/index.ts';
import { nameInRound, type Stage } from '../stage.ts';
import { type Base, loadBase } from './base.ts';
import { type Feedback, loadFeedback } from './feedback.ts';

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

/** How a member's training is called in progress and curves. */
const memberName = (context: Pick<Place, 'config' | 'round'>, member: number) =>
  nameInRound(context, `reward ${member + 1}/${context.config.reward.members}`);

const memberCheckpoints = (context: RunContext, member: number) =>
  checkpointsOf<never>(context, `${RUN_FILES.rewardMember}-${member}-`);

/** A member's progress, whose metrics go into the curves of the run. */
function watched(context: RunContext, stage: string): (event: ProgressEvent) => void {
  return (event) => {
    context.progress(event);
    if (event.metrics !== undefined) context.metrics.append(stage, event.done, event.metrics);
  };
}

async function fitMembers(
  context: RunContext,
  pairs: readonly PreferencePair[],
  items: readonly Item[],
  base: Base | undefined,
): Promise<Member[]> {
  const { config, engines, progress } = context;
  const { reward, seed } = config;
  const members: Member[] = [];
  for (let m = 0; m < reward.members; m++) {
    const rng = createRng(seed).fork(`reward/${m}`);
    const own = reward.members === 1 ? pairs : resampleItems(pairs, rng);
    const reference = referenceReplies(config, items, 300);
    const stage = memberName(context, m);
    if (reward.family === 'linear') {
      members.push(
        fitLinearReward(own, { ridge: reward.ridge, order: reward.order, position: reward.position, reference }),
      );
      progress({ stage: nameInRound(context, 'reward'), done: m + 1, total: reward.members, unit: 'members' });
    } else {
      const { codec, folder } = base!;
      const spec = withLora(base!.spec, reward.lora, 'reward.lora');
      const { epochs, batch, learningRate } = reward;
      const shared = { spec, codec, epochs, batch, learningRate, reference, seed: seed + 101 * (m + 1) };
      const from = reward.from === 'base' ? { from: folder } : {};
      const checkpoints = memberCheckpoints(context, m);
      const settings = { ...shared, ...from, stage, checkpoints, progress: watched(context, stage) };
      members.push(await fitTransformerReward(engines.reward, own, settings));
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
    context.progress({ stage: nameInRound(context, 'across'), done: i, total: values.length, unit: 'folds' });
    const { scored, fitted } = foldOf(items, stratum, value);
    const model = fitLinearReward(
      votes.filter((pair) => fitted.has(pair.itemId)),
      { ridge: reward.ridge, order: reward.order, position: reward.position },
    );
    const own = toScore.filter((pair) => scored.has(pair.itemId));
    for (const { difference } of await scorePairs(model, own)) differences.push(difference);
  }
  context.progress({ stage: nameInRound(context, 'across'), done: values.length, total: values.length, unit: 'folds' });
  return { logOdds: 1, differences };
}

/** Held-out pairs scored by the ensemble; one unit of its score is worth the members' mean scale in log-odds. */
async function scoredByEnsemble(members: readonly Member[], pairs: readonly PreferencePair[]): Promise<RewardScores> {
  const scored = await scorePairs(createEnsemble(members), pairs);
  const scales = members.map((member) => ('state' in member ? member.state : member).normaliser.scale);
  return { logOdds: mean(scales), differences: scored.map(({ difference }) => difference) };
}

/** Fits the ensemble on training pairs, and evaluates it on pairs no member saw. */
async function run(context: RunContext): Promise<void> {
  const { config } = context;
  const feedback = await loadFeedback(context);
  const base = config.base === undefined ? undefined : loadBase(context);
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
  const shown = items.filter((item) => !isHeldOut(item.strata));
  const members = await fitMembers(context, training, shown, base);
  const scores = across ?? (await scoredByEnsemble(members, pairsToScore(config, items, judgments)));
  const text = base === undefined ? {} : { text: { tokenizer: base.tokenizer.toJSON(), ...base.limits } };
  await saveReward(pathIn(context, RUN_FILES.rewardModel), members, text);
  for (const member of members) await member.dispose();
  writeRunJson(context, RUN_FILES.rewardScores, scores);
  writeRunJson(context, RUN_FILES.rewardEvaluation, withoutNaN(rewardEvaluation(config, feedback, scores)));
}

/** The evaluation that a round's files hold. */
export const loadEvaluation = (place: Place): StoredEvaluation =>
  readJson(pathIn(place, RUN_FILES.rewardEvaluation)) as StoredEvaluation;

function clearCheckpoints(context: RunContext): void {
  for (let m = 0; m < context.config.reward.members; m++) memberCheckpoints(context, m).clear();
}

/** Step 2. */
export const reward: Stage = {
  name: 'reward',
  reads: (context) => [
    ...[RUN_FILES.items, RUN_FILES.judgments, RUN_FILES.raters].map((file) => inRound(context, file)),
    ...(context.config.base === undefined ? [] : [RUN_FILES.base, RUN_FILES.tokenizer, RUN_FILES.baseCard]),
  ],
  writes: (context) =>
    [RUN_FILES.rewardModel, RUN_FILES.rewardScores, RUN_FILES.rewardEvaluation].map((file) => inRound(context, file)),
  curves: (place) => Array.from({ length: place.config.reward.members }, (_, m) => memberName(place, m)),
  run,
  async recompute(place) {
    const { config } = place;
    const scores = readJson(pathIn(place, RUN_FILES.rewardScores)) as RewardScores;
    const again = withoutNaN(rewardEvaluation(config, await loadFeedback(place), scores));
    return [{ name: inRound(place, RUN_FILES.rewardEvaluation), stored: loadEvaluation(place), again }];
  },
  tidy: clearCheckpoints,
  advice: ({ reward: { family } }) => (family === 'transformer' ? 'lower reward.learningRate' : undefined),
};
