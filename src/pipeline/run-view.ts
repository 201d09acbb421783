import type { OptimumView, PathView, PromptView, RoundView, RunView, SnapshotView } from '../audit/index.ts';
import type { Ground } from '../world/index.ts';
import type { EvaluatedPrompt } from './evaluation.ts';
import type { Feedback } from './feedback-records.ts';
import type { BestOfCurve } from './stages/best-of-n.ts';
import { type ExactCurve, LEAST_MASS } from './stages/exact.ts';
import type { PolicyPath } from './stages/policy.ts';

/** Prompts of a split as evidence shows them. */
const promptViews = (prompts: readonly EvaluatedPrompt[], shown: EvaluatedPrompt['split']): PromptView[] =>
  prompts
    .filter(({ split }) => split === shown)
    .map(({ promptId, prompt, split, replies, scored }) => ({
      promptId,
      prompt,
      split,
      replies: replies.map(({ text, logprob }, k) => ({
        text,
        logprob,
        proxy: scored.proxy[k]!,
        ...(scored.gold !== undefined && { gold: scored.gold[k]! }),
      })),
    }));

/** The training distribution apart from deployment, so that a probe compares like with like. */
function bySplit(prompts: readonly EvaluatedPrompt[]): Pick<SnapshotView, 'prompts' | 'deployment'> {
  const deployment = promptViews(prompts, 'deploy');
  return { prompts: promptViews(prompts, 'evaluation'), ...(deployment.length > 0 && { deployment }) };
}

const snapshotsOf = ({ finalStep, first, last }: PolicyPath): SnapshotView[] => [
  { id: 'step-0', role: 'base', step: 0, ...bySplit(first) },
  { id: `step-${finalStep}`, role: 'policy', step: finalStep, ...bySplit(last) },
];

const triggeredOf = ({ finalStep }: PolicyPath, prompts: readonly EvaluatedPrompt[]): SnapshotView[] => [
  { id: `step-${finalStep}`, role: 'policy', step: finalStep, prompts: promptViews(prompts, 'evaluation') },
];

const optimaOf = ({ optimum, listedMass }: ExactCurve, seed: number): OptimumView[] =>
  optimum === undefined || listedMass < LEAST_MASS ? [] : [{ seed, ...optimum }];

const pathView = ({ method, points }: PolicyPath): PathView => ({
  method,
  split: 'evaluation',
  points: points.map(({ step, kl, proxy, gold }) => ({ step, kl, proxy, ...(gold !== undefined && { gold }) })),
});

/** Best of n as a path of its own, from one draw of the base policy on. */
function bestOfView({ method, split, points }: BestOfCurve, main: PolicyPath): PathView {
  const { proxy, gold } = main.points[0]!;
  const base = { step: 1, kl: 0, proxy, ...(gold !== undefined && { gold }) };
  return { method, split, points: [base, ...points.map(({ n, ...point }) => ({ ...point, step: n }))] };
}

/** What a run shows to whoever gathers evidence; without `score` only what follows from its files. */
export function runView(run: {
  readonly seed: number;
  readonly feedback: Pick<Feedback, 'items' | 'judgments' | 'raters'>;
  /** The main path first, then the variants. */
  readonly paths: readonly PolicyPath[];
  readonly bestOf: BestOfCurve | undefined;
  readonly rounds?: readonly RoundView[];
  readonly exact: ExactCurve | undefined;
  readonly ground: Ground | undefined;
  readonly population?: RunView['population'];
  readonly attacks?: RunView['attacks'];
  readonly ask?: RunView['ask'];
  readonly score?: RunView['score'];
}): RunView {
  const { seed, feedback, paths, bestOf, rounds, exact, ground, population, attacks, ask, score } = run;
  const { items, judgments, raters } = feedback;
  const main = paths[0];
  return {
    seed,
    ground,
    feedback: { items, judgments, raters },
    snapshots: main === undefined ? [] : snapshotsOf(main),
    ...(main !== undefined && { deployment: promptViews(main.first, 'deploy') }),
    paths: [...paths.map(pathView), ...(bestOf === undefined || main === undefined ? [] : [bestOfView(bestOf, main)])],
    ...(rounds !== undefined && { rounds }),
    ...(main?.triggered !== undefined && { triggered: triggeredOf(main, main.triggered) }),
    ...(exact !== undefined && { optima: optimaOf(exact, seed) }),
    ...(population !== undefined && { population }),
    ...(attacks !== undefined && { attacks }),
    ...(ask !== undefined && { ask }),
    ...(score !== undefined && { score }),
  };
}
