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
