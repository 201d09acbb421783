import { existsSync } from 'node:fs';
import { z } from 'zod';
import type { Sampler, TrainableModel } from '../../engine/index.ts';
import type { Checkpoints } from '../../engine/node.ts';
import { toPairs } from '../../feedback/index.ts';
import {
  ALGORITHMS,
  monitorDecision,
  type Need,
  type PolicyPair,
  runAlgorithm,
  shareWithin,
} from '../../policy/index.ts';
import type { RewardModel } from '../../reward/index.ts';
import { DataError } from '../../run/index.ts';
import { readJsonOf } from '../../run/node.ts';
import type { GroundPrompt } from '../../world/index.ts';
import { isHeldOut } from '../collected.ts';
import type { PipelineConfig } from '../config.ts';
import { digestOf } from '../digests.ts';
import {
  type EvaluatedPrompt,
  evaluatedPromptSchema,
  evaluateOn,
  figuresOf,
  splitFiguresSchema,
} from '../evaluation.ts';
import { FEEDBACK_FILES, loadRecords } from '../feedback-records.ts';
import { filled, UNTOLD, untold } from '../filled.ts';
import { withLora } from '../lora.ts';
import { asLogged } from '../metrics.ts';
import { type PolicySettings, policySettings } from '../policy-config.ts';
import { filedReward, withReward } from '../reward-artefact.ts';
import { atRound, checkpointsOf, inRound, type Place, pathIn, type RunContext, writeRunJson } from '../run-context.ts';
import { RUN_FILES } from '../run-folder.ts';
import { sourceOfRun } from '../source-of-run.ts';
import { groundOf, promptsOf, type Source } from '../sources/index.ts';
import { DATA, nameInRound, type Recomputed, type Stage, type VerifiedPlace } from '../stage.ts';
import { BASE_FILES, type Base, loadBase } from './base.ts';

/** Which optimisation of a run: the main one, or a variant by name. */
export type Variant = string | null;
export const MAIN: Variant = null;

/** A point of a path: the policy after a step, on the held-out part of the training distribution. */
const pointSchema = z.strictObject({ step: z.int().nonnegative(), ...splitFiguresSchema.shape });
export type PathPoint = z.infer<typeof pointSchema>;

/** An optimisation as it went: an evaluation at each checkpoint, the first and the last with every reply. */
const pathSchema = z.strictObject({
  /** The algorithm; of a variant, its name. */
  method: z.string(),
  /** Steps taken so far. */
  step: z.int().nonnegative(),
  /** The step of the snapshot that is the result, and where its weights are, relative to the round. */
  finalStep: z.int().nonnegative(),
  checkpoint: z.string(),
  /** Where and why a rule ended it before its last step. */
  stopped: z.strictObject({ step: z.int(), reason: z.string() }).nullable(),
  points: z.array(pointSchema).min(1),
  /** Steps after which the weights were drawn back to a budget: KL before, and the share of the way from the base that was kept. */
  projected: z.array(z.strictObject({ step: z.int(), kl: z.number(), share: z.number() })).exactOptional(),
  first: z.array(evaluatedPromptSchema),
  last: z.array(evaluatedPromptSchema),
  /** The result on the same prompts with the ground's trigger put in, where it has one. */
  triggered: z.array(evaluatedPromptSchema).exactOptional(),
});
export type PolicyPath = z.infer<typeof pathSchema>;

/** The optimisations of a round, the main one first; variants stand beside that of the last. */
export const variantsOf = ({ config, round }: Pick<Place, 'config' | 'round'>): Variant[] =>
  config.policy === undefined ? [] : [MAIN, ...(round === config.rounds ? Object.keys(config.policy.variants) : [])];

export const policyStageName = (variant: Variant): string => (variant === MAIN ? 'policy' : `policy/${variant}`);
const evaluationFile = (variant: Variant): string =>
  variant === MAIN ? RUN_FILES.policyEvaluation : `policy/${variant}/evaluation.json`;
