import {
  alphaOfFew,
  clusterShare,
  type Estimate,
  FEW_UNITS,
  type Interval,
  LESS,
  type Metric,
  quantile,
  type Uniform,
} from '../stats/index.ts';

/** What is resampled to see how far an estimate depends on the items that happened to be asked. */
export interface ResampleOptions {
  readonly uniform: Uniform;
  readonly replicates: number;
  readonly level?: number;
}

/** A metric of α that works on sums per item; `ratio` has no use for answers of people. */
export type ClusterMetric = Exclude<Metric, 'ratio'>;

/**
 * Krippendorff's α where an item has several units (criteria, steps, characters): each item keeps sums that α is a function
 * of, so that a bootstrap replicate resamples whole items at the cost of adding these up. Units of one item share raters
 * and text, so resampling units alone would give intervals that are too narrow.
 */
export class ClusterAlpha {
  private readonly metric: ClusterMetric;
  private readonly categories: number;
  private readonly width: number;
  private readonly sums: Float64Array;
  private readonly used: Uint8Array;
  readonly clusters: number;
  units = 0;
  values = 0;

  /** `categories` is the number of nominal or ordinal values; the interval metric ignores it. */
  constructor(metric: ClusterMetric, { clusters, categories }: { clusters: number; categories: number }) {
    this.metric = metric;
    this.categories = categories;
    this.clusters = clusters;
    // Agreeing pairs, pairs, then what the metric needs.
    this.width = 2 + { nominal: 1 + categories, ordinal: categories * categories, interval: 4 }[metric];
    this.sums = new Float64Array(clusters * this.width);
    this.used = new Uint8Array(clusters);
  }

  /**
   * Adds a unit of a cluster, `weight` times: its values (indices of categories, or numbers for the interval metric).
   * Fewer than two values pair nothing and are passed over.
   */
  add(cluster: number, values: readonly number[], weight = 1): void {
    const m = values.length;
    if (m < 2) return;
    this.units += weight;
    this.values += weight * m;
    this.used[cluster] = 1;
    const { sums, categories } = this;
    const at = cluster * this.width;
    let agree = 0;
    for (let i = 0; i < m; i++) for (let j = i + 1; j < m; j++) if (values[i] === values[j]) agree += 1;
    const pairs = (m * (m - 1)) / 2;
    sums[at]! += weight * agree;
    sums[at + 1]! += weight * pairs;
    if (this.metric === 'nominal') {
      sums[at + 2]! += (weight * 2 * (pairs - agree)) / (m - 1);
      for (const v of values) sums[at + 3 + v]! += weight;
    } else if (this.metric === 'ordinal') {
      for (let i = 0; i < m; i++) {
        for (let j = 0; j < m; j++)
          if (i !== j) sums[at + 2 + values[i]! * categories + values[j]!]! += weight / (m - 1);
      }
    } else {
      let [sum, squares] = [0, 0];
      for (const v of values) {
        sum += v;
        squares += v * v;
      }
      sums[at + 2]! += (weight * 2 * (m * squares - sum * sum)) / (m - 1);
      sums[at + 3]! += weight * m;
      sums[at + 4]! += weight * sum;
      sums[at + 5]! += weight * squares;
    }
  }

  private total(weights: Float64Array | null): Float64Array {
    const total = new Float64Array(this.width);
    for (let c = 0; c < this.clusters; c++) {
      const weight = weights === null ? 1 : weights[c]!;
      if (weight === 0 || this.used[c] === 0) continue;
      for (let k = 0; k < this.width; k++) total[k]! += weight * this.sums[c * this.width + k]!;
    }
    return total;
  }

