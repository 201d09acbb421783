import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DataError, ignoreProgress, type Progress, UsageError } from '../../run/index.ts';
import { onPath, type ReadLimits, writeFileAtomic } from '../../run/node.ts';
import { LAYOUT_IDS, type Layout, type LayoutId, type ReadContext, RowError } from '../layouts/layout.ts';
import { createPseudonymiser } from '../layouts/pseudonym.ts';
import { detectLayouts, findLayout, LAYOUTS } from '../layouts/registry.ts';
import { checkValue } from '../layouts/values.ts';
import type { WrittenFile } from './line-writer.ts';
import { rejectsFile, rejectText } from './rejects.ts';
import { type Container, containerOf, fileRows, folderRows, layoutFiles, partFile, type Row } from './rows.ts';
import { projectSink } from './sink.ts';
import { isUnfinished, stage } from './staging.ts';

export interface ImportOptions {
  /** A layout's id or alias, or `auto` to tell it from the first row. */
  readonly layout: string;
  /** File or folder to read. */
  readonly path: string;
  /** Project folder to write; new, or empty. */
  readonly out: string;
  readonly projectId?: string;
  /** Stop at the first row that cannot be read, and write nothing. */
  readonly strict?: boolean;
  /** Read so many rows at most. */
  readonly limit?: number;
  /** Columns of a table: name → the name it has in the file. */
  readonly rename?: ReadonlyMap<string, string>;
  /** Key of the pseudonyms; without one they are plain hashes. */
  readonly pseudonymKey?: string;
  /** Where to write which id got which pseudonym; nowhere unless asked. */
  readonly pseudonymMap?: string;
  readonly limits?: Partial<ReadLimits>;
  readonly progress?: Progress;
  /** Wait until the disk has everything; off only where speed matters more than a power cut. */
  readonly durable?: boolean;
}

/** What an import did: plain data. */
export interface ImportSummary {
  readonly layout: LayoutId;
  readonly path: string;
  readonly out: string;
  readonly rows: number;
  readonly items: number;
  readonly judgments: number;
  readonly raters: number;
  readonly records: number;
  readonly rejected: number;
  /** The first rejected row, as one line. */
  readonly firstRejected?: string;
  /** What was left behind or changed, counted. */
  readonly notes: Readonly<Record<string, number>>;
  readonly pseudonyms: { readonly given: number; readonly keyed: boolean };
  readonly files: readonly WrittenFile[];
}

interface Source {
  readonly layout: Layout;
  readonly bytes: number;
  readonly rows: (onBytes: (bytes: number) => void) => AsyncGenerator<Row>;
}

const folderLayouts = Object.values(LAYOUTS).filter((layout) => layout.source !== 'file');