export const checkpointPrefix = (variant: Variant): string =>
  variant === MAIN ? `${RUN_FILES.policy}-` : `${RUN_FILES.policy}-${variant}-`;

/** How a path is called in evidence, curves and results. */
export const methodOf = (policy: PolicySettings, variant: Variant): string => variant ?? policy.algorithm;

/** The path that a round's files hold. */
export function loadPath(place: Place, variant: Variant): PolicyPath {
  const file = pathIn(place, evaluationFile(variant));
  const path = readJsonOf(file, pathSchema);
  const due = `${checkpointPrefix(variant)}${path.finalStep}`;
  // What stands there is read, written and removed as a folder: a name of another form would lead out of the run.
  if (path.checkpoint === due) return path;
  throw new DataError(
    'field',
    `${file}: checkpoint: expected ${due}, got ${JSON.stringify(path.checkpoint)}; mend the file`,
  );
}

/** What an optimisation leaves: its evaluation and the weights that are its result, relative to the round. */
export function policyFiles(place: Place, variant: Variant): string[] {
  const evaluation = evaluationFile(variant);
  if (!existsSync(pathIn(place, evaluation))) return [evaluation];
  return [evaluation, loadPath(place, variant).checkpoint];
}

/** An optimisation of a run, with the round that it belongs to and the name of its stage. */
export interface Optimisation<P extends Place> {
  readonly place: P;
  readonly variant: Variant;
  readonly stage: string;
}

/** Every optimisation of a run. */
export const optimisationsOf = <P extends Place>(run: P): Optimisation<P>[] =>
  Array.from({ length: run.config.rounds }, (_, i) => atRound(run, i + 1)).flatMap((place) =>
    variantsOf(place).map((variant) => ({ place, variant, stage: nameInRound(place, policyStageName(variant)) })),
  );

/** The prompts that policies are evaluated on: of the training distribution but not trained on, and of deployment. */
export function heldOutPrompts({ audit }: Pick<PipelineConfig, 'audit'>, source: Pick<Source, 'prompts'>) {
  const of = (split: GroundPrompt['split']) => promptsOf(source, split).slice(0, audit.prompts);
  return { evaluation: of('evaluation'), deploy: of('deploy') };
}

/** The held-out prompts of the training distribution as they stand with the ground's trigger; none where it has none. */
function triggeredPrompts(held: readonly GroundPrompt[], ground: Source['ground']): GroundPrompt[] {
  const marked = ground?.prompts('evaluation', { trigger: true }) ?? [];
  return held.flatMap(({ text }) => marked.find((prompt) => prompt.text.includes(text)) ?? []);
}

/** The path as it was at an earlier step: what follows is computed again, to the same bits. */
const backTo = ({ triggered: _, projected, ...path }: PolicyPath, step: number): PolicyPath => ({
  ...path,
  ...(projected !== undefined && { projected: projected.filter((own) => own.step <= step) }),
  step,
  stopped: null,
  points: path.points.filter((point) => point.step <= step),
});

/** The point of the policy that is the result: the last, unless a monitor went back. */
export const finalPoint = ({ points, finalStep }: PolicyPath): PathPoint =>
  points.findLast(({ step }) => step === finalStep) ?? points.at(-1)!;

/** What an optimisation uses of a run. */
export type Optimising = Omit<RunContext, 'access' | 'cache' | 'now' | 'beforeWork'>;

/** An optimisation at work. */
interface Trainer {
  readonly context: Optimising;
  readonly variant: Variant;
  readonly settings: PolicySettings;
  readonly model: TrainableModel;
  readonly reference: Sampler;
  readonly reward: RewardModel;
  readonly base: Base;
  readonly checkpoints: Checkpoints<never>;
  /** Where the algorithm learns one. */
  readonly critic: TrainableModel | undefined;
  /** Where it needs them. */
  readonly pairs: readonly PolicyPair[];
}

