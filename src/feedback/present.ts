import type { Item } from './item.ts';
import type { Presentation } from './judgment.ts';

/**
 * How an item is shown once. Orders are balanced per item: the first is random, and each later one is the last one
 * rotated by one place, so that over k presentations every reply stands in every place equally often.
 */
export function present(
  item: Item,
  options: {
    readonly view: string;
    readonly instructionsVersion: string;
    readonly shownAt: string;
    /** Presentations of this item so far. */
    readonly earlier: number;
    /** Uniform in [0, 1), the same for every presentation of the item. */
    readonly start: number;
  },
): Presentation {
  const k = item.replies.length;
  const shift = (Math.floor(options.start * k) + options.earlier) % k;
  const order = Array.from({ length: k }, (_, place) => (place + shift) % k);
  const { view, instructionsVersion, shownAt } = options;
  return { order, view, instructionsVersion, shownAt };
}
