import type { LoraConfig } from '../../engine/index.ts';
import { attributesOf, type Item, type PreferencePair } from '../../feedback/index.ts';
import {
  asHeard,
  contributionCounts,
  contributionsOf,
  createEnsemble,
  differenceOf,
  explanationOf,
  fitMembers,
  fitReward,
  type Member,
  nuisanceStateSchema,
  type Observation,
  observe,
  type RewardModel,
  type RewardText,
  readingOf,
  rewardBase,
  rewardCard,
  saveReward,
  scorePairs,
  withCounts,
} from '../../reward/index.ts';
import { DataError, ignoreProgress, type ProgressEvent, UsageError } from '../../run/index.ts';
import { readJson, readJsonOf } from '../../run/node.ts';
import { isHeldOut } from '../collected.ts';
import type { PipelineConfig } from '../config.ts';
import { digestOf } from '../digests.ts';
import { FEEDBACK_FILES, type FeedbackRecords, loadFeedback } from '../feedback-records.ts';
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
import { nameInRound, type Recomputed, type Stage, type VerifiedPlace } from '../stage.ts';
import { BASE_FILES, type Base, loadBase } from './base.ts';

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
  checkpointsOf(context, `${RUN_FILES.rewardMember}-${member}-`, {
    curve: memberName(context, member),
    state: nuisanceStateSchema,
  });

/** A member's progress, whose metrics go into the curves of the run. */
function watched(context: RunContext, stage: string): (event: ProgressEvent) => void {
  return (event) => {
    context.progress(event);
    if (event.metrics !== undefined) context.metrics.append(stage, event.done, event.metrics);
  };
}

/** What a member is fitted on: nothing that is held out. */
const fittedOn = (observations: readonly Observation[]): Observation[] =>
  observations.filter(({ strata }) => !isHeldOut(strata));

const shownIn = (config: PipelineConfig, items: readonly Item[]) =>
  referenceReplies(
    config,
    items.filter((item) => !isHeldOut(item.strata)),
    300,
  );

function fitContext(context: RunContext, m: number) {
  const stage = memberName(context, m);
  return {
    progress: watched(context, stage),
    stage,
    checkpoints: memberCheckpoints(context, m),
  };
}

/** What is saved of a reward beside its members: the tokenizer of the base model, where there is one, and how answers were read. */
const saveOptions = ({ reward }: PipelineConfig, base: Base | undefined) => ({
  risk: reward.risk,
  reading: readingOf(reward),
  ...(base !== undefined && { text: { tokenizer: base.tokenizer.toJSON(), ...base.limits } satisfies RewardText }),
});

/** Every value of a stratum left out in turn: fitted on the votes of the others, each of its own pairs scored once. */
async function scoredAcross(
  { config, progress, ...place }: Pick<RunContext, 'config' | 'round' | 'progress'>,
  stratum: string,
  { items, judgments, raters }: FeedbackRecords,
  observations: readonly Observation[],
): Promise<RewardScores> {
  const { reward: settings, seed } = config;
  const stage = nameInRound({ config, ...place }, 'across');
  const toScore = pairsToScore(config, items, judgments);
  const values = stratumValues(items, stratum, 'the data');
  const differences: number[] = [];
  for (const [i, value] of values.entries()) {
    progress({ stage, done: i, total: values.length, unit: 'folds' });
    const { scored, fitted } = foldOf(items, stratum, value);
    const model = await fitReward(
      observations.filter(({ itemId }) => fitted.has(itemId)),
      settings,
      { reference: [], seed, progress: ignoreProgress, stage: 'across', attributeOf: attributesOf(raters) },
    );
    const own = toScore.filter((pair) => scored.has(pair.itemId));
    for (const { difference } of await scorePairs(model, own)) differences.push(difference);
  }
  progress({ stage, done: values.length, total: values.length, unit: 'folds' });
  return { logOdds: 1, differences };
}

/** Held-out pairs scored by the ensemble. */
async function scoredByEnsemble(model: RewardModel, pairs: readonly PreferencePair[]): Promise<RewardScores> {
  const scored = await scorePairs(model, pairs);
  const differ = await differenceOf(model, pairs);
  return {
    logOdds: model.logOdds,
    differences: scored.map(({ difference }) => difference),
    ...(differ !== undefined && { differ }),
  };
}

/** Scores with what each kind of answer told the members, and what could not be read. */
const withContributions = async (
  scored: RewardScores,
  members: readonly Member[],
  { training, unscored }: { readonly training: readonly Observation[]; readonly unscored: RewardScores['unscored'] },
): Promise<RewardScores> => {
  const people = members[0]?.people;
  const groups = members[0]?.groups;
  return {
    ...scored,
    contributions: contributionsOf(asHeard(training, members), await explanationOf(members, training)),
    ...(unscored !== undefined && { unscored }),
    ...(people !== undefined && { people }),
    ...(groups !== undefined && { groups }),
  };
};

