import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, extname, join } from 'node:path';
import { exportLayout, importLayout, lostEveryJudgment, lostText, readProject } from '../exchange/node.ts';
import { type Item, type Project, questionOf } from '../feedback/index.ts';
import { UsageError } from '../run/index.ts';
import { type FeedbackStore, saveProjectFolder } from '../store/index.ts';
import { ApiError } from './api.ts';
import type { ResponseOf } from './contract/index.ts';

const MOST_REJECTS = 100;

async function inTemporaryFolder<T>(effect: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'goodhart-exchange-'));
  try {
    return await effect(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Rows written at once: they share a commit, and whoever judges meanwhile waits for no more than these. */
const AT_ONCE = 100;

/** Gives rows to `write` some at a time, in order; between them the server does what else is asked of it. */
async function inTurns<T>(rows: readonly T[], write: (some: readonly T[]) => Promise<unknown>): Promise<void> {
  for (let from = 0; from < rows.length; from += AT_ONCE) {
    await write(rows.slice(from, from + AT_ONCE));
    await new Promise(setImmediate);
  }
}

/** Adds items some at a time, and counts those that are new. */
export async function addInTurns(
  store: FeedbackStore,
  projectId: string,
  items: readonly Item[],
): Promise<{ added: number; known: number }> {
  const counts = { added: 0, known: 0 };
  await inTurns(items, async (some) => {
    const { added, known } = await store.addItems(projectId, some);
    counts.added += added;
    counts.known += known;
  });
  return counts;
}

/** Reads a file of a layout into a project of the store: items, and judgments where the layout holds them. */
export function importText(
  store: FeedbackStore,
  { id: projectId, questions }: Project,
  { layout, fileName, text }: { readonly layout: string; readonly fileName: string; readonly text: string },
): Promise<ResponseOf<'POST /api/projects/{project}/items'>> {
  return inTemporaryFolder(async (folder) => {
    const path = join(folder, `upload${extname(basename(fileName)) || '.jsonl'}`);
    await writeFile(path, text);
    const out = join(folder, 'project');
    const summary = await importLayout({ layout, path, out, projectId, durable: false });
    const rejects =
      summary.rejected === 0
        ? []
        : (await readFile(join(out, 'rejected.jsonl'), 'utf8'))
            .split('\n')
            .filter((line) => line !== '')
            .slice(0, MOST_REJECTS)
            .map((line) => JSON.parse(line) as { line: number; field: string; reason: string });
    const rejected = rejects.map(({ line, field, reason }) => ({ line, field, reason }));
    if (lostEveryJudgment(summary)) throw new ApiError(400, 'judgments', lostText(summary));
    if (summary.items === 0) return { items: 0, judgments: 0, rejected, rejectedCount: summary.rejected };
    const { items, judgments: read, raters } = await readProject(out);
    // Before anything is stored: a judgment belongs to a question of the form, by name or by its kind.
    const judgments = read.map((judgment) => {
      const question = questionOf(questions, judgment);
      if (question === undefined)
        throw new ApiError(
          400,
          'form',
          `the file holds answers of kind ${judgment.answer.kind}, which the form does not ask; add a question`,
        );
      return { ...judgment, questionId: question.id };
    });
    const { added } = await addInTurns(store, projectId, items);
    const known = new Set<string>();
    for await (const { id } of store.raters(projectId)) known.add(id);
    const profiles = new Map(raters.map((profile) => [profile.id, profile]));
    for (const { raterId } of judgments) {
      if (!known.has(raterId) && !profiles.has(raterId)) profiles.set(raterId, { id: raterId, kind: 'human' });
    }
    await inTurns([...profiles.values()], (some) => store.putRaters(projectId, some));
    await inTurns(judgments, (some) =>
      Promise.all(some.map((judgment) => store.submit({ type: 'judgment', judgment }))),
    );
    return { items: added, judgments: judgments.length, rejected, rejectedCount: summary.rejected };
  });
}

/** Writes a project in a layout, as one file of a folder. */
export async function exportFile(
  store: FeedbackStore,
  projectId: string,
  { folder, layout, now, format }: { folder: string; layout: string; now: () => string; format?: string | undefined },
): Promise<{ path: string; name: string }> {
  const project = join(folder, 'project');
  await saveProjectFolder(store, projectId, project);
  const out = join(folder, 'out');
  const target = format === undefined ? out : join(out, `${layout}.${format}`);
  await exportLayout({ project, layout, out: target, now, durable: false });
  const names = (await readdir(out)).filter((name) => name !== 'croissant.json');
  if (names.length !== 1)
    throw new UsageError('export', `layout ${layout} is a folder of files; export it in a terminal`);
  return { path: join(out, names[0]!), name: `${projectId}-${names[0]}` };
}
