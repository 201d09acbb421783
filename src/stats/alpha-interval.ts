import { studentQuantile } from './distributions.ts';
import type { Interval } from './intervals.ts';

/** α of clusters (units, or items with several), and what it becomes when a cluster counts a little less. */
export interface AlphaInfluence {
  readonly alpha: number;
  /** α with the weight of a cluster lowered from 1 by `LESS`; how many clusters are like it. */
  readonly lowered: readonly { readonly alpha: number; readonly clusters: number }[];
  /** 1 − α that one dissenting value among a unit's would add, on the average unit. */
  readonly oneDissent: number;
}

/** Weight taken off a cluster: little, so that the only one with a rare value is never wholly gone. */
export const LESS = 0.25;
/** Dissents imagined beside those seen. */
const IMAGINED = 0.5;

/**
 * Interval of Krippendorff's α for few clusters: delta method on log(1 − α), by the influence of each cluster, with half a
 * dissenting value imagined so that full agreement has an interval too, and Student's quantile at the number of clusters
 * that carry the variance, (Σv²)² / Σv⁴ (Satterthwaite): where a value is rare, two or three units decide. A percentile
 * bootstrap over so few units never draws disagreement that it has not seen.
 */
export function alphaOfFew({ alpha, lowered, oneDissent }: AlphaInfluence, level: number): Interval {
  const imagined = IMAGINED * oneDissent;
  const log = (a: number) => Math.log(1 - a + imagined);
  const centre = log(alpha);
  let [n, squares, fourths] = [0, 0, 0];
  for (const row of lowered) {
    const influence = (centre - log(row.alpha)) / LESS;
    n += row.clusters;
    squares += row.clusters * influence ** 2;
    fourths += row.clusters * influence ** 4;
  }
  // The imagined part varies like a count of that size.
  const own = (imagined / (1 - alpha + imagined)) ** 2 / IMAGINED;
  const sampled = n < 2 ? 0 : (squares * n) / (n - 1);
  const degrees = fourths === 0 ? n - 1 : Math.max(1, Math.min(n - 1, squares ** 2 / fourths));
  const half = studentQuantile(0.5 + level / 2, Math.max(1, degrees)) * Math.sqrt(sampled + own);
  // The imagined dissent widens the interval downwards; it never moves its upper end below α.
  return {
    low: Math.min(alpha, 1 + imagined - Math.exp(centre + half)),
    high: Math.max(alpha, Math.min(1, 1 + imagined - Math.exp(centre - half))),
    level,
  };
}
