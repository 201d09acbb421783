import type { Rng } from '../stats/index.ts';
import { type Column, crossFittedLargest, largestMean } from './estimates.ts';

/** The drop from the peak of a path to its end, of columns that hold each unit's loss from an earlier point to the end. */
export function observedDrop(
  columns: readonly Column[],
  level: number,
  rng: Rng,
): { readonly drop: number; readonly low: number; readonly high: number } {
  const { low, high } = largestMean(columns, level);
  return { drop: Math.min(high, Math.max(low, crossFittedLargest(columns, rng))), low, high };
}
