import type { Rng } from '../stats/index.ts';
import type { Item } from './item.ts';
import type { Judgment } from './judgment.ts';
import { present } from './present.ts';
import type { Rater } from './rater.ts';

export interface CollectOptions {
  readonly items: readonly Item[];
  readonly raters: readonly Rater[];
  /** Raters per item. */
  readonly overlap: number;
  readonly rng: Rng;
  readonly now: () => string;
  readonly view?: string;
  readonly instructionsVersion?: string;
}

/**
 * Asks raters about items: each item goes to `overlap` different raters, loads kept equal, orders balanced and recorded.
 * The same generator gives the same judgments. Yields them in the order they are submitted.
 */
export async function* collectJudgments(options: CollectOptions): AsyncGenerator<Judgment> {
  const { items, raters, rng, now } = options;
  const overlap = Math.min(options.overlap, raters.length);
  const load = new Map(raters.map((rater) => [rater.id, 0]));
  for (const item of items) {
    const draw = rng.fork(`assign/${item.id}`);
    const start = draw.uniform();
    const queue = draw.shuffle(raters).sort((a, b) => load.get(a.id)! - load.get(b.id)!);
    for (const [earlier, rater] of queue.slice(0, overlap).entries()) {
      load.set(rater.id, load.get(rater.id)! + 1);
      const presentation = present(item, {
        view: options.view ?? 'full',
        instructionsVersion: options.instructionsVersion ?? '1',
        shownAt: now(),
        earlier,
        start,
      });
      const { uniform } = rng.fork(`judge/${item.id}/${rater.id}`);
      const { answer, activeMs } = await rater.judge(item, presentation, uniform);
      yield {
        id: `${item.id}/${rater.id}`,
        projectId: item.projectId,
        itemId: item.id,
        raterId: rater.id,
        presentation,
        answer,
        activeMs,
        submittedAt: now(),
        source: rater.kind === 'simulated' ? 'simulated' : rater.kind,
      };
    }
  }
}