/** The policy as it is on some prompts. */
async function evaluatedOn(
  { context, settings, model, reference, reward, base }: Trainer,
  prompts: readonly GroundPrompt[],
): Promise<EvaluatedPrompt[]> {
  const { config, source } = context;
  const score = (prompt: string, replies: readonly string[]) => reward.score(prompt, replies);
  const scoring = { sampler: await model.sampler(), reference, codec: base.codec, score, ground: source.ground };
  return evaluateOn(prompts, scoring, {
    n: config.audit.samples,
    maxTokens: settings.maxTokens,
    seed: config.seed,
  });
}

/** Evaluates the policy as it is: on the prompts of the path, and at both ends on those of deployment too. */
async function evaluated(trainer: Trainer, where: 'path' | 'end'): Promise<EvaluatedPrompt[]> {
  const held = heldOutPrompts(trainer.context.config, trainer.context.source);
  const evaluation = await evaluatedOn(trainer, held.evaluation);
  // Apart: what stands in one pass with a sequence moves its last bits, and an end is to be the point of the path that it is.
  return where === 'path' ? evaluation : [...evaluation, ...(await evaluatedOn(trainer, held.deploy))];
}

/** The result of the path where the trigger stands. */
async function triggeredBy(trainer: Trainer): Promise<Pick<PolicyPath, 'triggered'>> {
  const { config, source } = trainer.context;
  const prompts = triggeredPrompts(heldOutPrompts(config, source).evaluation, source.ground);
  return prompts.length === 0 ? {} : { triggered: await evaluatedOn(trainer, prompts) };
}

/** The path so far: from the newest checkpoint that is whole, or from the base model. */
async function begin(trainer: Trainer): Promise<PolicyPath> {
  const { context, variant, settings, model, checkpoints } = trainer;
  if (existsSync(pathIn(context, evaluationFile(variant)))) {
    const path = loadPath(context, variant);
    // A path that a rule ended is taken up before its last step, so that the rule decides again.
    const upTo = path.stopped === null ? path.step : path.step - 1;
    return backTo(path, (await checkpoints.resume(model, { upTo })).step);
  }
  const first = await evaluated(trainer, 'end');
  // A rule may go all the way back.
  if (settings.monitor !== undefined) await checkpoints.save(model, 0);
  return {
    method: methodOf(settings, variant),
    step: 0,
    finalStep: 0,
    checkpoint: `${checkpointPrefix(variant)}0`,
    stopped: null,
    points: [{ step: 0, ...figuresOf(first, 'evaluation') }],
    first,
    last: first,
  };
}

/** Draws the weights of a step back towards the base's until their KL on the held-out prompts is within a budget. */
async function drawBack(trainer: Trainer, { step, kl, within }: { step: number; kl: number; within: number }) {
  const { context, variant, model, checkpoints } = trainer;
  const folderOf = (at: number) => pathIn(context, `${checkpointPrefix(variant)}${at}`);
  await checkpoints.save(model, step);
  // The same draws at every share: what differs is the policy.
  const at = async (share: number) => {
    await model.loadState(folderOf(step));
    await model.interpolate(folderOf(0), share);
    return evaluated(trainer, 'path');
  };
  const { share } = await shareWithin(within, async (tried) => figuresOf(await at(tried), 'evaluation').kl);
  await at(share);
  return { step, kl, share };
}

