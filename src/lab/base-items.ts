import { collectJudgments, type Item, type Judgment, type Rater } from '../feedback/index.ts';
import type { Rng } from '../stats/index.ts';
import { comparisonItems, fromBase, type Ground, type GroundPrompt } from '../world/index.ts';

/** Comparisons of two replies of a ground's exact base policy, on the prompts of training unless others are named. */
export const baseItems = (
  ground: Ground & Required<Pick<Ground, 'sampleBase'>>,
  {
    count,
    rng,
    prompts = ground.prompts('train'),
    projectId = 'lab',
  }: {
    readonly count: number;
    readonly rng: Rng;
    readonly prompts?: readonly GroundPrompt[];
    readonly projectId?: string;
  },
): Promise<Item[]> =>
  comparisonItems({
    ground,
    prompts,
    count,
    rng,
    projectId,
    origin: 'base policy, exact',
    replies: fromBase(ground, rng),
  });

/** What raters say of items; nothing of an experiment hangs on when. */
export async function judgmentsOf(panel: {
  readonly items: readonly Item[];
  readonly raters: readonly Rater[];
  readonly overlap: number;
  readonly rng: Rng;
}): Promise<Judgment[]> {
  const judgments: Judgment[] = [];
  for await (const judgment of collectJudgments({ ...panel, now: () => '2026-01-01T00:00:00Z' }))
    judgments.push(judgment);
  return judgments;
}
