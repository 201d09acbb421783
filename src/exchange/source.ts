import { existsSync, statSync } from 'node:fs';
import type { Item, Judgment } from '../feedback/index.ts';
import { addTo, DataError, UsageError } from '../run/index.ts';
import { onPath, type ReadLimits } from '../run/node.ts';
import { type ColumnOptions, type SourceColumns, sourceColumns, withKept } from './columns.ts';
import {
  type Column,
  type Entry,
  LAYOUT_IDS,
  type Layout,
  type ReadContext,
  type Roles,
  RowError,
} from './layouts/layout.ts';
import { createPseudonymiser, type Pseudonymiser } from './layouts/pseudonym.ts';
import { detectLayouts, findLayout, LAYOUTS } from './layouts/registry.ts';
import { createRoles } from './layouts/roles.ts';
import { checkShape, checkTexts } from './layouts/values.ts';
import { type Container, containerOf, fileRows, folderRows, layoutFiles, partFile, type Row } from './rows.ts';
import { checkedSink, memoryOutput, type Sink } from './sink.ts';
import { isUnfinished } from './staging.ts';

/** What is read, and how. */
export interface SourceOptions extends ColumnOptions {
  /** A layout's id or alias, or `auto` to tell it from the first row. */
  readonly layout: string;
  /** File or folder to read. */
  readonly path: string;
  /** Read so many rows at most. */
  readonly limit?: number;
  readonly projectId?: string;
  readonly limits?: Partial<ReadLimits>;
}

export interface Source {
  readonly layout: Layout;
  readonly columns: SourceColumns;
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
  const columns = sourceColumns(layout, options);
  const { limits } = options;
  const rows = (onBytes: (bytes: number) => void) => folderRows(files, { ...limited(limits), onBytes });
  return { layout, columns, bytes, rows };
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
  const limits = limited(options.limits);
  const rename = plainRename(options.rename);
  const layout = found ?? (await detected(path, container, () => fileRows(path, container, { ...limits, rename })));
  const types = columnTypes(layout);
  const columns = sourceColumns(layout, options);
  const rows = (onBytes: (bytes: number) => void) =>
    fileRows(path, container, { ...limits, onBytes, rename: columns.rename, ...(types !== undefined && { types }) });
  return { layout, columns, bytes: statSync(path).size, rows };
}

const limited = (limits: SourceOptions['limits']) => (limits === undefined ? {} : { limits });

/** Top-level names only, for telling a layout before it is known which names it reads. */
const plainRename =
  (rename: ReadonlyMap<string, string> = new Map()) =>
  (value: unknown): unknown => {
    if (rename.size === 0 || typeof value !== 'object' || value === null) return value;
    const names = new Map([...rename].map(([name, column]) => [column, name]));
    return Object.fromEntries(Object.entries(value).map(([key, cell]) => [names.get(key) ?? key, cell]));
  };

/** Types of a layout's columns; a table reads its own cells. */
function columnTypes({ id, write }: Layout): Map<string, Column['type']> | undefined {
  if (id === 'csv' || 'not' in write || typeof write.columns !== 'function') return undefined;
  return new Map(write.columns(2).map(({ name, type }) => [name, type]));
}

/** The layout of a file’s first row that can be parsed; a UsageError when it is none, or more than one. */
async function detected(path: string, container: Container, open: () => AsyncGenerator<Row>) {
  for await (const row of open()) {
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
  /** Takes a judgment that the source has and the project will not. */
  readonly lost: (what: string) => void;
  /** Takes a row that could not be read; may throw to stop. */
  readonly reject: (row: Rejected) => void;
  /** After each row: rows so far, and bytes of the source. */
  readonly onRow?: (rows: number, bytes: number) => void;
}

/** What the names of a source mean, told from all of the rows that are read, before any of them is. */
async function surveyed({ layout, rows }: Source, { rename, limit = Number.POSITIVE_INFINITY }: SourceOptions) {
  const roles = createRoles(rename);
  if (layout.survey === undefined) return roles;
  let n = 0;
  for await (const row of rows(() => {})) {
    if ('row' in row) layout.survey(row.row, roles);
    n += 1;
    if (n >= limit) break;
  }
  return roles;
}

/** An item or judgment must be text throughout; a layout reads texts from places of its own. */
function checkEntry({ items = [], judgments = [] }: Entry): void {
  for (const { prompt, replies, strata } of items) {
    checkTexts(prompt, 'prompt');
    for (const [i, { text }] of replies.entries()) checkTexts(text, `reply ${i + 1}`);
    checkTexts(strata, 'strata');
  }
  for (const judgment of judgments) checkTexts(judgment, 'judgment');
}

/** Reads one row after another into the sink of a reading; `RowError` for one that cannot be read. */
function rowReader({ layout, columns }: Source, reading: Reading, place: { projectId: string; roles: Roles }) {
  const side = new Map<string, { text: string; line: number }>();
  const context: ReadContext = {
    ...place,
    rater: reading.people.rater,
    lookup: (id) => side.get(id)?.text,
    note: reading.note,
    lost: reading.lost,
    unread: columns.unread,
  };
  const isSide = (row: Row) => layout.side !== undefined && 'row' in row && row.row.part === layout.side.part;
  const takeSide = (value: unknown, line: number) => {
    const [id, text] = layout.side!.read(value);
    const earlier = side.get(id);
    if (earlier !== undefined)
      throw new RowError('id', `id ${id} occurs twice, first on line ${earlier.line}; ids must be unique`);
    side.set(id, { text, line });
  };
  const take = (row: Row) => {
    if (!('row' in row)) throw new RowError(row.field, row.reason);
    const { value, line } = row.row;
    checkShape(value);
    if (isSide(row)) return takeSide(value, line);
    columns.begin();
    const entry = layout.read(row.row, context);
    columns.takeUnread(value);
    checkEntry(entry);
    reading.sink.put(withKept(entry, columns.kept), line);
  };
  return { isSide, take };
}

/** Reads a source to its end or limit: rows become entries of the sink, or rejects. Returns the number of rows. */
export async function readSource(source: Source, options: SourceOptions, reading: Reading): Promise<number> {
  const { limit = Number.POSITIVE_INFINITY, projectId = 'imported' } = options;
  const roles = await surveyed(source, options);
  const { isSide, take } = rowReader(source, reading, { projectId, roles });
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
  if (rows > 0) source.columns.check();
  return rows;
}

/** Items and judgments of a source in memory, and the rows that could not be read. */
export async function readLayout(
  options: SourceOptions & { readonly pseudonymKey?: string },
): Promise<{ items: Item[]; judgments: Judgment[]; rejected: Rejected[]; lost: Readonly<Record<string, number>> }> {
  const output = memoryOutput();
  const rejected: Rejected[] = [];
  const lost: Record<string, number> = {};
  await readSource(await openSource(options), options, {
    sink: checkedSink(output),
    people: createPseudonymiser(options.pseudonymKey),
    note: () => {},
    lost: (what) => addTo(lost, what),
    reject: (row) => rejected.push(row),
  });
  return { items: output.rows.items, judgments: output.rows.judgments, rejected, lost };
}
