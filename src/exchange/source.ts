import { existsSync, statSync } from 'node:fs';
import type { Item, Judgment } from '../feedback/index.ts';
import { DataError, UsageError } from '../run/index.ts';
import { onPath, type ReadLimits } from '../run/node.ts';
import { type Column, LAYOUT_IDS, type Layout, type ReadContext, RowError } from './layouts/layout.ts';
import { createPseudonymiser, type Pseudonymiser } from './layouts/pseudonym.ts';
import { detectLayouts, findLayout, LAYOUTS } from './layouts/registry.ts';
import { checkValue } from './layouts/values.ts';
import { type Container, containerOf, fileRows, folderRows, layoutFiles, partFile, type Row } from './rows.ts';
import { checkedSink, memoryOutput, type Sink } from './sink.ts';
import { isUnfinished } from './staging.ts';

/** What is read, and how. */
export interface SourceOptions {
  /** A layout's id or alias, or `auto` to tell it from the first row. */
  readonly layout: string;
  /** File or folder to read. */
  readonly path: string;
  /** Columns of a table: name → the name it has in the file. */
  readonly rename?: ReadonlyMap<string, string>;
  /** Read so many rows at most. */
  readonly limit?: number;
  readonly projectId?: string;
  readonly limits?: Partial<ReadLimits>;
}

export interface Source {
  readonly layout: Layout;
  readonly bytes: number;
  readonly rows: (onBytes: (bytes: number) => void) => AsyncGenerator<Row>;
}

const folderLayouts = Object.values(LAYOUTS).filter((layout) => layout.source !== 'file');

function openFolder(path: string, name: string, options: SourceOptions): Source {
  const auto = folderLayouts.filter(({ source }) => source !== 'file' && partFile(path, source.needed) !== undefined);
  const layout = name === 'auto' ? auto[0] : findLayout(name);
  if (layout === undefined || layout.source === 'file') {
    const want = layout === undefined ? 'items.jsonl or pairs.jsonl there' : 'a file';
    throw new UsageError('data', `${path}: expected ${want}, got a folder; name the file`);
  }
  const files = layoutFiles(path, layout);
  const bytes = files.reduce((sum, file) => sum + statSync(file.path).size, 0);
  return { layout, bytes, rows: (onBytes) => folderRows(files, { ...options, onBytes }) };
}

async function openFile(path: string, name: string, options: SourceOptions): Promise<Source> {
  const found = name === 'auto' ? undefined : findLayout(name);
  if (found !== undefined && found.source !== 'file')
    throw new UsageError('data', `${path}: expected a folder of ${found.source.parts.join(', ')}, got a file`);
  const table = found === undefined || found.id === 'csv' || found.id === 'parquet';
  let container: Container = await containerOf(path, table ? 'csv' : 'jsonl');
  if (found?.id === 'csv' && container !== 'parquet') container = 'csv';
  if (found?.id === 'parquet' && container !== 'parquet')
    throw new DataError(
      'parquet',
      `${path}: expected Parquet, which starts with PAR1, got ${container}; name its layout`,
    );
  const open = (onBytes: (bytes: number) => void) => fileRows(path, container, { ...options, onBytes });
  const layout = found ?? (await detected(path, container, open));
  const types = columnTypes(layout);
  const rows = (onBytes: (bytes: number) => void) =>
    fileRows(path, container, { ...options, onBytes, ...(types !== undefined && { types }) });
  return { layout, bytes: statSync(path).size, rows };
}

/** Types of a layout's columns; a table reads its own cells. */
function columnTypes({ id, write }: Layout): Map<string, Column['type']> | undefined {
  if (id === 'csv' || 'not' in write || typeof write.columns !== 'function') return undefined;
  return new Map(write.columns(2).map(({ name, type }) => [name, type]));
}

