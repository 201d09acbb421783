import { mean, type Rng } from '../stats/index.ts';
import { type Column, largestMean } from './estimates.ts';

const HALVINGS = 20;

const on = (values: readonly number[], units: readonly number[]) => mean(units.map((i) => values[i]!));

/**
 * The drop without the luck of the highest point: the peak is chosen on one half of the units and the drop read off the
 * other, both ways, over several halvings. The end counts as a peak of no drop.
 */
function crossFitted(columns: readonly Column[], units: number, rng: Rng): number {
  const order = Array.from({ length: units }, (_, i) => i);
  const once = (select: readonly number[], test: readonly number[]) => {
    const best = columns.reduce((a, b) => (on(b.values, select) > on(a.values, select) ? b : a));
    return on(best.values, select) > 0 ? on(best.values, test) : 0;
  };
  const halvings = Array.from({ length: HALVINGS }, () => {
    const shuffled = rng.shuffle(order);
    const [a, b] = [shuffled.slice(0, units >> 1), shuffled.slice(units >> 1)];
    return (once(a, b) + once(b, a)) / 2;
  });
  return mean(halvings);
}

/** The drop from the peak of a path to its end, of columns that hold each unit's loss from an earlier point to the end. */
export function observedDrop(
  columns: readonly Column[],
  level: number,
  rng: Rng,
): { readonly drop: number; readonly low: number; readonly high: number } {
  const { low, high } = largestMean(columns, level);
  return { drop: Math.min(high, Math.max(low, crossFitted(columns, columns[0]!.values.length, rng))), low, high };
}
