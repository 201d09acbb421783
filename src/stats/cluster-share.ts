import { studentQuantile } from './distributions.ts';
import { normalQuantile } from './functions.ts';
import { type Interval, wilsonAt } from './intervals.ts';

/** What a cluster adds to a share: how much was counted, and how much of it was right (0 … counted). */
export interface ClusterCount {
  readonly right: number;
  readonly counted: number;
}

export interface ClusterShare {
  readonly value: number;
  readonly interval: Interval;
  /** Clusters that counted anything. */
  readonly clusters: number;
}

/**
 * A share over clusters that are drawn whole (items of a topic, pairs of an item), with Wilson's interval at the effective
 * size p(1 − p) / variance, the variance being the linearised one between clusters, and Student's quantile at clusters − 1
 * degrees (after Korn and Graubard 1998). Where clusters never differ, each counts as one observation: a share of 0 or 1 has
 * an interval too. `singles` says that every cluster is one whole observation, for which the interval is Wilson's own (1927).
 * One cluster shows nothing of the others: 0 to 1.
 */
export function clusterShare(
  clusters: Iterable<ClusterCount>,
  { level = 0.95, singles = false }: { readonly level?: number; readonly singles?: boolean } = {},
): ClusterShare {
  const used = [...clusters].filter(({ counted }) => counted > 0);
  let [right, counted, squared] = [0, 0, 0];
  for (const cluster of used) {
    right += cluster.right;
    counted += cluster.counted;
    squared += cluster.counted ** 2;
  }
  const n = used.length;
  const value = right / counted;
  if (n < 2) return { value, interval: { low: 0, high: 1, level }, clusters: n };
  let squares = 0;
  for (const cluster of used) squares += ((cluster.right - cluster.counted * value) / counted) ** 2;
  const variance = (squares * n) / (n - 1);
  const kish = (counted * counted) / squared;
  const inner = value > 1e-12 && value < 1 - 1e-12 && variance > 1e-15;
  const tail = 0.5 + level / 2;
  if (singles) return { value, interval: { ...wilsonAt(value * n, n, normalQuantile(tail)), level }, clusters: n };
  const size = inner ? (value * (1 - value)) / variance : kish;
  return { value, interval: { ...wilsonAt(value * size, size, studentQuantile(tail, n - 1)), level }, clusters: n };
}
