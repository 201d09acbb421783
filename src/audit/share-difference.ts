import { type ClusterCount, type ClusterShare, clusterShare, type Interval } from '../stats/index.ts';

/** A share with its interval. */
interface Bounded {
  readonly value: number;
  readonly interval: Pick<Interval, 'low' | 'high'>;
}

/**
 * The difference of two shares with the interval of Zou and Donner (2008) from theirs: the recovered variances add up, as for shares
 * of different units.
 */
export function differenceOfBounded(a: Bounded, b: Bounded): { value: number; low: number; high: number } {
  const value = a.value - b.value;
  return {
    value,
    low: value - Math.hypot(a.value - a.interval.low, b.interval.high - b.value),
    high: value + Math.hypot(a.interval.high - a.value, b.value - b.interval.low),
  };
}

/** A difference of two shares, each over clusters of its own. */
export interface ShareDifference {
  readonly first: ClusterShare;
  readonly second: ClusterShare;
  readonly difference: number;
  readonly interval: Interval;
}

/** Two shares of independent clusters and their difference, first less second, by squaring and adding (Newcombe 1998, method 10). */
export function shareDifference(
  first: Iterable<ClusterCount>,
  second: Iterable<ClusterCount>,
  level: number,
): ShareDifference {
  const [a, b] = [clusterShare(first, { level }), clusterShare(second, { level })];
  const { value: difference, low, high } = differenceOfBounded(a, b);
  return { first: a, second: b, difference, interval: { low, high, level } };
}