  private alphaOf(total: Float64Array): Estimate {
    if (total[1] === 0) return { undefined: 'no unit has two values' };
    const flat = { undefined: 'every paired value is the same, so expected disagreement is zero' };
    if (this.metric === 'interval') {
      const [observed, n, sum, squares] = [total[2]!, total[3]!, total[4]!, total[5]!];
      const expected = 2 * (n * squares - sum * sum);
      return expected <= 1e-12 * Math.abs(n * squares) ? flat : { value: 1 - ((n - 1) * observed) / expected };
    }
    if (this.metric === 'nominal') {
      let [n, same] = [0, 0];
      for (let k = 3; k < total.length; k++) {
        n += total[k]!;
        same += total[k]! ** 2;
      }
      const expected = n * n - same;
      return expected <= 1e-9 * n ? flat : { value: 1 - ((n - 1) * total[2]!) / expected };
    }
    const C = this.categories;
    const marginal = Array.from({ length: C }, (_, a) => {
      let sum = 0;
      for (let b = 0; b < C; b++) sum += total[2 + a * C + b]!;
      return sum;
    });
    const n = marginal.reduce((a, b) => a + b, 0);
    let below = 0;
    const middle = marginal.map((count) => {
      below += count;
      return below - count / 2;
    });
    let [observed, expected] = [0, 0];
    for (let a = 0; a < C; a++) {
      for (let b = 0; b < C; b++) {
        const distance = (middle[a]! - middle[b]!) ** 2;
        observed += total[2 + a * C + b]! * distance;
        expected += marginal[a]! * marginal[b]! * distance;
      }
    }
    return expected === 0 ? flat : { value: 1 - ((n - 1) * observed) / expected };
  }

  /** α, or why there is none. */
  alpha(): Estimate {
    return this.alphaOf(this.total(null));
  }

  /** Share of pairs of values of a unit that are equal. */
  agreement(): Estimate {
    const total = this.total(null);
    return total[1] === 0 ? { undefined: 'no unit has two values' } : { value: total[0]! / total[1]! };
  }

  /** Items with at least one paired unit. */
  get items(): number {
    return this.used.reduce((sum, used) => sum + used, 0);
  }

  /** Intervals of α (by influence for few items, else a percentile bootstrap) and of pairwise agreement (`clusterShare`), items drawn whole; null where nothing varies. */
  intervals({ uniform, replicates, level = 0.95 }: ResampleOptions): {
    alpha: Interval | null;
    agreement: Interval | null;
  } {
    const used: number[] = [];
    for (let c = 0; c < this.clusters; c++) if (this.used[c] === 1) used.push(c);
    if (used.length < 2) return { alpha: null, agreement: null };
    const agreement = this.agreementInterval(used, level);
    if (used.length < FEW_UNITS) return { alpha: this.alphaByInfluence(used, level), agreement };
    const weights = new Float64Array(this.clusters);
    const alphas: number[] = [];
    for (let r = 0; r < replicates; r++) {
      weights.fill(0);
      for (let i = 0; i < used.length; i++) weights[used[Math.floor(uniform() * used.length)]!]! += 1;
      const total = this.total(weights);
      const alpha = this.alphaOf(total);
      if ('value' in alpha) alphas.push(alpha.value);
    }
    const range = (values: number[]): Interval | null =>
      values.length === 0
        ? null
        : { low: quantile(values, (1 - level) / 2), high: quantile(values, (1 + level) / 2), level };
    return { alpha: range(alphas), agreement };
  }

  private agreementInterval(used: readonly number[], level: number): Interval {
    const counts = used.map((c) => ({ right: this.sums[c * this.width]!, counted: this.sums[c * this.width + 1]! }));
    return clusterShare(counts, { level }).interval;
  }

  private alphaByInfluence(used: readonly number[], level: number): Interval | null {
    const total = this.total(null);
    const whole = this.alphaOf(total);
    if (!('value' in whole)) return null;
    const lowered = used.flatMap((c) => {
      const less = total.map((sum, k) => sum - LESS * this.sums[c * this.width + k]!);
      const found = this.alphaOf(less);
      return 'value' in found ? [{ alpha: found.value, clusters: 1 }] : [];
    });
    return alphaOfFew({ alpha: whole.value, lowered, oneDissent: this.dissent / used.length }, level);
  }

  /** What one dissenting value in each cluster's average unit adds to 1 − α, over all clusters. */
  private get dissent(): number {
    return 2 / ((this.values / this.units) * this.unequal());
  }

  /** Probability that two paired values of any units differ; numbers on a fine scale all do. */
  private unequal(): number {
    if (this.metric === 'interval') return 1;
    const total = this.total(null);
    const C = this.categories;
    const marginal = Array.from({ length: C }, (_, k) => {
      if (this.metric === 'nominal') return total[3 + k]!;
      let sum = 0;
      for (let b = 0; b < C; b++) sum += total[2 + k * C + b]!;
      return sum;
    });
    const n = marginal.reduce((x, y) => x + y, 0);
    return 1 - marginal.reduce((sum, m) => sum + (m * (m - 1)) / (n * (n - 1)), 0);
  }
}