/** Fits the ensemble on training pairs, and evaluates it on pairs no member saw. */
async function run(context: RunContext): Promise<void> {
  const { config } = context;
  const feedback = await loadFeedback(context);
  const base = config.base === undefined ? undefined : loadBase(context);
  const { items, judgments, raters } = feedback;
  const { risk } = config.reward;
  const { observations, unscored } = observe(items, judgments, config.reward);
  const stratum = leftOutStratum(config);
  if (pairsToScore(config, items, judgments).every((pair) => pair.target === 0.5) && stratum === undefined) {
    throw new UsageError(
      'holdout',
      'no decided comparison or ranking is held out, so the reward could not be evaluated; add data or raise the holdout',
    );
  }
  const across = stratum === undefined ? undefined : await scoredAcross(context, stratum, feedback, observations);
  const spec = (lora?: LoraConfig) => withLora(base!.spec, lora, 'reward.lora');
  const start = base === undefined ? undefined : rewardBase({ ...base, engine: context.engines.reward, spec });
  const training = fittedOn(observations);
  const known = { reference: shownIn(config, items), attributeOf: attributesOf(raters) };
  const shared = { ...known, ...(start !== undefined && { base: start }) };
  const members = await fitMembers(training, config.reward, {
    seed: config.seed,
    contextOf: (m) => ({ ...fitContext(context, m), ...shared }),
  });
  const scored =
    across ?? (await scoredByEnsemble(createEnsemble(members, risk), pairsToScore(config, items, judgments)));
  const scores = await withContributions(scored, members, { training, unscored });
  await saveReward(pathIn(context, RUN_FILES.rewardModel), members, saveOptions(config, base));
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

/** A linear reward fitted again, and its scores: the judgments are all that it follows from. */
async function linearAgain(
  place: VerifiedPlace,
  records: FeedbackRecords,
): Promise<{ card: object; scores: RewardScores }> {
  const { config, round } = place;
  const { items, judgments, raters } = records;
  const { reward: settings, seed } = config;
  const { observations, unscored } = observe(items, judgments, settings);
  const stratum = leftOutStratum(config);
  const known = { reference: shownIn(config, items), attributeOf: attributesOf(raters) };
  const training = fittedOn(observations);
  const members = await fitMembers(training, settings, {
    seed,
    contextOf: (m) => ({ ...known, progress: ignoreProgress, stage: memberName(place, m) }),
  });
  const base = config.base === undefined ? undefined : loadBase(place);
  const scored =
    stratum === undefined
      ? await scoredByEnsemble(createEnsemble(members, settings.risk), pairsToScore(config, items, judgments))
      : await scoredAcross({ config, round, progress: ignoreProgress }, stratum, records, observations);
  const card = await rewardCard('', members, saveOptions(config, base));
  return { card, scores: await withContributions(scored, members, { training, unscored }) };
}

async function recompute(place: VerifiedPlace): Promise<Recomputed[]> {
  const { config, round, remember } = place;
  const { items, judgments, raters, groups } = await loadFeedback(place);
  const records = { items, judgments, raters };
  const file = (name: string) => inRound(place, name);
  const scores = readJsonOf(pathIn(place, RUN_FILES.rewardScores), rewardScoresSchema);
  const wanted = pairsToScore(config, items, judgments).length;
  if (scores.differences.length !== wanted)
    throw new DataError(
      'scores',
      `${file(RUN_FILES.rewardScores)}: expected ${wanted} differences, one of each pair that is held out, got ${scores.differences.length}`,
    );
  const again = await remember(['reward', config, records, scores], () =>
    withoutNaN(rewardEvaluation(config, { items, judgments, groups }, scores)),
  );
  const evaluation = { file: file(RUN_FILES.rewardEvaluation), again };
  if (config.reward.family !== 'linear') {
    // The scores are the model's, and what each kind told it; how many answers of each there are, and what could not be read, is not.
    const { observations, unscored } = observe(items, judgments, config.reward);
    const told = scores.contributions ?? [];
    const contributions = contributionCounts(fittedOn(observations)).map((counts, k) => withCounts(counts, told[k]));
    return [{ file: file(RUN_FILES.rewardScores), again: { ...scores, contributions, unscored } }, evaluation];
  }
  const tokenizer = config.base === undefined ? '' : digestOf(`${place.folder}/${RUN_FILES.tokenizer}`);
  const made = await remember(['linear', config, round, records, tokenizer], () => linearAgain(place, records));
  return [
    { file: file(`${RUN_FILES.rewardModel}/card.json`), again: made.card },
    { file: file(RUN_FILES.rewardScores), again: made.scores },
    evaluation,
  ];
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
  recompute,
  tidy: clearCheckpoints,
  advice: ({ reward: { family } }) => (family === 'transformer' ? 'lower reward.learningRate' : undefined),
};
