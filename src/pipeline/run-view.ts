import type { PathView, RunView, SnapshotView } from '../audit/index.ts';
import type { Ground } from '../world/index.ts';
import type { EvaluatedPrompt } from './evaluation.ts';
import type { Feedback } from './feedback-records.ts';
import type { BestOfCurve } from './stages/best-of-n.ts';
import type { PolicyPath } from './stages/policy.ts';

/** Prompts of a split as evidence shows them. Where none is named, of the training distribution: like is compared with like. */
const promptViews = (
  prompts: readonly EvaluatedPrompt[],
  wanted: EvaluatedPrompt['split'] = 'evaluation',
): SnapshotView['prompts'] =>
  prompts
    .filter(({ split }) => split === wanted)
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

const snapshotsOf = ({ finalStep, first, last }: PolicyPath): SnapshotView[] => [
  { id: 'step-0', role: 'base', step: 0, prompts: promptViews(first) },
  { id: `step-${finalStep}`, role: 'policy', step: finalStep, prompts: promptViews(last) },
];

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
  readonly ground: Ground | undefined;
  readonly score?: RunView['score'];
}): RunView {
  const { seed, feedback, paths, bestOf, ground, score } = run;
  const { items, judgments, raters } = feedback;
  const main = paths[0];
  return {
    seed,
    ground,
    feedback: { items, judgments, raters },
    snapshots: main === undefined ? [] : snapshotsOf(main),
    ...(main !== undefined && { deployment: promptViews(main.first, 'deploy') }),
    paths: [...paths.map(pathView), ...(bestOf === undefined || main === undefined ? [] : [bestOfView(bestOf, main)])],
    ...(score !== undefined && { score }),
  };
}
