/**
 * What a spreadsheet would run instead of showing (OWASP, CSV injection): a text that begins with one of `= + - @`, as they
 * are or in full width, behind blanks, line breaks, quotes or characters that cannot be seen, which programs skip. An
 * apostrophe in front makes it text; a text that begins with apostrophes and then so gets one more, so that reading takes
 * one away again and nothing is lost.
 */
const FORMULA =
  /^'*[\s\p{C}\p{Z}"]*[=+\-@\uff1d\uff0b\uff0d\uff20\u2212\u207a\u208a\u207b\u208b\u207c\u208c\ufe62\ufe63\ufe66\ufe6b]/u;
/** These alone are enough for some programs. */
const LEADING = /^'*[\t\r]/;

const runs = (text: string) => FORMULA.test(text) || LEADING.test(text);

/** A cell that no spreadsheet runs. */
export const asCell = (text: string): string => (runs(text) ? `'${text}` : text);

/** The text that `asCell` made a cell of. */
export const ofCell = (cell: string): string => (cell.startsWith("'") && runs(cell.slice(1)) ? cell.slice(1) : cell);
