/** Numbers as people read them: three significant digits, thin where large. */
export function figure(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  if (Number.isInteger(value)) return value.toLocaleString('en-GB');
  return Math.abs(value) >= 1000 ? Math.round(value).toLocaleString('en-GB') : String(Number(value.toPrecision(3)));
}

/** "1 flag", "2 flags". */
export const counted = (n: number, what: string): string => `${figure(n)} ${what}${n === 1 ? '' : 's'}`;

export const percent = (share: number | null | undefined): string =>
  share === null || share === undefined ? '–' : `${(100 * share).toFixed(1)} %`;

export function interval(range: { readonly low: number; readonly high: number } | null | undefined): string {
  return range === null || range === undefined ? '–' : `${figure(range.low)} to ${figure(range.high)}`;
}

/** An estimate with its interval, or the reason there is none. */
export function estimateText(
  estimate:
    | { readonly value: number; readonly interval: { readonly low: number; readonly high: number } | null }
    | { readonly undefined: string },
): string {
  if (!('value' in estimate)) return `– (${estimate.undefined})`;
  return estimate.interval === null
    ? figure(estimate.value)
    : `${figure(estimate.value)} (${interval(estimate.interval)})`;
}

export function duration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return '–';
  const seconds = Math.round(ms / 1000);
  if (seconds < 90) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${(minutes / 60).toFixed(1)} h`;
}

/** A moment, or that it is not known: what was imported may not say when. */
export const when = (iso: string | null | undefined): string => {
  if (iso === null || iso === undefined || iso === '') return '–';
  const at = new Date(iso);
  return Number.isNaN(at.getTime())
    ? 'not known'
    : at.toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'short' });
};

/** A moment of today, to the second. */
export const clockTime = (ms: number): string => new Date(ms).toLocaleTimeString('en-GB');
