import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportLayout } from '../exchange/node.ts';
import type { AnswerChoice } from '../feedback/index.ts';
import { UsageError } from '../run/index.ts';
import { type FeedbackStore, saveProjectFolder } from '../store/index.ts';

/** Lends a folder that is gone afterwards. */
export async function inTemporaryFolder<T>(effect: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'goodhart-exchange-'));
  try {
    return await effect(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Writes a project in a layout, as one file of a folder. */
export async function exportFile(
  store: FeedbackStore,
  projectId: string,
  {
    folder,
    layout,
    now,
    format,
    answers,
  }: {
    readonly folder: string;
    readonly layout: string;
    readonly now: () => string;
    readonly format?: string | undefined;
    readonly answers?: AnswerChoice | undefined;
  },
): Promise<{ path: string; name: string }> {
  const project = join(folder, 'project');
  await saveProjectFolder(store, projectId, project);
  const out = join(folder, 'out');
  const target = format === undefined ? out : join(out, `${layout}.${format}`);
  await exportLayout({ project, layout, out: target, now, durable: false, ...(answers !== undefined && { answers }) });
  const names = (await readdir(out)).filter((name) => name !== 'croissant.json');
  if (names.length !== 1)
    throw new UsageError('export', `layout ${layout} is a folder of files; export it in a terminal`);
  return { path: join(out, names[0]!), name: `${projectId}-${names[0]}` };
}
