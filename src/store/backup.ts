import { z } from 'zod';
import { feedbackRecordSchema, itemSchema, projectSchema, raterProfileSchema } from '../feedback/index.ts';
import { canonicalJson, DataError, type Line, type Progress, parseLine } from '../run/index.ts';
import { readLines } from '../run/node.ts';
import type { FeedbackStore, LoadOptions, ProjectSource, StoreSnapshot } from './store.ts';
import { lineTally, tally, writeLines } from './write-lines.ts';

/**
 * A backup is one file of JSON lines (gzip when its name says so) with every project of a store: the same from SQLite and
 * PostgreSQL, so that either restores into the other. Its last line holds the number and the SHA-256 of the lines before;
 * a file without it is not whole and is refused.
 */
const FORMAT = 'goodhart-backup';
const count = z.int().nonnegative();

const lineSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('backup'),
    format: z.literal(FORMAT),
    /** 2 has salts and erased records. */
    version: z.literal([1, 2]),
    createdAt: z.string(),
  }),
  z.strictObject({
    type: z.literal('project'),
    project: projectSchema,
    digest: z.string(),
    counts: z.strictObject({ items: count, raters: count, records: count }),
  }),
  z.strictObject({ type: z.literal('item'), item: itemSchema }),
  z.strictObject({ type: z.literal('rater'), rater: raterProfileSchema }),
  z.strictObject({ type: z.literal('priority'), itemId: z.string(), score: z.number() }),
  z.strictObject({
    type: z.literal('record'),
    record: feedbackRecordSchema,
    key: z.string().optional(),
    salt: z
      .string()
      .regex(/^[0-9a-f]{32}$/)
      .optional(),
  }),
  z.strictObject({ type: z.literal('end'), projects: count, lines: count, sha256: z.string() }),
]);
type BackupLine = z.infer<typeof lineSchema>;
export interface BackupSummary {
  readonly projects: number;
  readonly records: number;
  /** Of all lines but the last. */
  readonly sha256: string;
}

async function* backupLines(
  snapshot: StoreSnapshot,
  {
    createdAt,
    only,
    progress,
    done,
  }: {
    readonly createdAt: string;
    readonly only?: string | undefined;
    readonly progress?: Progress | undefined;
    readonly done: (s: BackupSummary) => void;
  },
): AsyncGenerator<string> {
  const counter = lineTally();
  const line = (value: BackupLine) => tally(counter, canonicalJson(value));
  yield line({ type: 'backup', format: FORMAT, version: 2, createdAt });
  let records = 0;
  const projects = snapshot.projects.filter((id) => only === undefined || id === only);
  for (const id of projects) {
    const part = await snapshot.read(id);
    yield line({ type: 'project', project: part.project, digest: part.digest, counts: part.counts });
    for await (const item of part.items) yield line({ type: 'item', item });
    for await (const rater of part.raters) yield line({ type: 'rater', rater });
    for await (const [itemId, score] of part.priorities ?? []) yield line({ type: 'priority', itemId, score });
    let at = 0;
    for await (const { record, key, salt } of part.records) {
      yield line({ type: 'record', record, ...(key !== undefined && { key }), ...(salt !== undefined && { salt }) });
      at += 1;
      if (at % 1000 === 0 || at === part.counts.records) {
        progress?.({ stage: 'backup', done: at, total: part.counts.records, unit: 'records' });
      }
    }
    records += at;
  }
  const summary = { projects: projects.length, records, sha256: counter.hash.digest('hex') };
  done(summary);
  yield canonicalJson({ type: 'end', projects: summary.projects, lines: counter.lines, sha256: summary.sha256 });
}

/**
 * Writes every project of a store, or `only` one, as of one moment, while it goes on being used. The file appears when it is
 * whole.
 */
export async function backupStore(
  store: FeedbackStore,
  path: string,
  options: { readonly createdAt: string; readonly only?: string; readonly progress?: Progress },
): Promise<BackupSummary> {
  let summary: BackupSummary | undefined;
  await store.snapshot((snapshot) =>
    writeLines(
      path,
      backupLines(snapshot, {
        ...options,
        done: (s) => {
          summary = s;
        },
      }),
    ),
  );
  return summary!;
}

const MAX_LINE = { maxLineBytes: 64 * 1024 * 1024 };
const notWhole = (path: string, why: string) =>
  new DataError('backup', `${path}: expected a whole Goodhart backup, ${why}; make or fetch it again`);