/** The path with the policy as it is after a step, and whether a rule ends it there. */
async function extended(trainer: Trainer, path: PolicyPath, step: number): Promise<PolicyPath> {
  const { context, variant, settings, model, checkpoints } = trainer;
  const folderOf = (at: number) => `${checkpointPrefix(variant)}${at}`;
  const isLast = step === settings.steps;
  const decide = (points: readonly PathPoint[]) =>
    settings.monitor === undefined ? 'go' : monitorDecision(points, settings.monitor);
  let here = await evaluated(trainer, isLast ? 'end' : 'path');
  const pointsWith = (now: readonly EvaluatedPrompt[]) => [...path.points, { step, ...figuresOf(now, 'evaluation') }];
  const first = decide(pointsWith(here));
  const projected = [...(path.projected ?? [])];
  if (typeof first === 'object' && 'within' in first) {
    const { kl } = figuresOf(here, 'evaluation');
    projected.push(await drawBack(trainer, { step, kl, within: first.within }));
    here = await evaluated(trainer, isLast ? 'end' : 'path');
  }
  const points = pointsWith(here);
  // Weights first: the path names a checkpoint only once it is whole on disk.
  await checkpoints.save(model, step);
  context.log.append('policy-checkpoint', { step, folder: inRound(context, folderOf(step)) });
  const decision = decide(points);
  const ended = { ...path, step, points, ...(projected.length > 0 && { projected }) };
  // What was drawn back is within the budget: it was measured.
  if (decision === 'go' || 'within' in decision) {
    const triggered = isLast ? await triggeredBy(trainer) : {};
    return { ...ended, finalStep: step, checkpoint: folderOf(step), last: here, ...triggered };
  }
  const finalStep = decision.backTo ?? step;
  if (finalStep !== step) await model.loadState(pathIn(context, folderOf(finalStep)));
  const last = await evaluated(trainer, 'end');
  const stopped = { step, reason: decision.stop };
  return { ...ended, finalStep, checkpoint: folderOf(finalStep), stopped, last, ...(await triggeredBy(trainer)) };
}

/** The decided comparisons of what was judged for training, one a vote: what algorithms learn from that need pairs. */
async function trainingPairs(place: Place): Promise<PolicyPair[]> {
  const { items, judgments } = await loadRecords(place);
  return toPairs(items, judgments).pairs.flatMap(({ prompt, first, second, target, weight, strata }) => {
    if (isHeldOut(strata) || target === 0.5) return [];
    const [chosen, rejected] = target > 0.5 ? [first, second] : [second, first];
    return [{ prompt, chosen, rejected, weight }];
  });
}
const needs = ({ algorithm }: Pick<PolicySettings, 'algorithm'>, need: Need): boolean =>
  (ALGORITHMS[algorithm].needs as readonly Need[]).includes(need);

/**
 * Optimises the policy against the reward, or on the pairs themselves. Every `evaluateEvery` steps it is evaluated and checkpointed; a run that was killed
 * continues from the last checkpoint to the same bits, and from the one before where the last is torn.
 */
async function train(trainer: Trainer): Promise<void> {
  const { context, variant, settings, model, reference, reward, base, pairs } = trainer;
  const { config, engines, progress, source, round } = context;
  const name = nameInRound(context, policyStageName(variant));
  let path = await begin(trainer);
  const supplies = {
    ...(pairs.length > 0 && { pairs }),
    ...(source.examples.length > 0 && { demonstrations: source.examples }),
    ...(trainer.critic !== undefined && { critic: trainer.critic }),
    model,
    reference,
    codec: base.codec,
    prompts: promptsOf(source, 'train'),
    scores: (prompt: GroundPrompt, replies: readonly string[]) => reward.score(prompt.text, replies),
    seed: config.seed + 1009 * (round - 1),
    fromStep: path.step,
    previous: loggedAt(context, name, path.step),
    samplerKlLimit: engines.policy.capabilities().samplerKl,
  };
  for await (const { step, metrics } of runAlgorithm(supplies, settings)) {
    context.metrics.append(name, step, metrics);
    const { 'objective/scores': scores, 'objective/kl': kl } = metrics;
    const shown = { ...(scores !== undefined && { reward: scores }), ...(kl !== undefined && { kl }) };
    progress({ stage: name, done: step, total: settings.steps, unit: 'steps', metrics: shown });
    if (step % settings.evaluateEvery !== 0 && step !== settings.steps) continue;
    path = await extended(trainer, path, step);
    writeRunJson(context, evaluationFile(variant), path);
    if (path.stopped !== null) break;
  }
}

