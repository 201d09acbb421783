import { existsSync } from 'node:fs';
import { runAudit } from '../audit/index.ts';
import {
  type Check,
  linesWithheld,
  notRecomputable,
  openCheck,
  type WithheldLines,
  withheldLines,
} from '../disclosure/index.ts';
import { type Reader, verifyRun } from '../disclosure/node.ts';
import {
  CheckError,
  canonicalJson,
  differenceAt,
  GoodhartError,
  own,
  parseJson,
  type RunRecord,
} from '../run/index.ts';
import {
  diskFolder,
  linesOfFile,
  readJson,
  readJsonOf,
  readRecords,
  requireRegularFiles,
  strangersBelow,
} from '../run/node.ts';
import { sameDigests } from './digests.ts';
import { openMetricsLog } from './metrics-log.ts';
import { createMemory, type Remember } from './remember.ts';
import { RUN_FILES, readRunJson } from './run-folder.ts';
import { historyDigest, isHistory } from './run-history.ts';
import {
  finishedStages,
  HISTORY,
  type Recomputed,
  recordNow,
  type StagePlace,
  type StageRecord,
  type VerifiedPlace,
} from './stage.ts';
import { dataSummarySchema } from './stages/data.ts';
import { type Planned, planOf } from './stages/index.ts';
import { fileChecks, metricsCheck } from './verify-files.ts';
import { historyChecks, runJsonFault } from './verify-history.ts';

/** The largest file of rows that is compared whole. */
const LINES_BYTES = 512 * 1024 * 1024;

const shown = (value: unknown): string => {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
};