/** The layout of a file’s first row that can be parsed; a UsageError when it is none, or more than one. */
async function detected(path: string, container: Container, open: (onBytes: () => void) => AsyncGenerator<Row>) {
  for await (const row of open(() => {})) {
    if (!('row' in row)) continue;
    // The two tables are one layout in two containers.
    const other = container === 'parquet' ? 'csv' : 'parquet';
    const real = detectLayouts(row.row.value).filter((layout) => layout.source === 'file' && layout.id !== other);
    if (real.length === 1) return real[0]!;
    const got = real.length === 0 ? 'none of them' : real.map((layout) => layout.id).join(' or ');
    throw new UsageError(
      'layout',
      `${path}: expected a row of a known layout, got ${got}; name one of ${LAYOUT_IDS.join(', ')}`,
    );
  }
  throw new DataError('empty', `${path}: no row could be read; name the layout to see why`);
}

/** Opens a file or folder of a layout. */
export async function openSource(options: SourceOptions): Promise<Source> {
  const { path, layout } = options;
  if (!existsSync(path)) throw new UsageError('file', `${path}: no such file or folder; check the path`);
  if (isUnfinished(path)) throw new DataError('partial', `${path}: an unfinished import or export; start it again`);
  const folder = onPath(path, () => statSync(path).isDirectory());
  return folder ? openFolder(path, layout, options) : openFile(path, layout, options);
}

/** A row that was put aside, with its text as it stood. */
export interface Rejected {
  readonly file: string;
  readonly line: number;
  readonly field: string;
  readonly reason: string;
  readonly raw: () => string;
}

/** What reading a source needs beside the source. */
export interface Reading {
  readonly sink: Sink;
  readonly people: Pseudonymiser;
  readonly note: (what: string) => void;
  /** Takes a row that could not be read; may throw to stop. */
  readonly reject: (row: Rejected) => void;
  /** After each row: rows so far, and bytes of the source. */
  readonly onRow?: (rows: number, bytes: number) => void;
}

/** Reads a source to its end or limit: rows become entries of the sink, or rejects. Returns the number of rows. */
export async function readSource(source: Source, options: SourceOptions, reading: Reading): Promise<number> {
  const { layout } = source;
  const { limit = Number.POSITIVE_INFINITY } = options;
  const side = new Map<string, { text: string; line: number }>();
  const context: ReadContext = {
    projectId: options.projectId ?? 'imported',
    rater: reading.people.rater,
    lookup: (id) => side.get(id)?.text,
    note: reading.note,
  };
  const isSide = (row: Row) => layout.side !== undefined && 'row' in row && row.row.part === layout.side.part;
  const take = (row: Row) => {
    if (!('row' in row)) throw new RowError(row.field, row.reason);
    const { value, line } = row.row;
    checkValue(value);
    if (!isSide(row)) {
      reading.sink.put(layout.read(row.row, context), line);
      return;
    }
    const [id, text] = layout.side!.read(value);
    const earlier = side.get(id);
    if (earlier !== undefined)
      throw new RowError('id', `id ${id} occurs twice, first on line ${earlier.line}; ids must be unique`);
    side.set(id, { text, line });
  };
  let [rows, bytes] = [0, 0];
  for await (const row of source.rows((consumed) => {
    bytes = consumed;
  })) {
    if (!isSide(row)) rows += 1;
    try {
      take(row);
    } catch (error) {
      if (!(error instanceof RowError)) throw error;
      const line = 'row' in row ? row.row.line : row.line;
      reading.reject({ file: row.file, line, field: error.field, reason: error.reason, raw: row.raw });
    }
    reading.onRow?.(rows, bytes);
    if (rows >= limit) break;
  }
  return rows;
}

/** Items and judgments of a source in memory, and the rows that could not be read. */
export async function readLayout(
  options: SourceOptions & { readonly pseudonymKey?: string },
): Promise<{ items: Item[]; judgments: Judgment[]; rejected: Rejected[] }> {
  const output = memoryOutput();
  const rejected: Rejected[] = [];
  await readSource(await openSource(options), options, {
    sink: checkedSink(output),
    people: createPseudonymiser(options.pseudonymKey),
    note: () => {},
    reject: (row) => rejected.push(row),
  });
  return { items: output.rows.items, judgments: output.rows.judgments, rejected };
}
