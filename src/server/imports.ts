import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { Readable } from 'node:stream';
import type { ReadableStream as NodeStream } from 'node:stream/web';
import type { z } from 'zod';
import { type ImportSummary, importLayout, lostEveryJudgment, lostText } from '../exchange/node.ts';
import {
  hasGold,
  type Item,
  itemSchema,
  type Judgment,
  judgmentSchema,
  type Project,
  questionOf,
  type RaterProfile,
  raterProfileSchema,
  withoutImport,
} from '../feedback/index.ts';
import { canonicalJson, DataError, UsageError } from '../run/index.ts';
import { readJsonLines } from '../run/node.ts';
import { batched, type FeedbackStore, type Rows } from '../store/index.ts';
import { ApiError } from './api-error.ts';
import { type IMPORTED_JUDGMENTS, PROJECT_ROUTES, type ResponseOf } from './contract/index.ts';
import { parseBody } from './json-body.ts';

export type ImportAnswer = ResponseOf<'POST /api/projects/{project}/items'>;

/** A file that was sent for a project: the request's body, unread, in a folder of its own. */
export interface ImportJob {
  readonly projectId: string;
  readonly folder: string;
  /** What its items will say brought them. */
  readonly import: { readonly id: string; readonly at: string };
}

/**
 * Adds files to projects. A file may be a stranger's, and large: a server has a process for each, with bounds of time and
 * memory while it is read. Nothing is written before all of it was read and found good.
 */
export interface Importer {
  /** `signal` ends the reading; what is being written is written to its end. */
  add(job: ImportJob, signal: AbortSignal): Promise<ImportAnswer>;
  /** Ends what is being read, and waits for what is being written. */
  close(): Promise<void>;
}

const BODY = 'body.json';

/** Puts a body down where `importJob` finds it. */
export const saveBody = (folder: string, body: ReadableStream<Uint8Array>): Promise<void> =>
  writeFile(join(folder, BODY), Readable.fromWeb(body as NodeStream));

/** Four texts: whatever else a body holds need not be parsed to be refused. */
const FLAT = { levels: 1, values: 16 };
const MOST_REJECTS = 100;
/** Rows read or written at once: what is written shares a commit, and whoever judges meanwhile waits for no more than these. */
const AT_ONCE = 100;

/** Gives rows to an effect some at a time, in order; between them a server does what else is asked of it. */
async function inTurns<T>(rows: Rows<T>, effect: (some: readonly T[]) => Promise<unknown>): Promise<void> {
  for await (const some of batched(rows, AT_ONCE)) {
    await effect(some);
    await new Promise(setImmediate);
  }
}

/** Adds items some at a time, and counts those that are new. */
export async function addInTurns(
  store: FeedbackStore,
  projectId: string,
  items: Rows<Item>,
): Promise<{ added: number; known: number }> {
  const counts = { added: 0, known: 0 };
  await inTurns(items, async (some) => {
    const { added, known } = await store.addItems(projectId, some);
    counts.added += added;
    counts.known += known;
  });
  return counts;
}

/** A file as it was read: a project folder, and the line on which each judgment stood. */
interface ReadFile {
  readonly folder: string;
  readonly source: NonNullable<Item['source']['import']>;
  /** What becomes of the judgments in it. */
  readonly judgments: (typeof IMPORTED_JUDGMENTS)[number];
  readonly summary: ImportSummary;
  readonly lines: ReadonlyMap<string, number>;
}

async function readFileOf({ projectId, folder, import: brought }: ImportJob): Promise<ReadFile> {
  const { body } = PROJECT_ROUTES['POST /api/projects/{project}/items'];
  const { layout, fileName, text, judgments } = parseBody(await readFile(join(folder, BODY), 'utf8'), body, FLAT);
  const path = join(folder, `upload${extname(basename(fileName)) || '.jsonl'}`);
  await writeFile(path, text);
  const out = join(folder, 'project');
  const lines = new Map<string, number>();
  const onJudgment = (id: string, line: number) => lines.set(id, line);
  const summary = await importLayout({ layout, path, out, projectId, durable: false, onJudgment });
  return { folder: out, source: { ...brought, file: fileName }, judgments, summary, lines };
}

