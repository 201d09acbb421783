import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import {
  type Answer,
  type FeedbackRecord,
  feedbackRecordSchema,
  foldRecords,
  type Item,
  itemSchema,
  judgmentSchema,
  type Presentation,
  type Project,
  projectSchema,
  type RaterProfile,
  raterProfileSchema,
} from '../feedback/index.ts';
import { canonicalJson, parseConfig, UsageError } from '../run/index.ts';
import { fileOf, onPath, readJsonLines, writeJson } from '../run/node.ts';
import type { FeedbackStore, ProjectSource, SourceCounts } from './store.ts';
import { syncPath, writeLines } from './write-lines.ts';

/**
 * A project as a folder: `project.json`, `items.jsonl`, `raters.jsonl`, and the feedback as the whole history
 * (`records.jsonl`) with what stands of it (`judgments.jsonl`), or as standing judgments alone.
 */
export const PROJECT_FILES = {
  project: 'project.json',
  items: 'items.jsonl',
  raters: 'raters.jsonl',
  records: 'records.jsonl',
  judgments: 'judgments.jsonl',
} as const;

const size = (path: string) => (existsSync(path) ? onPath(path, () => statSync(path).size) : 0);

/** Rows of a file that may be missing or empty. */
const rowsOf = <T>(path: string, schema: Parameters<typeof readJsonLines<T>>[1]): AsyncIterable<T> =>
  size(path) === 0 ? none<T>() : readJsonLines(path, schema);
async function* none<T>(): AsyncGenerator<T> {}

/** Reads a project folder as a stream. `projectFile` stands in for a missing `project.json`. */
export function readProjectFolder(folder: string, options: { readonly projectFile?: string } = {}): ProjectSource {
  const at = (name: keyof typeof PROJECT_FILES) => join(folder, PROJECT_FILES[name]);
  if (!existsSync(folder))
    throw new UsageError('folder', `${folder}: expected a project folder, got nothing; check the path`);
  // Somebody may have sent it: a link would lead out of it, and a pipe never end.
  for (const name of Object.values(PROJECT_FILES)) fileOf(folder, name);
  const projectFile = options.projectFile ?? at('project');
  if (!existsSync(projectFile)) {
    throw new UsageError(
      'folder',
      `${folder}: expected ${PROJECT_FILES.project}, got none; write it, or give --project <file>`,
    );
  }
  if (!existsSync(at('items'))) {
    throw new UsageError('folder', `${folder}: expected ${PROJECT_FILES.items}, got none; check the path`);
  }
  const project = readProjectFile(projectFile);
  return {
    project,
    items: rowsOf<Item>(at('items'), itemSchema),
    raters: rowsOf<RaterProfile>(at('raters'), raterProfileSchema),
    records: existsSync(at('records')) ? fromRecords(at('records')) : fromJudgments(at('judgments')),
  };
}

/** A project from JSON or YAML. */
export const readProjectFile = (path: string): Project =>
  parseConfig<Project>(
    projectSchema,
    onPath(path, () => readFileSync(path, 'utf8')),
    { source: path },
  );

async function* fromRecords(path: string): ProjectRecords {
  for await (const record of rowsOf<FeedbackRecord>(path, feedbackRecordSchema)) yield { record };
}
async function* fromJudgments(path: string): ProjectRecords {
  for await (const judgment of rowsOf(path, judgmentSchema)) yield { record: { type: 'judgment', judgment } };
}
type ProjectRecords = AsyncGenerator<{ readonly record: FeedbackRecord }>;

/** Loads a project folder into a store; the result has the digest of the folder's content. */
export const loadProjectFolder = (
  store: FeedbackStore,
  folder: string,
  options: { readonly projectFile?: string } & Pick<NonNullable<Parameters<FeedbackStore['load']>[1]>, 'progress'> = {},
): ReturnType<FeedbackStore['load']> => {
  const { progress, ...rest } = options;
  return store.load(readProjectFolder(folder, rest), { checked: true, ...(progress !== undefined && { progress }) });
};

/**
 * Writes a project of a store as a folder, as of one moment. The folder appears when it is whole; an existing one must be
 * empty.
 */
export async function saveProjectFolder(
  store: FeedbackStore,
  projectId: string,
  folder: string,
): Promise<{ readonly digest: string; readonly judgments: number } & SourceCounts> {
  const out = resolve(folder);
  if (existsSync(out)) {
    const entries = onPath(out, () => readdirSync(out)).length;
    if (entries > 0)
      throw new UsageError(
        'out',
        `${folder}: expected an empty or new folder, got ${entries} entries; choose another --out`,
      );
    rmSync(out, { recursive: true });
  }
  const partial = `${out}.partial-${process.pid}`;
  onPath(partial, () => mkdirSync(partial, { recursive: true }));
  const at = (name: keyof typeof PROJECT_FILES) => join(partial, PROJECT_FILES[name]);
  try {
    const result = await store.snapshot(async (snapshot) => {
      const part = await snapshot.read(projectId);
      writeJson(at('project'), part.project);
      await writeLines(at('items'), lines(part.items));
      await writeLines(at('raters'), lines(part.raters));
      const outline: FeedbackRecord[] = [];
      await writeLines(at('records'), recordLines(part.records, outline));
      const standing = new Set(foldRecords(outline).judgments.map(({ id }) => id));
      await writeLines(at('judgments'), judgmentLines(at('records'), standing));
      return { digest: part.digest, judgments: standing.size, ...part.counts };
    });
    onPath(out, () => renameSync(partial, out));
    await syncPath(dirname(out));
    return result;
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    throw error;
  }
}

async function* lines(rows: ProjectSource['items'] | ProjectSource['raters']): AsyncGenerator<string> {
  for await (const row of rows) yield canonicalJson(row);
}
async function* recordLines(rows: ProjectSource['records'], outline: FeedbackRecord[]): AsyncGenerator<string> {
  for await (const { record } of rows) {
    outline.push(outlineOf(record));
    yield canonicalJson(record);
  }
}
async function* judgmentLines(path: string, standing: ReadonlySet<string>): AsyncGenerator<string> {
  for await (const record of rowsOf<FeedbackRecord>(path, feedbackRecordSchema)) {
    if (record.type === 'judgment' && standing.has(record.judgment.id)) yield canonicalJson(record.judgment);
  }
}

const NO_ANSWER: Answer = { kind: 'comparison', outcome: 'tie' };
const NO_PRESENTATION: Presentation = { order: [], view: '', instructionsVersion: '', shownAt: '' };
/** What decides which records stand, without what was said: the history of a million judgments fits in memory. */
function outlineOf(record: FeedbackRecord): FeedbackRecord {
  if (record.type === 'judgment') {
    const { judgment } = record;
    return { type: 'judgment', judgment: { ...judgment, answer: NO_ANSWER, presentation: NO_PRESENTATION } };
  }
  return record.type === 'draft' ? { ...record, content: null } : record;
}
