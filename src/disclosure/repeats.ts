import { parseJson } from '../run/index.ts';
import { diskFolder, filesBelow, readRecords, readRegularFile } from '../run/node.ts';
import { linesOf } from './commitments.ts';
import type { Hidden } from './redact.ts';
import { RECORDS } from './sealed-files.ts';

/** Texts shorter than this, or of one word, say nothing by themselves: ids, kinds, names of settings. */
const SHORTEST = 12;
const MOST_TEXTS = 20_000;
const FILE_BYTES = 256 * 1024 * 1024;

/** All texts of a JSON value. */
function textsIn(value: unknown, into: Set<string>): void {
  if (typeof value === 'string') into.add(value);
  else if (typeof value === 'object' && value !== null) for (const part of Object.values(value)) textsIn(part, into);
}

/** The longest piece of a text that JSON and HTML write as it is. */
function plainPiece(text: string): string {
  const pieces = text.split(/["\\&<>'\p{Cc}]/u);
  return pieces.reduce((best, piece) => (piece.length > best.length ? piece : best), '').trim();
}

/** Values that a redaction withholds. */
function hiddenValues(folder: string, { path, lines }: Hidden): unknown[] {
  if (path === RECORDS) {
    const { records } = readRecords(`${folder}/${RECORDS}`);
    return lines.map((line) => records[line - 1]!.body);
  }
  const rows = lines[0] === 0 ? undefined : linesOf(diskFolder(folder), path);
  const texts =
    rows === undefined
      ? [readRegularFile(`${folder}/${path}`, FILE_BYTES).toString('utf8')]
      : lines.map((line) => rows[line - 1]!);
  return texts.map((text) => {
    try {
      return parseJson(text);
    } catch {
      return text;
    }
  });
}

/**
 * Files of a public copy in which free text of withheld rows stands all the same, with how many such texts: a reply stands in the
 * evidence, and in the report too.
 */
export function repeatsIn(copy: string, folder: string, hidden: readonly Hidden[]): { path: string; texts: number }[] {
  const texts = new Set<string>();
  for (const one of hidden) for (const value of hiddenValues(folder, one)) textsIn(value, texts);
  const pieces = [...new Set([...texts].map(plainPiece))]
    .filter((piece) => piece.length >= SHORTEST && piece.includes(' '))
    .slice(0, MOST_TEXTS);
  if (pieces.length === 0) return [];
  return filesBelow(copy)
    .filter((path) => /\.(jsonl?|html|md|txt|csv)$/.test(path) && !path.startsWith('disclosure/'))
    .flatMap((path) => {
      const content = readRegularFile(`${copy}/${path}`, FILE_BYTES).toString('utf8');
      const found = pieces.filter((piece) => content.includes(piece)).length;
      return found === 0 ? [] : [{ path, texts: found }];
    });
}
