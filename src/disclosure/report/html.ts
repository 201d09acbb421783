/** Text made safe for HTML content and quoted attributes. All text of a run is data and passes through here. */
export const escapeHtml = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');

/** HTML that is already safe. */
export interface Html {
  readonly html: string;
}
type Part = string | number | Html | readonly Html[] | undefined;

/** Template tag: interpolated strings are escaped, Html passes through. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  const rendered = parts.map((part) => {
    if (part === undefined) return '';
    if (typeof part === 'string' || typeof part === 'number') return escapeHtml(String(part));
    return 'html' in part ? part.html : part.map((p) => p.html).join('');
  });
  return { html: strings.map((s, i) => s + (rendered[i] ?? '')).join('') };
}

/** A number for people: three significant digits. */
export function figure(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  if (Number.isInteger(value)) return String(value);
  return Math.abs(value) >= 1000 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}
