import { stringify } from 'yaml';
import { oneLine } from './texts.ts';

/** Characters that mean something in Markdown, or in the HTML that it may hold. */
const MARKS = /[\\`*_{}[\]<>()#+\-.!|~&:@/$^=]/g;

/** Any text as Markdown that shows this text: one line, nothing of it a mark, a link or a tag. */
export const md = (text: string): string => oneLine(text).replaceAll(MARKS, (mark) => `\\${mark}`);

/** A table; cells are texts. */
export const mdTable = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => undefined), ...rows]
    .map((row) => `| ${row.map((cell) => (cell === undefined ? '---' : md(cell))).join(' | ')} |`)
    .join('\n');

export const mdList = (lines: readonly string[]): string => lines.map((line) => `- ${md(line)}`).join('\n');

/** A card of the hub: metadata between fences, then the text. */
export const card = (metadata: object, parts: readonly string[]): string =>
  `---\n${stringify(metadata, { lineWidth: 0 })}---\n\n${parts.filter((part) => part !== '').join('\n\n')}\n`;