function openFolder(path: string, name: string, options: ImportOptions): Source {
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

async function openFile(path: string, name: string, options: ImportOptions): Promise<Source> {
  const found = name === 'auto' ? undefined : findLayout(name);
  if (found !== undefined && found.source !== 'file')
    throw new UsageError('data', `${path}: expected a folder of ${found.source.parts.join(', ')}, got a file`);
  let container: Container = await containerOf(path);
  if (found?.id === 'csv' && container !== 'parquet') container = 'csv';
  if (found?.id === 'parquet' && container !== 'parquet')
    throw new DataError(
      'parquet',
      `${path}: expected Parquet, which starts with PAR1, got ${container}; name its layout`,
    );
  const open = (onBytes: (bytes: number) => void) => fileRows(path, container, { ...options, onBytes });
  const layout = found ?? (await detected(path, container, open));
  return { layout, bytes: statSync(path).size, rows: open };
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

const KB = 1000;

/**
 * Imports a file or folder of a layout as a project folder: `items.jsonl`, `judgments.jsonl` and what else the source
 * has. Rows stream; a row that cannot be read goes to `rejected.jsonl` beside them. The folder appears whole at the end
 * or not at all; when no row could be read, it holds the side file alone.
 * @throws DataError, UsageError, with one line that says what to do
 */
export async function importLayout(options: ImportOptions): Promise<ImportSummary> {
  const { path, out, strict = false, limit = Number.POSITIVE_INFINITY, durable = true } = options;
  const progress = options.progress ?? ignoreProgress;
  if (!existsSync(path)) throw new UsageError('file', `${path}: no such file or folder; check the path`);
  if (isUnfinished(path)) throw new DataError('partial', `${path}: an unfinished import or export; start it again`);
  checkMapPlace(options);
  const people = createPseudonymiser(options.pseudonymKey);
  const folder = onPath(path, () => statSync(path).isDirectory());
  const source = folder ? openFolder(path, options.layout, options) : await openFile(path, options.layout, options);
  const { layout } = source;
  const staging = stage(out, 'folder');
  const notes: Record<string, number> = {};
  const sink = projectSink(staging.path, { durable });
  const rejects = rejectsFile(staging.path, people.redact, { durable });
  const side = new Map<string, { text: string; line: number }>();
  const context: ReadContext = {
    projectId: options.projectId ?? 'imported',
    rater: people.rater,
    lookup: (id) => side.get(id)?.text,
    note: (what) => {
      notes[what] = (notes[what] ?? 0) + 1;
    },
  };
  const total = Math.max(1, Math.ceil(source.bytes / KB));
  let [rows, done] = [0, 0];
  const report = () =>
    progress({ stage: 'import', done, total, unit: 'kB', metrics: { rows, rejected: rejects.count } });
  const onBytes = (bytes: number) => {
    done = Math.min(total - 1, Math.floor(bytes / KB));
  };
  const take = (row: Row) => {
    if (!('row' in row)) throw new RowError(row.field, row.reason);
    const { value, line, part } = row.row;
    checkValue(value);
    if (layout.side !== undefined && part === layout.side.part) {
      const [id, text] = layout.side.read(value);
      const earlier = side.get(id);
      if (earlier !== undefined)
        throw new RowError('id', `id ${id} occurs twice, first on line ${earlier.line}; ids must be unique`);
      side.set(id, { text, line });
      return;
    }
    sink.put(layout.read(row.row, context), line);
  };
  try {
    for await (const row of source.rows(onBytes)) {
      const isSide = layout.side !== undefined && 'row' in row && row.row.part === layout.side.part;
      if (!isSide) rows += 1;
      try {
        take(row);
      } catch (error) {
        if (!(error instanceof RowError)) throw error;
        const line = 'row' in row ? row.row.line : row.line;
        const place = { file: row.file, line, field: error.field, reason: error.reason };
        if (strict)
          throw new DataError('row', `${rejectText(place)}; mend or drop the row, or import without --strict`);
        rejects.put(place, row.raw());
      }
      if (rows % 1000 === 0) report();
      if (rows >= limit) break;
    }
    const files = sink.close();
    rejects.close();
    if (sink.counts.items === 0) {
      keepOnlyRejects(staging.path);
      if (rejects.count > 0) staging.commit();
      else staging.discard();
      const where = rejects.count > 0 ? `; all of them are in ${join(out, 'rejected.jsonl')}` : '';
      const why = rejects.first === undefined ? 'it holds no row' : `the first: ${rejects.first}`;
      throw new DataError('nothing', `${path}: expected rows of ${layout.id}, none could be read (${why})${where}`);
    }
    if (options.pseudonymMap !== undefined) writeMap(options.pseudonymMap, people.given);
    staging.commit();
    done = total;
    report();
    return {
      layout: layout.id,
      path,
      out,
      rows,
      ...sink.counts,
      rejected: rejects.count,
      ...(rejects.first !== undefined && { firstRejected: rejects.first }),
      notes,
      pseudonyms: { given: people.given.size, keyed: people.keyed },
      files,
    };
  } catch (error) {
    sink.abandon();
    rejects.abandon();
    staging.discard();
    throw error;
  }
}

function keepOnlyRejects(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (name !== 'rejected.jsonl') rmSync(join(folder, name), { recursive: true, force: true });
  }
}

/** The map undoes the pseudonyms: it must not lie in the folder that is handed on. */
function checkMapPlace({ pseudonymMap, out }: ImportOptions): void {
  if (pseudonymMap === undefined) return;
  if (join(pseudonymMap, '.').startsWith(join(out, '/')))
    throw new UsageError('pseudonym-map', `${pseudonymMap}: expected a place outside ${out}, which others will see`);
  if (existsSync(pseudonymMap))
    throw new UsageError('pseudonym-map', `${pseudonymMap}: exists already; choose another`);
}

function writeMap(path: string, given: ReadonlyMap<string, string>): void {
  writeFileAtomic(path, [...given].map(([id, pseudonym]) => `${JSON.stringify({ id, pseudonym })}\n`).join(''));
}
