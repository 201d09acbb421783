import { existsSync } from 'node:fs';
import { rloo } from '../../policy/index.ts';
import { readJson } from '../../run/node.ts';
import type { GroundPrompt } from '../../world/index.ts';
import type { PipelineConfig } from '../config.ts';
import { type EvaluatedPrompt, evaluateOn, figuresOf, type SplitFigures } from '../evaluation.ts';
import { withLora } from '../lora.ts';
import { type PolicySettings, policySettings } from '../policy-config.ts';
import { withReward } from '../reward-artefact.ts';
import { checkpointsOf, inRound, type Place, pathIn, type RunContext, writeRunJson } from '../run-context.ts';
import { RUN_FILES } from '../run-folder.ts';
import { promptsOf, type Source } from '../sources/index.ts';
import { DATA, nameInRound, type Stage } from '../stage.ts';
import { loadBase } from './base.ts';

/** Which optimisation of a run: the main one, or a variant by name. */
export type Variant = string | null;
export const MAIN: Variant = null;

/** A point of a path: the policy after a step, on the held-out part of the training distribution. */
export interface PathPoint extends SplitFigures {
  readonly step: number;
}

/** An optimisation as it went: an evaluation at each checkpoint, the first and the last with every reply. */
export interface PolicyPath {
  /** The algorithm; of a variant, its name. */
  readonly method: string;
  /** Steps taken so far. */
  readonly step: number;
  /** The step of the snapshot that is the result, and where its weights are, relative to the round. */
  readonly finalStep: number;
  readonly checkpoint: string;
  readonly points: readonly PathPoint[];
  readonly first: readonly EvaluatedPrompt[];
  readonly last: readonly EvaluatedPrompt[];
}

/** The optimisations of a run, the main one first. */
export const variantsOf = ({ policy }: Pick<PipelineConfig, 'policy'>): Variant[] =>
  policy === undefined ? [] : [MAIN, ...Object.keys(policy.variants)];

const stageName = (variant: Variant): string => (variant === MAIN ? 'policy' : `policy/${variant}`);
const evaluationFile = (variant: Variant): string =>
  variant === MAIN ? RUN_FILES.policyEvaluation : `policy/${variant}/evaluation.json`;
const checkpointPrefix = (variant: Variant): string =>
  variant === MAIN ? `${RUN_FILES.policy}-` : `${RUN_FILES.policy}-${variant}-`;

/** How a path is called in evidence, curves and results. */
export const methodOf = (policy: PolicySettings, variant: Variant): string => variant ?? policy.algorithm;

/** The path that a round's files hold. */
export const loadPath = (place: Place, variant: Variant): PolicyPath =>
  readJson(pathIn(place, evaluationFile(variant))) as PolicyPath;

/** What an optimisation leaves: its evaluation and the weights that are its result, relative to the round. */
export function policyFiles(place: Place, variant: Variant): string[] {
  const evaluation = evaluationFile(variant);
  if (!existsSync(pathIn(place, evaluation))) return [evaluation];
  return [evaluation, loadPath(place, variant).checkpoint];
}

/** The prompts that policies are evaluated on: of the training distribution but not trained on, and of deployment. */
export function heldOutPrompts({ audit }: Pick<PipelineConfig, 'audit'>, source: Pick<Source, 'prompts'>) {
  const of = (split: GroundPrompt['split']) => promptsOf(source, split).slice(0, audit.prompts);
  return { evaluation: of('evaluation'), deploy: of('deploy') };
}

/** The path as it was at an earlier step: what follows is computed again, to the same bits. */
const backTo = (path: PolicyPath, step: number): PolicyPath => ({
  ...path,
  step,
  points: path.points.filter((point) => point.step <= step),
});

/**
 * Optimises the policy against the reward. Every `evaluateEvery` steps it is evaluated and checkpointed; a run that was killed
 * continues from the last checkpoint to the same bits, and from the one before where the last is torn.
 */