/** Rows of a file of the folder; none where it has no such file. */
async function* rowsOf<T>({ folder }: ReadFile, name: string, schema: z.ZodType<T>): AsyncGenerator<T> {
  const path = join(folder, `${name}.jsonl`);
  if (existsSync(path)) yield* readJsonLines(path, schema);
}
async function* itemsOf(file: ReadFile): AsyncGenerator<Item> {
  for await (const item of rowsOf(file, 'items', itemSchema as z.ZodType<Item>))
    yield { ...item, source: { ...item.source, import: file.source } };
}
async function* judgmentsOf(file: ReadFile, { questions }: Project): AsyncGenerator<Judgment> {
  if (file.summary.judgments === 0 || file.judgments === 'none') return;
  for await (const judgment of rowsOf(file, 'judgments', judgmentSchema as z.ZodType<Judgment>)) {
    const question = questionOf(questions, judgment);
    if (question === undefined) {
      const { kind } = judgment.answer;
      throw new UsageError(
        'form',
        `the file holds answers of kind ${kind}, which the form does not ask; add a question`,
      );
    }
    yield { ...judgment, questionId: question.id, ...(file.judgments === 'beside' && { brought: true as const }) };
  }
}

/** Refuses what the store would refuse in the middle of it, and names the raters of judgments. */
async function checkFile(store: FeedbackStore, project: Project, file: ReadFile): Promise<Set<string>> {
  const { items } = await store.progress(project.id);
  await inTurns(itemsOf(file), async (some) => {
    const known =
      items.total + items.archived === 0 ? [] : await Promise.all(some.map(({ id }) => store.getItem(project.id, id)));
    for (const [i, item] of some.entries()) {
      if ((item.role ?? 'work') !== 'work' && !hasGold(item))
        throw new DataError('item', `item ${item.id}: expected a known answer (gold) for role ${item.role}, got none`);
      const before = known[i];
      if (before !== undefined && canonicalJson(withoutImport(before)) !== canonicalJson(withoutImport(item)))
        throw new UsageError(
          'item-changed',
          `item ${item.id}: expected what the project holds under this id, got a changed item; give it a new id`,
        );
    }
  });
  const raters = new Set<string>();
  for await (const { raterId } of judgmentsOf(file, project)) raters.add(raterId);
  return raters;
}

/** Profiles as the file has them, and plain ones for those of its raters whom nobody knows yet. */
async function* profilesOf(
  store: FeedbackStore,
  project: Project,
  { file, raters }: { file: ReadFile; raters: ReadonlySet<string> },
): AsyncGenerator<RaterProfile> {
  const known = new Set<string>();
  for await (const { id } of store.raters(project.id)) known.add(id);
  for await (const profile of rowsOf(file, 'raters', raterProfileSchema as z.ZodType<RaterProfile>)) {
    known.add(profile.id);
    yield profile;
  }
  for (const id of raters) if (!known.has(id)) yield { id, kind: 'human' };
}

type Rejected = ImportAnswer['rejected'];
async function rejectsOf({ folder, summary }: ReadFile): Promise<Rejected> {
  if (summary.rejected === 0) return [];
  return (await readFile(join(folder, 'rejected.jsonl'), 'utf8'))
    .split('\n')
    .filter((line) => line !== '')
    .slice(0, MOST_REJECTS)
    .map((line) => JSON.parse(line) as Rejected[number])
    .map(({ line, field, reason }) => ({ line, field, reason }));
}

/**
 * Reads a file of a layout into a project of the store: items, and judgments where the layout holds them. `checked` is
 * called when all of it was read and found good, before anything is written; it may still stop it.
 */
export async function importJob(
  store: FeedbackStore,
  job: ImportJob,
  checked: () => Promise<void>,
): Promise<ImportAnswer> {
  const project = await store.getProject(job.projectId);
  if (project === undefined) throw new ApiError(404, 'project', `there is no project ${job.projectId}`);
  const file = await readFileOf(job);
  if (file.judgments !== 'none' && lostEveryJudgment(file.summary))
    throw new UsageError('judgments', lostText(file.summary));
  const raters = await checkFile(store, project, file);
  const rejected = await rejectsOf(file);
  await checked();
  const { added } = await addInTurns(store, project.id, itemsOf(file));
  await inTurns(profilesOf(store, project, { file, raters }), (some) => store.putRaters(project.id, some));
  let [judgments, refused] = [0, 0];
  const submit = async (judgment: Judgment) => {
    try {
      await store.submit({ type: 'judgment', judgment });
      judgments += 1;
    } catch (error) {
      // What does not go with what was given before: a second answer of somebody to the same question.
      if (!(error instanceof DataError || error instanceof UsageError)) throw error;
      refused += 1;
      if (rejected.length >= MOST_REJECTS) return;
      rejected.push({ line: file.lines.get(judgment.id) ?? 0, field: 'judgment', reason: error.message });
    }
  };
  await inTurns(judgmentsOf(file, project), (some) => Promise.all(some.map(submit)));
  return { import: job.import.id, items: added, judgments, rejected, rejectedCount: file.summary.rejected + refused };
}
