import { statSync } from 'node:fs';
import { join } from 'node:path';
import { DataError, UsageError } from '../run/index.ts';
import {
  decodeUtf8,
  fileHead,
  fileOf,
  isGzip,
  READ_LIMITS,
  type ReadOptions,
  readBytes,
  readLines,
  readRegularFile,
} from '../run/node.ts';
import { readCsv } from './csv.ts';
import { readJsonArray } from './json-array.ts';
import type { Column, Layout, SourceRow } from './layouts/layout.ts';
import { readParquet } from './parquet.ts';

/** How rows are stored in a file; told from its first bytes. */
export type Container = 'jsonl' | 'json' | 'csv' | 'parquet';

/** A row of a source with its text as it stands there, or why it is no row. */
export type Row = { readonly file: string; readonly raw: () => string } & (
  | { readonly row: SourceRow }
  | { readonly line: number; readonly field: string; readonly reason: string }
);

export interface RowOptions extends ReadOptions {
  /** A row under the names that its layout knows. */
  readonly rename?: (value: unknown) => unknown;
  /** Types of the columns of a layout, for cells of CSV, which are all text. */
  readonly types?: ReadonlyMap<string, Column['type']>;
}

const HEAD_BYTES = 4096;
/** Packings that are not unpacked here, by their first bytes. */
const ARCHIVES = [
  { mark: 'PK\x03\x04', name: 'a zip archive' },
  { mark: 'BZh', name: 'bzip2' },
  { mark: '\xfd7zXZ', name: 'xz' },
  { mark: '\x28\xb5\x2f\xfd', name: 'zstd' },
  { mark: '7z\xbc\xaf', name: 'a 7z archive' },
];

/**
 * What a file is: Parquet by its mark, JSON by its first character, else what its name says, else `otherwise`. Compressed
 * files are looked into.
 */
export async function containerOf(path: string, otherwise: 'jsonl' | 'csv'): Promise<Container> {
  const head = fileHead(path, HEAD_BYTES);
  if (head.subarray(0, 4).toString('latin1') === 'PAR1') return 'parquet';
  const archive = ARCHIVES.find(({ mark }) => head.subarray(0, mark.length).toString('latin1') === mark);
  if (archive !== undefined)
    throw new UsageError('data', `${path}: expected plain text, gzip or Parquet, got ${archive.name}; unpack it first`);
  const named = /\.(jsonl?|ndjson)(\.gz)?$/.test(path) ? 'jsonl' : /\.csv(\.gz)?$/.test(path) ? 'csv' : otherwise;
  const first = (bytes: Buffer) =>
    bytes
      .toString('utf8')
      .replace(/^\ufeff/, '')
      .trimStart()[0];
  let start = isGzip(head) ? undefined : first(head);
  try {
    // Compressed, or blank as far as was looked.
    for await (const chunk of start === undefined ? readBytes(path) : []) {
      start = first(chunk);
      if (start !== undefined) break;
    }
  } catch (error) {
    // A damaged file is told by its reader, with the line.
    if (error instanceof DataError && error.code === 'gzip') return named;
    throw error;
  }
  if (start === undefined) throw new DataError('empty', `${path}: expected records, got an empty file`);
  return start === '[' ? 'json' : start === '{' ? 'jsonl' : named;
}

/** Texts, one that does not end too, and the numbers that Python writes into JSON and JSON does not have. */
const TEXT_OR_NOT_FINITE = /"(?:[^"\\]|\\[\s\S])*(?:"|\\?$)|-?\bInfinity\b|\bNaN\b/g;
/** A missing number for NaN, as in pandas and Parquet; for an infinity a number beyond all others, which it is. */
const finite = (text: string): string =>
  text.replaceAll(TEXT_OR_NOT_FINITE, (part) =>
    part.startsWith('"') ? part : part === 'NaN' ? 'null' : part === 'Infinity' ? '1e999' : '-1e999',
  );
const NOT_FINITE = /\b(?:NaN|Infinity)\b/;

/** A text as JSON; the message says where it stops being that. */
function parseJson(text: string): { value: unknown } | { reason: string } {
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    if (NOT_FINITE.test(text)) {
      try {
        return { value: JSON.parse(finite(text)) };
      } catch {
        // Something else is wrong too, which the first error tells.
      }
    }
    const at = /position (\d+)/.exec((error as Error).message)?.[1];
    return { reason: `expected a JSON value${at === undefined ? '' : `, which it stops being at character ${at}`}` };
  }
}

async function* jsonLines(path: string, part: string | undefined, options: RowOptions): AsyncGenerator<Row> {
  const file = path;
  const bad: { line: number; reason: string }[] = [];
  const badLine = (line: number) => bad.push({ line, reason: 'expected UTF-8 text, got other bytes' });
  function* waiting(): Generator<Row> {
    for (const { line, reason } of bad.splice(0)) yield { file, line, field: 'row', reason, raw: () => '' };
  }
  for await (const { line, text } of readLines(path, { ...options, badLine })) {
    yield* waiting();
    const parsed = parseJson(text);
    const raw = () => text;
    if ('reason' in parsed) yield { file, line, field: 'row', reason: parsed.reason, raw };
    else {
      const value = renamed(parsed.value, options);
      yield { file, raw, row: { line, n: line, value, ...(part !== undefined && { part }) } };
    }
  }
  yield* waiting();
}

