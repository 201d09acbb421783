/**
 * Text from anywhere, for a terminal. A terminal obeys control characters: a label could erase the line before it, move the
 * cursor, set the window's title, or write right to left. Shown are those that only show something; all others are written
 * out as escapes. Joiners stay, which scripts and emoji need; so do line feeds, unless the text has to stay on its line.
 */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
const KEPT: ReadonlySet<string> = new Set(['\n', '\u200c', '\u200d']);

const escapeOf = (character: string): string => {
  const code = character.codePointAt(0)!;
  return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, '0')}`;
};

/** Several lines of text, with whatever a terminal would obey written out. */
export const visibleText = (text: string): string =>
  text.replaceAll(HIDDEN, (character) => (KEPT.has(character) ? character : escapeOf(character)));

/** One line of text: line feeds are written out too. */
export const visibleLine = (text: string): string => visibleText(text).replaceAll('\n', '\\n');

/** JSON of one line that says the same, with whatever a terminal would obey as an escape of JSON's own. */
export const visibleJson = (json: string): string =>
  json.replaceAll(HIDDEN, (character) =>
    [...Array(character.length).keys()]
      .map((at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`)
      .join(''),
  );
