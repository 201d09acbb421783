import { findLayout, type LayoutId, NO_SHARED_START } from '../../exchange/index.ts';
import { readLayout, readProject, rejectText } from '../../exchange/node.ts';
import { DataError } from '../../run/index.ts';
import type { PipelineConfig } from '../config.ts';
import { judgedSource } from './judged.ts';
import type { Source } from './source.ts';

/** Rows that are sound and hold nothing to compare; every other row that cannot be read ends the run. */
const NOTHING_TO_JUDGE: Partial<Record<LayoutId, readonly string[]>> = { 'hh-rlhf': [NO_SHARED_START] };

/** A file or folder of any layout that `goodhart import` reads. */
export async function importSource(
  config: PipelineConfig,
  { format, path, columns, holdout, answers }: Extract<PipelineConfig['data'], { layout: 'import' }>,
): Promise<Source> {
  const options = { projectId: config.name, seed: config.seed, holdout, answers, where: path };
  const { id } = findLayout(format);
  // A folder of this project's own has raters and a history, which rows of items and judgments have not.
  if (id === 'project') return judgedSource(await readProject(path), options);
  const { items, judgments, rejected, lost } = await readLayout({
    layout: id,
    path,
    projectId: config.name,
    rename: new Map(Object.entries(columns)),
  });
  // Judgments that the file has and the data will not: said with what was skipped.
  const skipped = new Map<string, number>(Object.entries(lost));
  for (const row of rejected) {
    if (!(NOTHING_TO_JUDGE[id] ?? []).includes(row.reason))
      throw new DataError('row', `${rejectText(row)}; mend or drop the row`);
    skipped.set(row.reason, (skipped.get(row.reason) ?? 0) + 1);
  }
  const opened = { project: null, items, raters: [], judgments, records: null };
  return judgedSource(opened, { ...options, skipped: Object.fromEntries(skipped) });
}
