import { type Interval, normalQuantile, studentQuantile, wilson } from '../stats/index.ts';

/** A share with its count and Wilson interval. */
export interface ShareEstimate {
  readonly k: number;
  readonly n: number;
  readonly share: number;
  readonly interval: Interval;
}

/** A share of n; null where there is nothing to take a share of. `k` may be an expected count. */
export const share = (k: number, n: number): ShareEstimate | null =>
  n === 0 ? null : { k, n, share: k / n, interval: wilson(k, n) };

/** A number with its standard error and normal interval, or why there is none. */
export type Effect =
  | { readonly value: number; readonly standardError: number; readonly interval: Interval; readonly n: number }
  | { readonly undefined: string };

/**
 * An effect with its 95 % interval from a standard error; undefined where that is not a number. `degrees` are those of the
 * error, clusters less one where it comes from clusters: few of them ask for Student's quantile.
 */
export function effect(value: number, standardError: number, { n, degrees }: { n: number; degrees: number }): Effect {
  if (!Number.isFinite(value) || !Number.isFinite(standardError))
    return { undefined: 'too little data to estimate it' };
  const half = (degrees === Infinity ? normalQuantile(0.975) : studentQuantile(0.975, degrees)) * standardError;
  const interval = { low: value - half, high: value + half, level: 0.95 };
  return { value, standardError, interval, n };
}

/** Mean of values in clusters (numbered from 0), with the standard error of clusters that are drawn whole. */
export class ClusteredMean {
  private readonly sums: Float64Array;
  private readonly counts: Float64Array;
  private sum = 0;
  n = 0;

  constructor(clusters: number) {
    this.sums = new Float64Array(clusters);
    this.counts = new Float64Array(clusters);
  }

  /** Adds a value, as many times as it counts. */
  add(cluster: number, value: number, times = 1): void {
    this.sums[cluster]! += times * value;
    this.counts[cluster]! += times;
    this.sum += times * value;
    this.n += times;
  }

  /** Clusters with a value. */
  get clusters(): number {
    return this.counts.reduce((sum, count) => sum + Number(count > 0), 0);
  }

  result(): Effect {
    const mean = this.sum / this.n;
    let [clusters, squares] = [0, 0];
    for (let c = 0; c < this.sums.length; c++) {
      if (this.counts[c] === 0) continue;
      clusters += 1;
      squares += (this.sums[c]! - this.counts[c]! * mean) ** 2;
    }
    if (clusters < 2) return { undefined: `${clusters} cluster of values does not show how they vary` };
    const error = Math.sqrt((squares * clusters) / (clusters - 1)) / this.n;
    return effect(mean, error, { n: this.n, degrees: clusters - 1 });
  }
}
