import type { TieSizes } from './choice.ts';
import type { Nuisance, Nuisances } from './likelihood.ts';

/** Name of log δ of a tie of so many replies; choices and rankings have their own. */
export const tieName = (kind: 'comparison' | 'ranking', size: number): string => `ties/${kind} of ${size}`;

/** A log δ for each size of tie that occurs, around −1: δ = e⁻¹ makes two equal replies tie one time in six. */
export const tieNuisances = (kind: 'comparison' | 'ranking', sizes: Iterable<number>): Nuisance[] =>
  [...new Set(sizes)]
    .filter((size) => size > 1)
    .sort((a, b) => a - b)
    .map((size) => ({ name: tieName(kind, size), start: -1, precision: 0.1 }));

/** Sizes that may tie where at most `most` replies are left, as far as their δ are known; undefined where none is. */
export function tieSizes(kind: 'comparison' | 'ranking', most: number, nuisances: Nuisances): TieSizes | undefined {
  const sizes = [1];
  const logDelta = [0];
  for (let size = 2; size <= most; size++) {
    const known = nuisances.get(tieName(kind, size));
    if (known === undefined) continue;
    sizes.push(size);
    logDelta.push(known);
  }
  return sizes.length === 1 ? undefined : { sizes, logDelta };
}

/** Slopes by name. */
export const tieSlopes = (
  kind: 'comparison' | 'ranking',
  { sizes }: TieSizes,
  dLogDelta: readonly number[],
): [string, number][] => sizes.flatMap((size, k) => (size === 1 ? [] : [[tieName(kind, size), dLogDelta[k]!]]));
