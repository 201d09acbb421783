import {
  type Cell,
  estimateText,
  figure,
  percent,
  type Range,
  type Reference,
  rangeText,
  type Text,
} from '../../report/index.ts';
import type { AgreementMeasure } from '../agreement.ts';
import type { Effect, ShareEstimate } from '../estimates.ts';

/** Coefficients by their usual names: the one list for every rendering. */
export const MEASURES: { readonly [M in AgreementMeasure]: string } = {
  'alpha-nominal': 'Krippendorff’s α, nominal',
  'alpha-ordinal': 'Krippendorff’s α, ordinal',
  'alpha-interval': 'Krippendorff’s α, interval',
  pairwise: 'share of agreeing pairs',
  gwet: 'Gwet’s AC1',
  'icc-1-1': 'ICC(1,1)',
  'icc-2-1': 'ICC(2,1)',
  'kendall-w': 'Kendall’s W, mean over items',
  'span-f1': 'F1 of marked characters',
};

/** What people call the questions of a form and their parts; by default their ids. */
export interface QuestionNames {
  /** Null is the question of data from before there was a form. */
  question(id: string | null): string;
  /** A criterion of a question, or one of its classes. */
  part(question: string | null, id: string): string;
}
export const PLAIN_NAMES: QuestionNames = {
  question: (id) => id ?? 'the only question',
  part: (_, id) => id,
};

export const shareText = (share: ShareEstimate | null, none = 'nothing to count'): string =>
  share === null
    ? `– (${none})`
    : `${percent(share.share)} (95 %: ${percent(share.interval.low)} to ${percent(share.interval.high)}; ${figure(share.k)} of ${share.n})`;

export const effectText = (effect: Effect): string =>
  'undefined' in effect ? `– (${effect.undefined})` : estimateText(effect.value, effect.interval, `n = ${effect.n}`);

export const estimateOf = (
  estimate: { readonly value: number } | { readonly undefined: string },
  interval: Range | null,
): string => ('undefined' in estimate ? `– (${estimate.undefined})` : estimateText(estimate.value, interval));

/** `too long 3, offensive 1`; none where nothing is counted. */
export const countsText = (by: Readonly<Record<string, number>>): string =>
  Object.entries(by)
    .filter(([, n]) => n > 0)
    .map(([name, n]) => `${name.replaceAll('-', ' ')} ${n}`)
    .join(', ') || 'none';

/** A p-value; the very small ones as a bound. */
export const pText = (p: number): string => (p < 0.001 ? 'p < 0.001' : `p = ${p.toFixed(3)}`);
export const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

export const rater = (id: string): Reference => ({ ref: 'rater', ids: [id], text: id });
export const item = (id: string): Reference => ({ ref: 'item', ids: [id], text: id });

/** References in a row with commas; beyond `most`, how many more there are. */
export function listed(references: readonly Reference[], most = Number.POSITIVE_INFINITY): Text {
  const shown = references.slice(0, most).flatMap((reference, i) => (i === 0 ? [reference] : [', ', reference]));
  return references.length > most ? [...shown, ` and ${references.length - most} more`] : shown;
}

/** How often each class was chosen. */
export const votesText = (
  names: QuestionNames,
  { question, classes }: { readonly question: string | null; readonly classes: readonly string[] },
  votes: readonly number[],
): string => votes.flatMap((n, c) => (n > 0 ? [`${names.part(question, classes[c]!)}: ${n}`] : [])).join('; ');

export type Rows = readonly (readonly Cell[])[];
export { estimateText, figure, percent, rangeText };
