import type { Judgment } from '../feedback/index.ts';
import type { Rng } from '../stats/index.ts';
import { evidenceKind } from './evidence/index.ts';

/** A rater of a made-up crowd, with the view that he judges under and a habit of his own. */
export interface FakeRater {
  readonly id: string;
  readonly view?: string;
  /** P(he prefers the first reply of an item). */
  prefers(item: number): number;
}

/** A comparison of two replies. */
export const comparison = (
  { item, rater, view = 'full' }: { readonly item: string; readonly rater: string; readonly view?: string },
  outcome: 0 | 1 | 'tie',
): Judgment => {
  const example = evidenceKind('judgments').example as Judgment;
  return {
    ...example,
    id: `${item}/${rater}`,
    itemId: item,
    raterId: rater,
    presentation: { ...example.presentation, order: [0, 1], view },
    answer: { kind: 'comparison', outcome },
  };
};

/** Each item judged by so many raters, drawn anew. */
export const judgedBy = (
  rng: Rng,
  raters: readonly FakeRater[],
  { items, overlap }: { readonly items: number; readonly overlap: number },
): Judgment[] =>
  Array.from({ length: items }, (_, i) => i).flatMap((i) =>
    rng
      .shuffle(raters)
      .slice(0, overlap)
      .map(({ id, view, prefers }) =>
        comparison(
          { item: `i${i}`, rater: id, ...(view !== undefined && { view }) },
          rng.uniform() < prefers(i) ? 0 : 1,
        ),
      ),
  );
