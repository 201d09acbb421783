/**
 * Places in texts. Records count UTF-16 code units; other tools count what their language does, so that every layout with
 * spans declares its unit, and what a span quotes is looked at wherever it is given.
 */

/** What an offset counts: Unicode code points (Python, and the tools that store them), or UTF-16 code units (JavaScript). */
export type OffsetUnit = 'code-points' | 'utf-16';

/** UTF-16 offset of an offset in a unit; undefined beyond the text. */
function toUtf16(text: string, offset: number, unit: OffsetUnit): number | undefined {
  if (!Number.isInteger(offset) || offset < 0) return undefined;
  if (unit === 'utf-16') return offset <= text.length ? offset : undefined;
  let at = 0;
  for (let points = 0; points < offset; points++) {
    if (at >= text.length) return undefined;
    at += text.codePointAt(at)! > 0xffff ? 2 : 1;
  }
  return at;
}

/** Whether offsets in the two units can differ on a text. */
export const unitsDiffer = (text: string): boolean => /[\ud800-\udbff][\udc00-\udfff]/.test(text);

/** A span as a source gives it: end exclusive, with the text it marks where that is given too. */
export interface GivenSpan {
  readonly start: number;
  readonly end: number;
  readonly quoted?: string | undefined;
}

/** A span in UTF-16 code units, and how it was found where not by its own offsets. */
export interface PlacedSpan {
  readonly start: number;
  readonly end: number;
  readonly found: 'as-given' | 'other-unit' | 'moved';
}

const slices = (text: string, { start, end }: GivenSpan, unit: OffsetUnit): [number, number] | undefined => {
  const [from, to] = [toUtf16(text, start, unit), toUtf16(text, end, unit)];
  return from === undefined || to === undefined || from >= to ? undefined : [from, to];
};

/** Forms of a quoted text: tools write line breaks of it as an escape. */
const formsOf = (quoted: string): string[] => [...new Set([quoted, quoted.replaceAll('\\n', '\n')])];

/**
 * Where a span lies in a text. Its offsets in the declared unit are checked against what it quotes; where they do not fit, it
 * is looked for by the other unit, by an end that is its last character, and then by the only place where the quoted text
 * stands. A reason where it cannot be placed.
 */
export function placeSpan(text: string, span: GivenSpan, unit: OffsetUnit): PlacedSpan | string {
  const given = slices(text, span, unit);
  if (span.quoted === undefined || span.quoted === '') {
    if (given === undefined) return 'a span outside of its text';
    return { start: given[0], end: given[1], found: 'as-given' };
  }
  const forms = formsOf(span.quoted);
  const other: OffsetUnit = unit === 'utf-16' ? 'code-points' : 'utf-16';
  const inclusive = { ...span, end: span.end + 1 };
  for (const [place, found] of [
    [given, 'as-given'],
    [slices(text, inclusive, unit), 'as-given'],
    [slices(text, span, other), 'other-unit'],
    [slices(text, inclusive, other), 'other-unit'],
  ] as const) {
    if (place !== undefined && forms.includes(text.slice(...place))) return { start: place[0], end: place[1], found };
  }
  for (const form of forms) {
    const start = text.indexOf(form);
    if (start >= 0 && text.indexOf(form, start + 1) < 0) return { start, end: start + form.length, found: 'moved' };
  }
  return forms.some((form) => text.includes(form))
    ? 'a span whose text stands in several places, none of them where it says'
    : 'a span whose text does not stand in the reply';
}

/** Offsets of a span in a unit, for writing; a span that begins or ends inside a character takes in the whole of it. */
export function spanIn(text: string, span: { start: number; end: number }, unit: OffsetUnit) {
  const inside = (at: number) => /^[\ud800-\udbff][\udc00-\udfff]$/.test(text.slice(at - 1, at + 1));
  const start = inside(span.start) ? span.start - 1 : span.start;
  const end = inside(span.end) ? span.end + 1 : span.end;
  const count = (at: number) => (unit === 'utf-16' ? at : [...text.slice(0, at)].length);
  return {
    start: count(start),
    end: count(end),
    quoted: text.slice(start, end),
    widened: start !== span.start || end !== span.end,
  };
}
