import type { AgreementMeasure, Effect, ShareEstimate } from '../../../feedback/index.ts';
import { figure, interval, percent } from '../../ui/figures.ts';
import { own } from '../../../run/index.ts';

/** Coefficients by their usual names. */
const MEASURES: { readonly [M in AgreementMeasure]: string } = {
  'alpha-nominal': 'Krippendorff’s α, nominal',
  'alpha-ordinal': 'Krippendorff’s α, ordinal',
  'alpha-interval': 'Krippendorff’s α, interval',
  pairwise: 'Share of agreeing pairs',
  gwet: 'Gwet’s AC1',
  'icc-1-1': 'ICC(1,1)',
  'icc-2-1': 'ICC(2,1)',
  'kendall-w': 'Kendall’s W',
  'span-f1': 'F1 of spans',
};
/** A later report may know measures that this page does not. */
export const measureText = (measure: string): string => own(MEASURES, measure) ?? measure;

/** A share with its interval and counts. */
export function shareText(share: ShareEstimate | null | undefined): string {
  if (share === null || share === undefined) return '– (nothing to count)';
  const { low, high } = share.interval;
  return `${percent(share.share)} (${(100 * low).toFixed(1)} to ${(100 * high).toFixed(1)}), ${figure(share.k)} of ${figure(share.n)}`;
}

/** An effect with its interval and n, or the reason there is none. */
export const effectText = (effect: Effect | undefined): string =>
  effect === undefined
    ? '–'
    : 'value' in effect
      ? `${figure(effect.value)} (${interval(effect.interval)}), n = ${figure(effect.n)}`
      : `– (${effect.undefined})`;

/** A p-value; the very small ones as a bound. */
export const pText = (p: number): string => (p < 0.001 ? 'p < 0.001' : `p = ${p.toFixed(3)}`);

const SECOND = 1000;
const MINUTE = 60 * SECOND;
/** An edge of a histogram of times. */
export const edgeText = (ms: number): string =>
  ms < MINUTE ? `${figure(Math.round(ms / 100) / 10)} s` : `${figure(Math.round(ms / MINUTE))} min`;

/** The keys of a report that this page does not show in a section of their own. */
export const leftOver = (report: Readonly<Record<string, unknown>>, known: readonly string[]): string[] =>
  Object.keys(report).filter((key) => !known.includes(key));