async function optimise(context: RunContext, variant: Variant): Promise<void> {
  const { config, engines, progress, source, round } = context;
  const settings = policySettings(config.policy!, variant);
  const seed = config.seed + 1009 * (round - 1);
  const base = loadBase(context);
  const name = nameInRound(context, stageName(variant));
  await withReward(context, settings.risk, async (reward) => {
    const model = await engines.policy.createModel(withLora(base.spec, settings.lora, 'policy.lora'), {
      from: base.folder,
    });
    const reference = await model.sampler({ retain: true });
    const held = heldOutPrompts(config, source);
    const evaluate = async (prompts: readonly GroundPrompt[]) =>
      evaluateOn(
        prompts,
        {
          sampler: await model.sampler(),
          reference,
          codec: base.codec,
          score: (prompt, replies) => reward.score(prompt, replies),
          ground: source.ground,
        },
        { n: config.audit.samples, maxTokens: settings.maxTokens, seed: config.seed },
      );
    // Prompts of deployment at both ends only: the path is drawn on the others.
    const whole = [...held.evaluation, ...held.deploy];
    const file = evaluationFile(variant);
    const prefix = checkpointPrefix(variant);
    const checkpoints = checkpointsOf<never>(context, prefix);
    let path: PolicyPath;
    if (existsSync(pathIn(context, file))) {
      path = loadPath(context, variant);
      path = backTo(path, (await checkpoints.resume(model, { upTo: path.step })).step);
    } else {
      const first = await evaluate(whole);
      path = {
        method: methodOf(settings, variant),
        step: 0,
        finalStep: 0,
        checkpoint: RUN_FILES.base,
        points: [{ step: 0, ...figuresOf(first, 'evaluation') }],
        first,
        last: first,
      };
    }
    const run = {
      model,
      reference,
      codec: base.codec,
      prompts: promptsOf(source, 'train').map(({ text }) => text),
      score: (prompt: string, replies: readonly string[]) => reward.score(prompt, replies),
      seed,
      fromStep: path.step,
    };
    for await (const { step, metrics } of rloo(run, settings)) {
      context.metrics.append(name, step, metrics);
      const { 'objective/scores': scores, 'objective/kl': kl } = metrics;
      progress({
        stage: name,
        done: step,
        total: settings.steps,
        unit: 'steps',
        metrics: { reward: scores!, kl: kl! },
      });
      const isLast = step === settings.steps;
      if (step % settings.evaluateEvery !== 0 && !isLast) continue;
      const last = await evaluate(isLast ? whole : held.evaluation);
      const point = { step, ...figuresOf(last, 'evaluation') };
      const checkpoint = `${prefix}${step}`;
      path = { ...path, step, finalStep: step, checkpoint, points: [...path.points, point], last };
      // Weights first: the path names a checkpoint only once it is whole on disk.
      await checkpoints.save(model, step);
      writeRunJson(context, file, path);
      context.log.append('policy-checkpoint', { step, folder: inRound(context, checkpoint) });
    }
    await reference.dispose();
    await model.dispose();
  });
}

/** Step 3, for the main optimisation or a variant. */
export const policyStage = (variant: Variant): Stage => ({
  name: stageName(variant),
  reads: (context) => [
    DATA,
    RUN_FILES.base,
    RUN_FILES.tokenizer,
    RUN_FILES.baseCard,
    inRound(context, RUN_FILES.rewardModel),
  ],
  // The last checkpoint is a result too: damaged after the stage was done, it is made again.
  writes: (context) => policyFiles(context, variant).map((file) => inRound(context, file)),
  curves: (place) => [nameInRound(place, stageName(variant))],
  run: (context) => optimise(context, variant),
  async recompute(place) {
    const { points, first, last } = loadPath(place, variant);
    const name = inRound(place, evaluationFile(variant));
    const ends = [
      { which: 'first', point: points[0], prompts: first },
      { which: 'last', point: points.at(-1), prompts: last },
    ];
    // KL, entropy and mean scores follow from the replies that are stored with them.
    return ends.map(({ which, point, prompts }) => {
      const { step, ...stored } = point ?? { step: null };
      return { name: `${name} ${which}`, stored, again: figuresOf(prompts, 'evaluation') };
    });
  },
  forget: (context) => checkpointsOf(context, checkpointPrefix(variant)).clear(),
  advice: () => `lower policy.${variant === MAIN ? '' : `variants.${variant}.`}learningRate`,
});
