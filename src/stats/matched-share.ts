import { normalQuantile } from './functions.ts';
import type { Interval } from './intervals.ts';

/** Steps of a bisection on an interval of length two, down to the last bits. */
const STEPS = 60;

/**
 * Mean of independent values of 0, ½ and 1: a choice that may be a tie, or two choices on the same pair held against each other
 * ((1 + one − other) / 2). Of n values `ones` are 1 and `zeros` are 0; the interval is the score interval of the difference of matched
 * proportions (Tango 1998, Statistics in Medicine 17). Throws `RangeError` without values.
 */
export function matchedShare(
  { ones, zeros, n }: { readonly ones: number; readonly zeros: number; readonly n: number },
  { level = 0.95 }: { readonly level?: number } = {},
): { readonly value: number; readonly interval: Interval } {
  if (n === 0) throw new RangeError('matched share: expected values, got none');
  const z = normalQuantile(0.5 + level / 2);
  const found = (ones - zeros) / n;
  /** How many deviations the found difference lies above one that is supposed. */
  const score = (supposed: number): number => {
    const [a, b, c] = [2 * n, -ones - zeros + (2 * n - ones + zeros) * supposed, -zeros * supposed * (1 - supposed)];
    const rest = (Math.sqrt(Math.max(0, b * b - 4 * a * c)) - b) / (2 * a);
    const variance = n * (2 * rest + supposed * (1 - supposed));
    const ahead = n * (found - supposed);
    return Math.abs(ahead) < 1e-12 ? 0 : ahead / Math.sqrt(Math.max(variance, 1e-300));
  };
  const edge = (beyond: -1 | 1): number => {
    let [inside, outside]: [number, number] = [found, beyond];
    for (let step = 0; step < STEPS; step++) {
      const middle = (inside + outside) / 2;
      if (Math.abs(score(middle)) <= z) inside = middle;
      else outside = middle;
    }
    return inside;
  };
  return { value: (1 + found) / 2, interval: { low: (1 + edge(-1)) / 2, high: (1 + edge(1)) / 2, level } };
}
