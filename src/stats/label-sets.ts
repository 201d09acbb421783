import { alphaInterval, type Estimate, krippendorffAlpha } from './agreement.ts';
import type { BootstrapOptions, Interval } from './intervals.ts';
import { tallyUnits } from './ratings.ts';

/**
 * MASI distance of two sets (Passonneau 2006): 1 − Jaccard's overlap × monotonicity, which is 1 for equal sets, 2/3 when one
 * holds the other, 1/3 when they only overlap and 0 when they are disjoint.
 */
export function masiDistance(a: readonly string[], b: readonly string[]): number {
  const [left, right] = [new Set(a), new Set(b)];
  let common = 0;
  for (const label of left) if (right.has(label)) common += 1;
  const all = left.size + right.size - common;
  if (all === 0) return 0;
  const [whole, inside] = [common === all, common === left.size || common === right.size];
  const monotonicity = whole ? 1 : inside ? 2 / 3 : 1 / 3;
  return 1 - (common / all) * monotonicity;
}

/**
 * Krippendorff's α for answers that are sets of labels (several flags ticked at once): units × answers, each a set. With a
 * source of randomness also a bootstrap interval over units.
 */
export function alphaForSets(
  units: readonly (readonly (readonly string[])[])[],
  { distance = masiDistance, ...options }: Partial<BootstrapOptions> & { readonly distance?: typeof masiDistance } = {},
): Estimate & { readonly interval: Interval | null } {
  const sets: (readonly string[])[] = [];
  const places = new Map<string, number>();
  const place = (labels: readonly string[]): number => {
    const key = JSON.stringify([...new Set(labels)].sort());
    const known = places.get(key);
    if (known !== undefined) return known;
    places.set(key, sets.length);
    return sets.push(labels) - 1;
  };
  const tally = tallyUnits(units.map((unit) => unit.map(place)));
  const apart = (i: number, j: number) => distance(sets[i]!, sets[j]!);
  const alpha = krippendorffAlpha(tally, apart);
  const { uniform, ...rest } = options;
  const interval =
    uniform === undefined || 'undefined' in alpha ? null : alphaInterval(tally, apart, { uniform, ...rest });
  return { ...alpha, interval };
}