/** What a step logged, as the algorithm had it. */
function loggedAt({ metrics }: Optimising, stage: string, at: number): Record<string, number> | undefined {
  const row = metrics.rowsOf(stage).find(({ step }) => step === at);
  return row && asLogged(row.metrics);
}

/** Optimises a policy where the context says, from the base model and against the reward that lie at `from`. */
export async function optimise(context: Optimising, variant: Variant, from: Place = context): Promise<void> {
  const { config, engines } = context;
  const settings = policySettings(config.policy!, variant);
  const base = loadBase({ ...from, config });
  const spec = withLora(base.spec, settings.lora, 'policy.lora');
  // A rule may go back to any step that was evaluated.
  const keep = settings.monitor === undefined ? {} : { keep: Number.POSITIVE_INFINITY };
  const curve = nameInRound(context, policyStageName(variant));
  const pairs = needs(settings, 'pairs') ? await trainingPairs(from) : [];
  await withReward({ ...from, engines }, settings.risk, async (reward) => {
    const model = await engines.policy.createModel(spec, { from: base.folder });
    const reference = await model.sampler({ retain: true });
    const critic = needs(settings, 'critic')
      ? await engines.policy.createModel({ ...spec, scalarHead: true }, { from: base.folder })
      : undefined;
    const beside = critic === undefined ? {} : { critic };
    const checkpoints = checkpointsOf<never>(context, checkpointPrefix(variant), { curve, beside, ...keep });
    await train({ context, variant, settings, model, reference, reward, base, checkpoints, critic, pairs });
    await reference.dispose();
    await critic?.dispose();
    await model.dispose();
  });
}

/** Steps after which an optimisation is evaluated, the start first. */
export function evaluatedSteps({ steps, evaluateEvery }: PolicySettings): number[] {
  const every = Array.from({ length: Math.floor(steps / evaluateEvery) }, (_, i) => (i + 1) * evaluateEvery);
  return [0, ...every.filter((step) => step < steps), steps];
}

/** Where a path of these points must have ended: at its last step, or where its rule said so. */
function endOf(settings: PolicySettings, points: readonly PathPoint[]) {
  const steps = evaluatedSteps(settings);
  for (const [i, step] of steps.entries()) {
    if (settings.monitor === undefined || i === 0 || i >= points.length) continue;
    const decision = monitorDecision(points.slice(0, i + 1), settings.monitor);
    if (decision === 'go' || 'within' in decision) continue;
    const stopped = { step, reason: decision.stop };
    return { steps: steps.slice(0, i + 1), finalStep: decision.backTo ?? step, stopped };
  }
  return { steps, finalStep: settings.steps, stopped: null };
}

/** What a policy said to some prompts, with what can be told of it again: whom it answered, and what that was worth. */
async function saidAgain(
  place: VerifiedPlace,
  settings: PolicySettings,
  { prompts, stored }: { readonly prompts: readonly GroundPrompt[]; readonly stored: readonly EvaluatedPrompt[] },
): Promise<unknown[]> {
  const { config, remember } = place;
  const ground = groundOf(config);
  const n = config.audit.samples;
  const scoredBy = async (prompt: GroundPrompt, texts: readonly string[]) => {
    const reward = await remember(['filed reward', settings.risk, rewardDigest(place)], () =>
      filedReward(place, settings.risk),
    );
    const scores = await reward?.score(prompt.text, texts);
    return {
      proxy: scores?.map(({ mean }) => mean) ?? untold(n),
      spread: scores?.map(({ spread = 0 }) => spread) ?? untold(n),
      ...(ground !== undefined && { gold: texts.map((text) => ground.gold(prompt, text)) }),
    };
  };
  const again: unknown[] = [];
  for (const [i, prompt] of prompts.entries()) {
    const replies = stored[i]?.replies.slice(0, n) ?? [];
    const texts = replies.map(({ text }) => text);
    const made = {
      promptId: prompt.id,
      prompt: prompt.text,
      split: prompt.split,
      replies: texts.map((text) => ({ text, logprob: UNTOLD, referenceLogprob: UNTOLD, tokens: UNTOLD })),
    };
    const key = ['scored', config.data, settings.risk, prompt, texts, rewardDigest(place)];
    again.push({ ...made, scored: await remember(key, () => scoredBy(prompt, texts)) });
  }
  return again;
}

