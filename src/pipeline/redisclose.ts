import type { Declaration, Disclosure } from '../disclosure/index.ts';
import { requireRun } from '../disclosure/index.ts';
import { sealRun } from '../disclosure/node.ts';
import { diskFolder, openRecordLog } from '../run/node.ts';
import { checkDeclarations } from './declarations.ts';
import { openMetricsLog } from './metrics-log.ts';
import { publication } from './publish.ts';
import { RUN_FILES, readRunJson } from './run-folder.ts';
import { RECORD_TYPES } from './run-history.ts';
import { loadResults } from './run-results.ts';
import { recordAgain } from './stage.ts';
import { publish, writePublication } from './stages/publish.ts';
import { requireSound } from './verify-run.ts';

/**
 * Publishes a finished run anew, with more declarations, and seals it again. The records say what was added, so that they
 * tell every seal that the run had.
 */
export async function redisclose(
  folder: string,
  options: { readonly declarations: Readonly<Record<string, Declaration>>; readonly now: () => string },
): Promise<{ readonly disclosure: Disclosure; readonly seal: string }> {
  const { declarations, now } = options;
  requireRun(diskFolder(folder));
  await requireSound(folder);
  const run = readRunJson(folder);
  const { config } = run;
  const results = await loadResults({ config, folder });
  // Before anything is written: a statement that contradicts the evidence changes nothing.
  checkDeclarations(declarations, results.data.digest);
  const metrics = openMetricsLog(`${folder}/${RUN_FILES.metrics}`);
  const training = metrics.rowsOf('policy');
  const log = openRecordLog(`${folder}/${RUN_FILES.records}`, now);
  try {
    const added = { type: RECORD_TYPES.disclosed, body: { declarations } };
    const records = [...log.records, added];
    const made = publication(folder, { run, results, records, training });
    log.append(added.type, added.body);
    writePublication(folder, made);
    recordAgain({ folder, config, round: config.rounds, log, metrics }, publish);
    return { disclosure: made.disclosure, seal: sealRun(folder) };
  } finally {
    log.close();
  }
}
