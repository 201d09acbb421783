import { type Check, verifyRun } from '../disclosure/index.ts';
import { canonicalJson, type RunRecord } from '../run/index.ts';
import { readRecords, strangersBelow } from '../run/node.ts';
import { sameDigests } from './digests.ts';
import { openMetricsLog } from './metrics-log.ts';
import { RUN_FILES, readRunJson } from './run-folder.ts';
import { finishedStages, nameInRound, outputsNow, type Recomputed, type StagePlace } from './stage.ts';
import { planOf } from './stages/index.ts';

/** Compares what stands in a file with what its sources give now. */
function compare({ name, stored, again }: Recomputed): Check {
  const ok = canonicalJson(stored) === canonicalJson(JSON.parse(JSON.stringify(again)));
  return { name: `${name} recomputed`, ok, detail: ok ? 'same numbers' : 'other numbers than its sources give' };
}

async function attempt(name: string, run: () => Promise<readonly Check[]>): Promise<readonly Check[]> {
  try {
    return await run();
  } catch (error) {
    return [{ name, ok: false, detail: (error as Error).message }];
  }
}

/** The run as its folder tells it; nothing is written. */
function placeOf(folder: string): StagePlace {
  const { config } = readRunJson(folder);
  const records: readonly RunRecord[] = readRecords(`${folder}/${RUN_FILES.records}`).records;
  const log = {
    records,
    append: () => {
      throw new Error('a verifier writes no records');
    },
    close: () => {},
  };
  return { folder, config, round: config.rounds, log, metrics: openMetricsLog(`${folder}/${RUN_FILES.metrics}`) };
}

/** Whether every stage of the run is in its records, with the files that are there. */
function recordChecks(place: StagePlace): Check[] {
  const finished = finishedStages(place.log.records);
  return planOf(place).map(({ stage, place: own }): Check => {
    const name = nameInRound(own, stage.name);
    const record = finished.get(name);
    const ok = record !== undefined && sameDigests(record.outputs, outputsNow(own, record));
    const detail = ok
      ? 'its files are those of the record'
      : record === undefined
        ? 'no record'
        : 'files differ from it';
    return { name: `stage ${name}`, ok, detail };
  });
}

async function stageChecks(place: StagePlace): Promise<Check[]> {
  const checks: Check[] = [];
  for (const { stage, place: own } of planOf(place)) {
    const { recompute } = stage;
    if (recompute === undefined) continue;
    const name = nameInRound(own, stage.name);
    checks.push(...(await attempt(name, async () => (await recompute(own)).map(compare))));
  }
  return checks;
}

/**
 * Verifies a run of this pipeline offline: everything `verifyRun` checks, that the files are those that the records name, and
 * every number that follows from other files of the folder, computed again stage by stage. What only the model itself can tell
 * again (log-probabilities, scores, nats per token) is held by its digest.
 */
export async function verifyPipelineRun(folder: string): Promise<Check[]> {
  const checks = await verifyRun(folder);
  // What is no file of a run is not read.
  if (strangersBelow(folder).length > 0) return checks;
  return [
    ...checks,
    ...(await attempt('numbers', async () => {
      const place = placeOf(folder);
      return [...recordChecks(place), ...(await stageChecks(place))];
    })),
  ];
}