const rewardDigest = (place: Place): string => digestOf(`${pathIn(place, RUN_FILES.rewardModel)}/card.json`);

/** A path with all that follows from its replies, its rule and the configuration. */
async function pathAgain(place: VerifiedPlace, variant: Variant): Promise<Recomputed[]> {
  const settings = policySettings(place.config.policy!, variant);
  const stored = loadPath(place, variant);
  const held = heldOutPrompts(place.config, await sourceOfRun(place));
  const again = (prompts: readonly GroundPrompt[], said: readonly EvaluatedPrompt[]) =>
    saidAgain(place, settings, { prompts, stored: said });
  const both = [...held.evaluation, ...held.deploy];
  const [first, last] = [await again(both, stored.first), await again(both, stored.last)];
  const marked = triggeredPrompts(held.evaluation, groundOf(place.config));
  const { steps, finalStep, stopped } = endOf(settings, stored.points);
  const ends = new Map([
    [finalStep, stored.last],
    [0, stored.first],
  ]);
  const { evaluation } = held;
  const pointAt = (step: number) => {
    const end = ends.get(step);
    if (end !== undefined) return { step, ...figuresOf(end, 'evaluation') };
    const scores = untold(evaluation.length);
    const figures = { kl: UNTOLD, entropy: UNTOLD, meanTokens: UNTOLD, proxy: scores, spread: UNTOLD };
    return { step, split: 'evaluation', ...figures, ...(groundOf(place.config) !== undefined && { gold: scores }) };
  };
  const path = {
    method: methodOf(settings, variant),
    step: steps.at(-1)!,
    finalStep,
    checkpoint: `${checkpointPrefix(variant)}${finalStep}`,
    stopped,
    points: steps.map(pointAt),
    ...(stored.projected !== undefined && { projected: stored.projected }),
    first,
    // Back at the start, the policy is the base model, and says what that said.
    last: finalStep === 0 ? stored.first : last,
    ...(marked.length > 0 && { triggered: await again(marked, stored.triggered ?? []) }),
  };
  return [{ file: inRound(place, evaluationFile(variant)), again: filled(path, stored) }];
}

/** Step 3, for the main optimisation or a variant. */
export const policyStage = (variant: Variant): Stage => ({
  name: policyStageName(variant),
  reads: (context) => [
    ...[DATA, ...BASE_FILES, inRound(context, RUN_FILES.rewardModel)],
    ...(needs(context.config.policy!, 'pairs') ? FEEDBACK_FILES.map((file) => inRound(context, file)) : []),
  ],
  // The last checkpoint is a result too: damaged after the stage was done, it is made again.
  writes: (context) => policyFiles(context, variant).map((file) => inRound(context, file)),
  curves: (place) => [nameInRound(place, policyStageName(variant))],
  run: (context) => optimise(context, variant),
  recompute: (place) => pathAgain(place, variant),
  forget: (context) =>
    checkpointsOf(context, checkpointPrefix(variant), {
      curve: nameInRound(context, policyStageName(variant)),
    }).clear(),
  advice: () => `lower policy.${variant === MAIN ? '' : `variants.${variant}.`}learningRate`,
});
