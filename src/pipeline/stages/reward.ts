import type { LoraConfig } from '../../engine/index.ts';
import type { Item, PreferencePair } from '../../feedback/index.ts';
import {
  createEnsemble,
  fitMember,
  fitMembers,
  type Member,
  type NuisanceState,
  type Observation,
  observe,
  type RewardBase,
  type RewardModel,
  rewardBase,
  saveReward,
  scorePairs,
} from '../../reward/index.ts';
import { ignoreProgress, type ProgressEvent, UsageError } from '../../run/index.ts';
import { readJson, readJsonOf } from '../../run/node.ts';
import { isHeldOut } from '../collected.ts';
import type { PipelineConfig } from '../config.ts';
import { withLora } from '../lora.ts';
import {
  leftOutStratum,
  pairsToScore,
  type RewardScores,
  rewardEvaluation,
  rewardScoresSchema,
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
import { BASE_FILES, loadBase } from './base.ts';
import { FEEDBACK_FILES, type Feedback, loadFeedback } from './feedback.ts';

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
  checkpointsOf<NuisanceState>(context, `${RUN_FILES.rewardMember}-${member}-`, { curve: memberName(context, member) });

/** A member's progress, whose metrics go into the curves of the run. */
function watched(context: RunContext, stage: string): (event: ProgressEvent) => void {
  return (event) => {
    context.progress(event);
    if (event.metrics !== undefined) context.metrics.append(stage, event.done, event.metrics);
  };
}

function fitAll(
  context: RunContext,
  observations: readonly Observation[],
  items: readonly Item[],
  base: RewardBase | undefined,
): Promise<Member[]> {
  const { config } = context;
  const { reward: settings, seed } = config;
  const reference = referenceReplies(config, items, 300);
  return fitMembers(observations, settings, {
    seed,
    contextOf(m) {
      const stage = memberName(context, m);
      return {
        reference,
        progress: watched(context, stage),
        stage,
        checkpoints: memberCheckpoints(context, m),
        ...(base !== undefined && { base }),
      };
    },
  });
}

/** Every value of a stratum left out in turn: fitted on the votes of the others, each of its own pairs scored once. */
async function scoredAcross(
  context: RunContext,
  stratum: string,
  { items, judgments }: Feedback,
  observations: readonly Observation[],
): Promise<RewardScores> {
  const { reward: settings, seed } = context.config;
  const toScore = pairsToScore(context.config, items, judgments);
  const values = stratumValues(items, stratum, 'the data');
  const differences: number[] = [];
  for (const [i, value] of values.entries()) {
    context.progress({ stage: nameInRound(context, 'across'), done: i, total: values.length, unit: 'folds' });
    const { scored, fitted } = foldOf(items, stratum, value);
    const model = await fitMember(
      observations.filter(({ itemId }) => fitted.has(itemId)),
      settings,
      { reference: [], seed, progress: ignoreProgress, stage: 'across' },
    );
    const own = toScore.filter((pair) => scored.has(pair.itemId));
    for (const { difference } of await scorePairs(model, own)) differences.push(difference);
  }
  context.progress({ stage: nameInRound(context, 'across'), done: values.length, total: values.length, unit: 'folds' });
  return { logOdds: 1, differences };
}

/** Held-out pairs scored by the ensemble. */
async function scoredByEnsemble(model: RewardModel, pairs: readonly PreferencePair[]): Promise<RewardScores> {
  const scored = await scorePairs(model, pairs);
  return { logOdds: model.logOdds, differences: scored.map(({ difference }) => difference) };
}

/** Fits the ensemble on training pairs, and evaluates it on pairs no member saw. */
async function run(context: RunContext): Promise<void> {
  const { config } = context;
  const feedback = await loadFeedback(context);
  const base = config.base === undefined ? undefined : loadBase(context);
  const { items, judgments } = feedback;
  const { risk } = config.reward;
  const { observations } = observe(items, judgments, config.reward);
  const stratum = leftOutStratum(config);
  const training = observations.filter(({ strata }) => !isHeldOut(strata));
  if (pairsToScore(config, items, judgments).every((pair) => pair.target === 0.5) && stratum === undefined) {
    throw new UsageError(
      'holdout',
      'no decided comparison or ranking is held out, so the reward could not be evaluated; add data or raise the holdout',
    );
  }
  const across = stratum === undefined ? undefined : await scoredAcross(context, stratum, feedback, observations);
  const shown = items.filter((item) => !isHeldOut(item.strata));
  const spec = (lora?: LoraConfig) => withLora(base!.spec, lora, 'reward.lora');
  const start = base === undefined ? undefined : rewardBase({ ...base, engine: context.engines.reward, spec });
  const members = await fitAll(context, training, shown, start);
  const scores =
    across ?? (await scoredByEnsemble(createEnsemble(members, risk), pairsToScore(config, items, judgments)));
  const text = base === undefined ? {} : { text: { tokenizer: base.tokenizer.toJSON(), ...base.limits } };
  await saveReward(pathIn(context, RUN_FILES.rewardModel), members, { risk, ...text });
  for (const member of members) await member.dispose();
  await start?.dispose();
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
    ...FEEDBACK_FILES.map((file) => inRound(context, file)),
    ...(context.config.base === undefined ? [] : BASE_FILES),
  ],
  writes: (context) =>
    [RUN_FILES.rewardModel, RUN_FILES.rewardScores, RUN_FILES.rewardEvaluation].map((file) => inRound(context, file)),
  curves: (place) => Array.from({ length: place.config.reward.members }, (_, m) => memberName(place, m)),
  run,
  async recompute(place) {
    const { config } = place;
    const scores = readJsonOf(pathIn(place, RUN_FILES.rewardScores), rewardScoresSchema);
    const again = withoutNaN(rewardEvaluation(config, await loadFeedback(place), scores));
    return [{ name: inRound(place, RUN_FILES.rewardEvaluation), stored: loadEvaluation(place), again }];
  },
  tidy: clearCheckpoints,
  advice: ({ reward: { family } }) => (family === 'transformer' ? 'lower reward.learningRate' : undefined),
};
