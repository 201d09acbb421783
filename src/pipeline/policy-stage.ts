import { existsSync } from 'node:fs';
import { evaluatePolicy, type PolicyEvaluation, runAlgorithm, type ScoreFunction } from '../policy/index.ts';
import type { RewardModel } from '../reward/index.ts';
import { own } from '../run/index.ts';
import { readJson } from '../run/node.ts';
import type { Base } from './base-stage.ts';
import { withLora } from './lora.ts';
import { checkpointsOf, pathIn, type RunContext, stage, writeRunJson } from './run-context.ts';
import { RUN_FILES } from './run-folder.ts';
import type { RunPrompt, Source } from './sources.ts';

/** The optimisation as it went: every step's metrics, an evaluation at each checkpoint, the first and the last in full. */
export interface PolicyPath {
  /** The algorithm, by id. */
  readonly method: string;
  readonly step: number;
  readonly metrics: readonly { readonly step: number; readonly metrics: Readonly<Record<string, number>> }[];
  readonly points: readonly {
    readonly step: number;
    readonly kl: number;
    readonly entropy: number;
    readonly meanTokens: number;
    /** How far the reward's ensemble disagrees about the samples. */
    readonly spread: number;
    readonly proxy: readonly number[];
    readonly gold?: readonly number[];
  }[];
  readonly first: PolicyEvaluation<RunPrompt>;
  readonly last: PolicyEvaluation<RunPrompt>;
}

/** The path as it was at an earlier step: what follows is computed again, to the same bits. */
const backTo = (path: PolicyPath, step: number): PolicyPath => ({
  ...path,
  step,
  metrics: path.metrics.filter((record) => record.step <= step),
  points: path.points.filter((point) => point.step <= step),
});

/**
 * Step 3: the policy optimised against the reward ensemble. Every `evaluateEvery` steps the policy is evaluated and checkpointed; a run
 * that was killed continues from the last checkpoint to the same bits, and from the one before where the last is torn.
 */
export async function policyStage(
  context: RunContext,
  source: Source,
  inputs: { base: Base; reward: RewardModel },
): Promise<PolicyPath> {
  // The last checkpoint is a result too: damaged after the stage was done, it is made again.
  const trained = `${RUN_FILES.policy}-${context.config.policy!.steps}`;
  await stage(context, 'policy', [RUN_FILES.policyEvaluation, trained], () => optimise(context, source, inputs));
  return readJson(pathIn(context, RUN_FILES.policyEvaluation)) as PolicyPath;
}

async function optimise(
  context: RunContext,
  source: Source,
  { base, reward }: { base: Base; reward: RewardModel },
): Promise<void> {
  const { config, engine, progress } = context;
  const policy = config.policy!;
  const { audit, seed } = config;
  const spec = withLora(base.spec, policy.lora, 'policy.lora');
  const model = await engine.createModel(spec, { from: base.folder });
  const reference = await model.sampler({ retain: true });
  const scores: ScoreFunction = (prompt, replies) => reward.score(prompt.text, replies);
  const prompts = source.evaluationPrompts.slice(0, audit.prompts);
  const evaluate = async () =>
    evaluatePolicy({ sampler: await model.sampler(), reference, codec: base.codec }, prompts, {
      n: audit.samples,
      maxTokens: policy.maxTokens,
      seed,
      scores: { proxy: scores, ...(source.gold !== undefined && { gold: source.gold }) },
    });
  const saved = pathIn(context, RUN_FILES.policyEvaluation);
  const checkpoints = checkpointsOf(context, `${RUN_FILES.policy}-`);
  let path: PolicyPath;
  if (existsSync(saved)) {
    path = readJson(saved) as PolicyPath;
    path = backTo(path, (await checkpoints.resume(model, { upTo: path.step })).step);
  } else {
    const first = await evaluate();
    path = { method: policy.algorithm, step: 0, metrics: [], points: [pointOf(0, first)], first, last: first };
  }
  const metrics = [...path.metrics];
  const run = {
    model,
    reference,
    codec: base.codec,
    prompts: source.trainPrompts,
    scores,
    seed,
    fromStep: path.step,
    samplerKlLimit: engine.capabilities().samplerKl,
  };
  for await (const record of runAlgorithm(run, policy)) {
    metrics.push(record);
    const { step } = record;
    progress({
      stage: 'policy',
      done: step,
      total: policy.steps,
      unit: 'steps',
      metrics: { reward: record.metrics['objective/scores']!, kl: record.metrics['objective/kl']! },
    });
    if (step % policy.evaluateEvery !== 0 && step !== policy.steps) continue;
    const last = await evaluate();
    path = { ...path, step, metrics: [...metrics], points: [...path.points, pointOf(step, last)], last };
    // Weights first: the path names a checkpoint only once it is whole on disk.
    await checkpoints.save(model, step);
    writeRunJson(context, RUN_FILES.policyEvaluation, path);
    context.log.append('policy-checkpoint', { step, folder: `${RUN_FILES.policy}-${step}` });
  }
  await reference.dispose();
  await model.dispose();
}

function pointOf(step: number, evaluation: PolicyEvaluation): PolicyPath['points'][number] {
  const of = (name: string) => evaluation.prompts.map((prompt) => own(prompt.scores, name)!);
  const { kl, entropy, meanTokens, spread, prompts } = evaluation;
  return {
    step,
    kl,
    entropy,
    meanTokens,
    spread: spread.proxy!,
    proxy: of('proxy'),
    ...('gold' in prompts[0]!.scores && { gold: of('gold') }),
  };
}