/** Where two values first differ, as a JSON pointer, with what stands there in each. */
function difference(stored: unknown, again: unknown): string {
  const keys = differenceAt(again, stored);
  const at = (value: unknown) => keys.reduce<unknown>((here, key) => own(here as object, key), value);
  const pointer = keys.map((key) => `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
  return `${pointer || 'the file'}: ${shown(at(stored))}, but its sources give ${shown(at(again))}`;
}

/** What stands in a file, as it was written: a schema would pass over what it does not know. */
function standing(path: string): unknown {
  if (!existsSync(path)) return null;
  if (!path.endsWith('.jsonl')) return readJson(path);
  return linesOfFile(path, LINES_BYTES)
    .filter((line) => line.trim() !== '')
    .map((line) => parseJson(line));
}

/** Rows but for those that are withheld, of a file that is shown in part. */
const shownRows = (value: unknown, hidden: ReadonlySet<number>): unknown =>
  Array.isArray(value) ? value.filter((_, i) => !hidden.has(i + 1)) : value;

/** Compares what stands in a file with what its sources give now: all that is shown of it. */
function compare(folder: string, made: Recomputed, withheld: WithheldLines): Check & { readonly file: string } {
  const { file } = made;
  const hidden = new Set(withheld.get(file));
  if (hidden.has(0)) return { file, ...openCheck(`${file} recomputed`, notRecomputable(1)) };
  const stored = shownRows(standing(`${folder}/${file}`), hidden);
  const again = shownRows(made.again, hidden);
  const text = JSON.stringify(again);
  const due = JSON.parse(text) as unknown;
  // Nearly always the order is the same too.
  const ok = JSON.stringify(stored) === text || canonicalJson(stored) === canonicalJson(due);
  return {
    file,
    name: `${file} recomputed`,
    ok,
    detail: ok
      ? hidden.size === 0
        ? 'same numbers'
        : `same rows; ${hidden.size} withheld`
      : `differs at ${difference(stored, due)}`,
  };
}

/**
 * Path of the withheld row, or of the file withheld as a whole, that somebody could not read; undefined for any other fault. An
 * error begins with its place (`file:line:`): of its other words a stranger may have written some.
 */
function withheldPlace(folder: string, error: unknown, withheld: WithheldLines): string | undefined {
  if (!(error instanceof GoodhartError)) return undefined;
  const begins = (place: string) => error.message.startsWith(`${folder}/${place}:`);
  const found = [...withheld].find(([path, lines]) =>
    lines.some((line) => begins(line === 0 ? path : `${path}:${line}`)),
  );
  return found?.[0];
}

/** Of an error that no reader foresaw: the files do not belong together, or this program has a defect. */
const UNFIT = 'cannot be made again from its sources, which do not fit together';

async function attempt(
  name: string,
  run: () => Promise<readonly Check[]>,
  { folder, withheld }: { readonly folder: string; readonly withheld: WithheldLines },
): Promise<readonly Check[]> {
  try {
    return await run();
  } catch (error) {
    const path = withheldPlace(folder, error, withheld);
    return path === undefined
      ? [{ name, ok: false, detail: error instanceof GoodhartError ? error.message : UNFIT }]
      : [openCheck(name, notRecomputable(linesWithheld(withheld, [path])))];
  }
}

/** The run as its folder tells it; nothing is written. */
function placeOf(folder: string, remember: Remember): VerifiedPlace {
  const { config } = readRunJson(folder);
  const records: readonly RunRecord[] = readRecords(`${folder}/${RUN_FILES.records}`).records;
  const log = {
    records,
    append: () => {
      throw new Error('a verifier writes no records');
    },
    close: () => {},
  };
  const metrics = openMetricsLog(`${folder}/${RUN_FILES.metrics}`);
  return { folder, config, round: config.rounds, log, metrics, remember };
}

/** A stage of the run, with the record that its files call for. */
type PlannedRecord = Planned<VerifiedPlace> & { readonly now: StageRecord };

/** Whether every stage of the run is in its records, with the files that it reads and writes as they are there. */
function recordChecks(place: StagePlace, planned: readonly PlannedRecord[]): Check[] {
  const { records } = place.log;
  const finished = finishedStages(records);
  /** Withheld records of stages behind the last one that is shown of a stage: one of them may be a later one of it. */
  const hiddenBehind = (name: string) => {
    const last = records.findLast(({ type, body }) => type === 'stage' && (body as { name?: string })?.name === name);
    return records.filter(
      ({ type, seq, bodyDigest }) => type === 'stage' && bodyDigest !== undefined && seq > (last?.seq ?? -1),
    ).length;
  };
  return planned.map(({ now }): Check => {
    const record = finished.get(now.name);
    const sameOutputs = record !== undefined && sameDigests(record.outputs, now.outputs);
    const ok = sameOutputs && sameDigests(record.inputs, now.inputs);
    const bodies = ok ? 0 : hiddenBehind(now.name);
    if (bodies > 0) return openCheck(`stage ${now.name}`, notRecomputable(bodies));
    const detail = ok
      ? 'its files are those of the record'
      : record === undefined
        ? 'no record'
        : sameOutputs
          ? 'what it read differs from it'
          : 'files differ from it';
    return { name: `stage ${now.name}`, ok, detail };
  });
}

/** How many rows are withheld of files, and of files in folders. */
const withheldBelow = (withheld: WithheldLines, places: readonly string[]): number =>
  linesWithheld(
    withheld,
    [...withheld.keys()].filter((path) => places.some((place) => place === path || path.startsWith(`${place}/`))),
  );

/** How many rows are withheld of what a stage reads; of the log those that tell the run's history, where it tells that. */
function withheldOfStage(stage: PlannedRecord['stage'], own: VerifiedPlace, withheld: WithheldLines): number {
  const reads = stage.reads(own);
  const history = own.log.records.filter(({ type, bodyDigest }) => bodyDigest !== undefined && isHistory(type));
  return withheldBelow(withheld, reads) + (reads.includes(HISTORY) ? history.length : 0);
}

/** What each stage made, made again; nothing is made of what did not follow from its own sources. */
async function stageChecks(
  place: VerifiedPlace,
  planned: readonly PlannedRecord[],
  withheld: WithheldLines,
): Promise<Check[]> {
  const checks: Check[] = [];
  const wrong = new Set<string>();
  // A stage knows of nothing that later ones write.
  const files: Record<string, string> = {};
  const { config, log, remember } = place;
  const told = [config, readRunJson(place.folder), historyDigest(log.records)];
  for (const { stage, place: own, now } of planned) {
    Object.assign(files, now.outputs);
    const { recompute } = stage;
    if (recompute === undefined) continue;
    const hidden = withheldOfStage(stage, own, withheld);
    if (hidden > 0) {
      checks.push(...stage.writes(own).map((file) => openCheck(`${file} recomputed`, notRecomputable(hidden))));
      continue;
    }
    const again = () =>
      remember(['stage', stage.name, own.round, told, files], async () =>
        (await recompute(own)).map((made) => compare(place.folder, made, withheld)),
      );
    const rests = stage.reads(own).find((file) => wrong.has(file));
    const made =
      rests === undefined
        ? await attempt(`${stage.writes(own)[0]} recomputed`, again, { folder: place.folder, withheld })
        : stage
            .writes(own)
            .map((file) => ({ file, name: `${file} recomputed`, ok: false, detail: `rests on ${rests}` }));
    checks.push(...made.map(({ file: _, ...check }: Check & { file?: string }) => check));
    for (const file of made.every(({ ok }) => ok) ? [] : stage.writes(own)) wrong.add(file);
  }
  return checks;
}

/** What a run's own files say of it; with `but`, not of that stage, which is to be made anew. */
async function runChecks(folder: string, { remember, but }: { remember: Remember; but?: string }): Promise<Check[]> {
  const fault = runJsonFault({ folder });
  const place = placeOf(folder, remember);
  const withheld = withheldLines(diskFolder(folder));
  const { digest } = readJsonOf(`${folder}/${RUN_FILES.data}`, dataSummarySchema);
  const every = planOf(place).map((row) => ({ ...row, now: recordNow(row.place, row.stage, digest) }));
  const planned = every.filter(({ stage }) => stage.name !== but);
  const parts: readonly (readonly [string, () => Promise<readonly Check[]>])[] = [
    [
      RUN_FILES.run,
      async () => [{ name: RUN_FILES.run, ok: fault === undefined, detail: fault ?? 'understood whole' }],
    ],
    [
      'files',
      () =>
        fileChecks(
          place,
          every.map(({ now }) => now),
          withheld,
        ),
    ],
    [RUN_FILES.records, async () => [...recordChecks(place, planned), ...historyChecks(place)]],
    [RUN_FILES.metrics, async () => [metricsCheck(place)]],
    ['numbers', () => stageChecks(place, planned, withheld)],
  ];
  const checks: Check[] = [];
  for (const [name, part] of parts) checks.push(...(await attempt(name, part, { folder, withheld })));
  return checks;
}

/**
 * Refuses a run folder that is not what a run left there: nobody publishes it anew and puts a seal under it. What is
 * published may differ, for that is made again.
 */
export async function requireSound(folder: string): Promise<void> {
  requireRegularFiles(folder);
  const checks = await runChecks(folder, { remember: createMemory(), but: 'publish' });
  const fault = checks.find(({ ok }) => !ok);
  if (fault === undefined) return;
  throw new CheckError('sound', `${folder}: ${fault.name}: ${fault.detail}; goodhart verify tells all`);
}

/**
 * Verifies a run of this pipeline offline: everything `verifyRun` checks, that its records tell one whole run with the files
 * that are there and no others, and all that follows from other files of the folder, computed again stage by stage. What only
 * the models themselves can tell again (what a policy says, log-probabilities, scores of a network) is held by its digest.
 * `reader` is what whoever verifies knows from elsewhere: keys, certificates, a digest that was published.
 * Whoever verifies many folders that differ in little gives the same `remember` to all.
 */
export async function verifyPipelineRun(
  folder: string,
  { remember = createMemory(), reader = {} }: { readonly remember?: Remember; readonly reader?: Reader } = {},
): Promise<Check[]> {
  const audit = (...[evidence, options]: Parameters<typeof runAudit>) =>
    remember(['findings', evidence, options.seed, options.params], () => runAudit(evidence, options));
  const checks = await verifyRun(folder, { audit, reader });
  // What is no file of a run is not read.
  if (strangersBelow(folder).length > 0) return checks;
  return [
    ...checks,
    ...(await attempt(RUN_FILES.run, () => runChecks(folder, { remember }), { folder, withheld: new Map() })),
  ];
}

/** What is wrong with a folder itself, whoever signed it; undefined where nothing is. */
export const faultOf = (checks: readonly Check[]): Check | undefined =>
  checks.find(({ ok, aspect }) => !ok && aspect !== 'origin');

/** Refuses a sealed folder that does not hold together: nobody signs it, passes it on or quotes it. */
export async function requireHolds(folder: string): Promise<void> {
  const fault = faultOf(await verifyPipelineRun(folder));
  if (fault !== undefined)
    throw new CheckError('sound', `${folder}: ${fault.name}: ${fault.detail}; goodhart verify tells all`);
}
