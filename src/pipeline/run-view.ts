import type { PathView, RunView, SnapshotView } from '../audit/index.ts';
import type { Ground } from '../world/index.ts';
import type { BestOfCurve } from './best-of-stage.ts';
import type { Feedback } from './feedback-stage.ts';
import type { PolicyPath } from './policy-stage.ts';

function snapshotsOf({ step, first, last }: PolicyPath): SnapshotView[] {
  return ([first, last] as const).map((evaluation, i) => ({
    id: i === 0 ? 'step-0' : `step-${step}`,
    role: i === 0 ? 'base' : 'policy',
    step: i === 0 ? 0 : step,
    prompts: evaluation.prompts.map(({ prompt, replies, scored }) => ({
      promptId: prompt.id,
      prompt: prompt.text,
      split: prompt.split,
      replies: replies.map(({ text, logprob }, k) => ({
        text,
        logprob,
        proxy: scored.proxy![k]!,
        ...(scored.gold !== undefined && { gold: scored.gold[k]! }),
      })),
    })),
  }));
}

function pathsOf({ method, ...path }: PolicyPath, bestOf: BestOfCurve | undefined): PathView[] {
  const base = path.points[0]!;
  return [
    { method, points: path.points },
    ...(bestOf === undefined
      ? []
      : [
          {
            method: 'best-of-n',
            points: [{ ...base, step: 1, kl: 0 }, ...bestOf.points.map(({ n, ...point }) => ({ ...point, step: n }))],
          },
        ]),
  ];
}

/** What a run shows to whoever gathers evidence; without `score` only what follows from its files. */
export function runView(run: {
  readonly seed: number;
  readonly feedback: Feedback;
  readonly path: PolicyPath | undefined;
  readonly bestOf: BestOfCurve | undefined;
  readonly world: Ground | undefined;
  readonly score?: RunView['score'];
}): RunView {
  const { seed, feedback, path, bestOf, world, score } = run;
  const { items, judgments, raters } = feedback;
  return {
    seed,
    ground: world,
    feedback: { items, judgments, raters },
    snapshots: path === undefined ? [] : snapshotsOf(path),
    paths: path === undefined ? [] : pathsOf(path, bestOf),
    ...(score !== undefined && { score }),
  };
}
