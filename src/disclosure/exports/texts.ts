import { visibleLine } from '../../report/index.ts';
import { trimmed } from '../../run/index.ts';

/** JSON for people and tools: two spaces, a line feed at the end. */
export const jsonText = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** A name as one component of a path or an identifier: lower case, digits, dots and dashes. */
export const slug = (name: string): string =>
  trimmed(name.toLowerCase().replaceAll(/[^a-z0-9.]+/g, '-'), '-.') || 'run';

/** A UUID (RFC 9562, version 4 in form) from a digest in hex: the same folder gives the same one. */
export function uuidFrom(digest: string): string {
  const hex = `${digest.slice(0, 12)}4${digest.slice(13, 16)}8${digest.slice(17, 32)}`;
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** The parts of a text like “en, de”. */
export const listed = (text: string): string[] => text.split(',').map((part) => part.trim());

/** A text as one line of characters that only show something: breaks, and blanks about them, are a blank. */
export const oneLine = (text: string): string =>
  visibleLine(
    text
      .split('\n')
      .map((line) => line.trim())
      .join(' '),
  );
