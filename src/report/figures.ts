import type { Range } from './document.ts';

/** A number for people: three significant digits, – for none. */
export function figure(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  if (Number.isInteger(value)) return String(value);
  return Math.abs(value) >= 1000 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}

/** `0.12 to 0.31`; – for none. */
export const rangeText = (range: Range | null | undefined): string =>
  range === null || range === undefined ? '–' : `${figure(range.low)} to ${figure(range.high)}`;

/** `0.21 (95 %: 0.12 to 0.31)`, with what follows in the brackets. */
export const estimateText = (value: number, interval: Range | null, rest = ''): string =>
  interval === null
    ? `${figure(value)}${rest === '' ? '' : ` (${rest})`}`
    : `${figure(value)} (95 %: ${rangeText(interval)}${rest === '' ? '' : `; ${rest}`})`;

/** A share as a percentage with one decimal. */
export const percent = (share: number | null | undefined): string =>
  share === null || share === undefined || !Number.isFinite(share) ? '–' : `${(100 * share).toFixed(1)} %`;

const isRange = (value: object): value is Range => 'low' in value && 'high' in value;

/** Any plain value for people: numbers as figures, intervals as such, lists and named values in a row. */
export function valueText(value: unknown): string {
  if (typeof value === 'number') return figure(value);
  if (typeof value === 'string') return value;
  if (value === null || value === undefined) return '–';
  if (typeof value !== 'object') return String(value);
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(valueText).join(', ');
  if (isRange(value) && typeof value.low === 'number' && typeof value.high === 'number') return rangeText(value);
  return Object.entries(value)
    .map(([key, inner]) => `${wordsOf(key)} ${valueText(inner)}`)
    .join(', ');
}

/** A name in code as words: `proxyRise` is `proxy rise`. */
export const wordsOf = (key: string): string =>
  key.replaceAll(/([a-z0-9])([A-Z])/g, (_, before: string, after: string) => `${before} ${after.toLowerCase()}`);
