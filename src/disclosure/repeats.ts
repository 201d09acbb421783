import { parseJson } from '../run/index.ts';
import { diskFolder, filesBelow, readRecords, readRegularFile } from '../run/node.ts';
import { linesOf } from './commitments.ts';
import type { Hidden } from './redact.ts';
import { RECORDS, WITHHELD } from './sealed-files.ts';

/** Texts shorter than this, or of one word, say nothing by themselves: ids, kinds, names of settings. */
const SHORTEST = 12;
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
 * How many of some pieces stand in a text, looked for in one walk, however many there are. `lengths` are those of the pieces that
 * begin with the same characters.
 */
function piecesIn(
  content: string,
  pieces: ReadonlySet<string>,
  lengths: ReadonlyMap<string, ReadonlySet<number>>,
): number {
  const found = new Set<string>();
  for (let at = 0; at + SHORTEST <= content.length; at++) {
    for (const length of lengths.get(content.slice(at, at + SHORTEST)) ?? []) {
      const here = content.slice(at, at + length);
      if (pieces.has(here)) found.add(here);
    }
  }
  return found.size;
}

/**
 * Files of a public copy in which free text of withheld rows stands all the same, with how many such texts: a reply stands in the
 * evidence, and in the report too.
 */
export function repeatsIn(copy: string, folder: string, hidden: readonly Hidden[]): { path: string; texts: number }[] {
  const texts = new Set<string>();
  for (const one of hidden) for (const value of hiddenValues(folder, one)) textsIn(value, texts);
  const pieces = [...new Set([...texts].map(plainPiece))].filter(
    (piece) => piece.length >= SHORTEST && piece.includes(' '),
  );
  if (pieces.length === 0) return [];
  const wanted = new Set(pieces);
  const lengths = new Map<string, Set<number>>();
  for (const piece of pieces) {
    const head = piece.slice(0, SHORTEST);
    lengths.set(head, (lengths.get(head) ?? new Set()).add(piece.length));
  }
  return filesBelow(copy)
    .filter((path) => /\.(jsonl?|html|md|txt|csv)$/.test(path) && path !== WITHHELD)
    .flatMap((path) => {
      const content = readRegularFile(`${copy}/${path}`, FILE_BYTES).toString('utf8');
      const found = piecesIn(content, wanted, lengths);
      return found === 0 ? [] : [{ path, texts: found }];
    });
}
