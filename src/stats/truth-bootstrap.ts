import { quantile } from './functions.ts';
import type { Interval } from './intervals.ts';
import { type LabelSizes, type Labels, type LabelTable, labelTable, pickItems } from './label-table.ts';
import type { Rng } from './random.ts';
import type { TruthResult } from './truth.ts';

export interface AccuracyBootstrapOptions {
  /** The full fit, by any method. */
  readonly fit: TruthResult;
  readonly rng: Rng;
  /**
   * Fits resampled labels, warm-started from the full fit: row b of `start` is the full fit's posterior of the b-th item
   * drawn. For Dawid–Skene: `(table, start) => dawidSkene(table, table, { start })`.
   */
  readonly refit: (table: LabelTable, start: readonly Float64Array[]) => Pick<TruthResult, 'accuracy'>;
  readonly replicates?: number;
  readonly level?: number;
}

export type BootstrapAccuracy =
  | { readonly n: number; readonly value: number; readonly interval: Interval; readonly replicates: number }
  | { readonly n: number; readonly undefined: string };

/**
 * Percentile bootstrap of rater accuracy over items: items are drawn whole with replacement, so labels of one item stay
 * together, and every replicate is fitted again. It carries the uncertainty about the other raters, which the intervals
 * in a result leave out; it costs a fit per replicate. A replicate without a label of a rater does not count for that
 * rater.
 */
export function bootstrapAccuracy(
  labels: Labels,
  sizes: LabelSizes,
  { fit, rng, refit, replicates = 200, level = 0.95 }: AccuracyBootstrapOptions,
): BootstrapAccuracy[] {
  const table = labelTable(labels, sizes);
  const drawn: number[][] = Array.from({ length: table.raters }, () => []);
  for (let b = 0; b < replicates; b++) {
    const picks = Int32Array.from({ length: table.items }, () => rng.integer(table.items));
    const { accuracy } = refit(
      pickItems(table, picks),
      Array.from(picks, (i) => fit.posteriors[i]!),
    );
    for (const [r, { value, n }] of accuracy.entries()) if (n > 0) drawn[r]!.push(value);
  }
  return drawn.map((values, r) => {
    const { value, n } = fit.accuracy[r]!;
    const known = fit.raterAccuracy[r]!;
    if ('undefined' in known) return { n, undefined: known.undefined };
    if (values.length < 20)
      return { n, undefined: `only ${values.length} of ${replicates} replicates had a label of it` };
    const interval = { low: quantile(values, (1 - level) / 2), high: quantile(values, (1 + level) / 2), level };
    return { n, value, interval, replicates: values.length };
  });
}