/** Reads a backup through and checks that it is whole and unchanged. */
export async function verifyBackup(path: string): Promise<BackupSummary> {
  const counter = lineTally();
  let end: Extract<BackupLine, { type: 'end' }> | undefined;
  let records = 0;
  let projects = 0;
  for await (const line of readLines(path, MAX_LINE)) {
    if (end !== undefined) throw notWhole(path, `got lines after its end (line ${line.line})`);
    if (counter.lines === 0) checkHead(path, line);
    if (line.text.startsWith('{"lines":')) {
      const last = parseLine(path, line, lineSchema);
      if (last.type !== 'end') throw notWhole(path, `got ${last.type} on line ${line.line}`);
      end = last;
      continue;
    }
    tally(counter, line.text);
    if (line.text.startsWith('{"key":') || line.text.startsWith('{"record":')) records += 1;
    if (line.text.startsWith('{"counts":')) projects += 1;
  }
  if (end === undefined) throw notWhole(path, 'got one without its end');
  const sha256 = counter.hash.digest('hex');
  if (end.lines !== counter.lines) throw notWhole(path, `got ${counter.lines} lines of ${end.lines}`);
  if (end.sha256 !== sha256) throw notWhole(path, 'got one whose content was altered');
  if (end.projects !== projects) throw notWhole(path, `got ${projects} projects of ${end.projects}`);
  return { projects, records, sha256 };
}

function checkHead(path: string, line: Line): void {
  let head: unknown;
  try {
    head = JSON.parse(line.text);
  } catch {
    head = undefined;
  }
  const { format, version } = (head ?? {}) as { format?: unknown; version?: unknown };
  if (format !== FORMAT) throw notWhole(path, 'got another kind of file');
  if (version !== 1 && version !== 2)
    throw notWhole(path, `of version 1 or 2, got version ${String(version)}, which a newer Goodhart reads`);
}

/** One line of look-ahead over a file. */
class Cursor {
  readonly #path: string;
  readonly #lines: AsyncIterator<Line>;
  next: BackupLine | undefined;

  constructor(path: string) {
    this.#path = path;
    this.#lines = readLines(path, MAX_LINE)[Symbol.asyncIterator]();
  }
  async advance(): Promise<void> {
    const { value, done } = await this.#lines.next();
    // The digests say that nothing was altered since, and not who wrote it: what enters the store is read as if from a stranger.
    this.next = done === true ? undefined : parseLine(this.#path, value, lineSchema);
  }
  async close(): Promise<void> {
    await this.#lines.return?.();
  }
  /** Lines of one type from here on. */
  async *while<T extends BackupLine['type']>(type: T): AsyncGenerator<Extract<BackupLine, { type: T }>> {
    for (; this.next?.type === type; await this.advance()) yield this.next as Extract<BackupLine, { type: T }>;
  }
}

async function* projectsOf(
  path: string,
  progress: Progress | undefined,
): AsyncGenerator<{ source: ProjectSource; options: LoadOptions }> {
  const cursor = new Cursor(path);
  try {
    await cursor.advance();
    await cursor.advance();
    while (cursor.next?.type === 'project') {
      const { project, digest, counts } = cursor.next;
      await cursor.advance();
      const source: ProjectSource = {
        project,
        items: map(cursor.while('item'), ({ item }) => item),
        raters: map(cursor.while('rater'), ({ rater }) => rater),
        priorities: map(cursor.while('priority'), ({ itemId, score }) => [itemId, score] as const),
        records: map(cursor.while('record'), ({ record, key, salt }) => ({ record, key, salt })),
      };
      yield { source, options: { digest, counts, checked: true, ...(progress !== undefined && { progress }) } };
    }
    if (cursor.next?.type !== 'end') throw notWhole(path, `got a ${cursor.next?.type ?? 'missing'} line out of place`);
  } finally {
    await cursor.close();
  }
}

async function* map<A, B>(rows: AsyncIterable<A>, effect: (row: A) => B): AsyncGenerator<B> {
  for await (const row of rows) yield effect(row);
}

/**
 * Restores every project of a backup into a store that has none of them. The file is verified first; the projects are
 * seen once all are there with the digests they had.
 */
export async function restoreStore(
  store: FeedbackStore,
  path: string,
  options: { readonly progress?: Progress } = {},
): Promise<readonly { readonly projectId: string; readonly digest: string; readonly records: number }[]> {
  await verifyBackup(path);
  return store.loadAll(projectsOf(path, options.progress));
}
