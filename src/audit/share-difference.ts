import { type ClusterCount, type ClusterShare, clusterShare, type Interval } from '../stats/index.ts';

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
  const difference = a.value - b.value;
  const [below, above] = [
    Math.hypot(a.value - a.interval.low, b.interval.high - b.value),
    Math.hypot(a.interval.high - a.value, b.value - b.interval.low),
  ];
  return { first: a, second: b, difference, interval: { low: difference - below, high: difference + above, level } };
}
