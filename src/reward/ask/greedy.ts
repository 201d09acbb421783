import type { Rng } from '../../stats/index.ts';
import type { Selection } from './rule.ts';

/** Indices of the highest scores, ties in random order. */
export function highest(scores: readonly number[], count: number, rng: Rng): number[] {
  const shuffled = rng.shuffle(scores.map((_, i) => i));
  return shuffled.sort((a, b) => scores[b]! - scores[a]!).slice(0, count);
}

/** Takes the best again and again, ties in random order; `take` is told what was taken and changes `scores` for the rest. */
export function greedily(scores: Float64Array, count: number, rng: Rng, take: (index: number) => void): Selection {
  const alone = [...scores];
  const open = new Set(rng.shuffle(alone.map((_, i) => i)));
  const order: number[] = [];
  while (order.length < count && open.size > 0) {
    let best = -1;
    for (const i of open) if (best < 0 || scores[i]! > scores[best]!) best = i;
    order.push(best);
    open.delete(best);
    take(best);
  }
  return { order, scores: alone };
}