async function* jsonArray(path: string, options: RowOptions): AsyncGenerator<Row> {
  for await (const { line, n, bytes } of readJsonArray(path, options)) {
    let text: string;
    try {
      text = decodeUtf8(bytes, path);
    } catch {
      yield { file: path, line, field: 'row', reason: 'expected UTF-8 text, got other bytes', raw: () => '' };
      continue;
    }
    const parsed = parseJson(text);
    const raw = () => text;
    if ('reason' in parsed) yield { file: path, line, field: 'row', reason: parsed.reason, raw };
    else yield { file: path, raw, row: { line, n, value: renamed(parsed.value, options) } };
  }
}

/** A cell of CSV as the value its column holds; an empty one of an id, a number or a truth is none. */
function castCell(name: string, cell: unknown, type: Column['type'] | undefined): unknown {
  if (typeof cell !== 'string') return cell;
  if (type === 'number' && /^nan$/i.test(cell)) return undefined;
  if (cell === '' && (type === 'number' || type === 'boolean' || (type === 'text' && name.endsWith('_id'))))
    return undefined;
  if (type === 'number' && Number.isFinite(Number(cell))) return Number(cell);
  if (type === 'boolean' && /^(true|false)$/i.test(cell)) return cell.toLowerCase() === 'true';
  return cell;
}

async function* csvRows(path: string, options: RowOptions): AsyncGenerator<Row> {
  let n = 0;
  for await (const row of readCsv(path, options)) {
    n += 1;
    if ('reason' in row) {
      yield { file: path, line: row.line, field: row.field, reason: row.reason, raw: () => row.raw };
      continue;
    }
    const { types } = options;
    const named = renamed(row.value, options) as Readonly<Record<string, string>>;
    const value =
      types === undefined
        ? named
        : Object.fromEntries(Object.entries(named).map(([key, cell]) => [key, castCell(key, cell, types.get(key))]));
    yield { file: path, raw: () => JSON.stringify(row.value), row: { line: row.line, n, value } };
  }
}

async function* parquetRows(path: string, options: RowOptions): AsyncGenerator<Row> {
  let n = 0;
  for await (const record of readParquet(path, options)) {
    n += 1;
    const value = renamed(withoutNaN(record), options);
    yield { file: path, raw: () => JSON.stringify(value), row: { line: n, n, value } };
  }
}

const renamed = (value: unknown, { rename }: RowOptions): unknown => (rename === undefined ? value : rename(value));
/** A record with NaN as what it stands for: a missing number. */
const withoutNaN = (record: Readonly<Record<string, unknown>>) =>
  Object.values(record).some(Number.isNaN)
    ? Object.fromEntries(Object.entries(record).map(([key, cell]) => [key, Number.isNaN(cell) ? null : cell]))
    : record;

/** Rows of one file. */
export function fileRows(path: string, container: Container, options: RowOptions): AsyncGenerator<Row> {
  switch (container) {
    case 'jsonl':
      return jsonLines(path, undefined, options);
    case 'json':
      return jsonArray(path, options);
    case 'csv':
      return csvRows(path, options);
    case 'parquet':
      return parquetRows(path, options);
  }
}

/** `<part>.jsonl`, `<part>.jsonl.gz` or `<part>.json` of a folder, where there is one. */
export const partFile = (folder: string, part: string): string | undefined =>
  [`${part}.jsonl`, `${part}.jsonl.gz`, `${part}.json`]
    .filter((name) => fileOf(folder, name) !== undefined)
    .map((name) => join(folder, name))[0];

/** The files of a folder that a layout reads, in order; a UsageError when there is none that it needs. */
export function layoutFiles(folder: string, layout: Layout): { part: string; path: string }[] {
  if (layout.source === 'file') return [];
  const wanted = [...(layout.side === undefined ? [] : [layout.side.part]), ...layout.source.parts];
  const found = wanted.flatMap((part) => {
    const path = partFile(folder, part);
    return path === undefined ? [] : [{ part, path }];
  });
  const needed = [...(layout.side === undefined ? [] : [layout.side.part]), layout.source.needed];
  const missing = needed.find((part) => !found.some((file) => file.part === part));
  if (missing !== undefined) {
    const want = `expected ${missing}.jsonl or ${missing}.jsonl.gz there`;
    throw new UsageError('data', `${folder}: ${want}; give the folder of the data`);
  }
  return found;
}

/** Rows of the files of a folder, one after another. */
export async function* folderRows(
  files: readonly { part: string; path: string }[],
  options: RowOptions,
): AsyncGenerator<Row> {
  let before = 0;
  const { onBytes } = options;
  for (const { part, path } of files) {
    const size = statSync(path).size;
    const start = before;
    const here = { ...options, onBytes: (bytes: number) => onBytes?.(start + bytes) };
    if (path.endsWith('.json')) yield wholeFile(path, part);
    else yield* jsonLines(path, part, here);
    before += size;
  }
}

/** A file that is one JSON value. */
function wholeFile(path: string, part: string): Row {
  const bytes = readRegularFile(path, READ_LIMITS.lineBytes);
  const text = decodeUtf8(bytes, path).replace(/^\ufeff/, '');
  const parsed = parseJson(text);
  const raw = () => text;
  return 'reason' in parsed
    ? { file: path, line: 1, field: 'row', reason: parsed.reason, raw }
    : { file: path, raw, row: { line: 1, n: 1, value: parsed.value, part } };
}
