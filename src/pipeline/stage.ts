import { rmSync } from 'node:fs';
import { z } from 'zod';
import { NumericsError, type RunRecord } from '../run/index.ts';
import { onPath, pathWithin } from '../run/node.ts';
import type { PipelineConfig } from './config.ts';
import { type Digests, digestsOf, sameDigests } from './digests.ts';
import type { Remember } from './remember.ts';
import { inRound, type Place, type RunContext } from './run-context.ts';
import { historyDigest } from './run-history.ts';

/** Stands among the inputs of a stage for the data that a run reads from outside. */
export const DATA = 'data';
/** Stands among the inputs of a stage for what the records say of versions and declarations. */
export const HISTORY = 'history';
/** Stands among the outputs of a stage that trains for the rows of a curve in `metrics.jsonl`. */
export const METRICS_PREFIX = 'metrics.jsonl#';

/** Where a stage reads and writes, and what the run recorded. */
export type StagePlace = Place & Pick<RunContext, 'metrics' | 'log'>;

/** A run as a verifier has it: its files, and what was computed of the same files before. */
export type VerifiedPlace = StagePlace & { readonly remember: Remember };

/** A step of a run. It reads files and writes files; everything that it gives the next one is on disk. */
export interface Stage {
  /** As in records and curves; a round before the last adds its own name. */
  readonly name: string;
  /** Files and folders of the run that it depends on, relative to the run folder, `DATA` and `HISTORY`. */
  reads(place: Place): readonly string[];
  /** Files and folders that it makes. A folder stands for every file in it. */
  writes(place: Place): readonly string[];
  /** Curves that it appends to `metrics.jsonl`; none where it does not train. */
  curves?(place: Place): readonly string[];
  run(context: RunContext): Promise<void>;
  /** What of its outputs follows from files alone, made again beside what is stored: a verifier compares the two. */
  recompute?(place: VerifiedPlace): Promise<readonly Recomputed[]>;
  /** Removes what a training keeps for going on, once it is done. */
  tidy?(context: RunContext): void;
  /** Removes every checkpoint: the training starts anew, from other inputs. */
  forget?(context: RunContext): void;
  /** What to change when its numbers overflow; left out where no key of the configuration mends that. */
  advice?(config: PipelineConfig): string | undefined;
}

/** What a file must hold by its sources as they are now. */
export interface Recomputed {
  /** Relative to the run folder. */
  readonly file: string;
  /** Of JSON Lines, the rows; null where there must be no such file. */
  readonly again: unknown;
}

export const stageRecordSchema = z.strictObject({
  name: z.string(),
  inputs: z.record(z.string(), z.string()),
  outputs: z.record(z.string(), z.string()),
});
export type StageRecord = z.infer<typeof stageRecordSchema>;
export const begunSchema = stageRecordSchema.pick({ name: true, inputs: true });

/** How a stage of a round is called in records, progress and curves. */
export const nameInRound = (context: Pick<RunContext, 'config' | 'round'>, name: string): string =>
  inRound(context, name);

/** The inputs with which a stage was last begun. */
function begunWith(records: readonly RunRecord[], name: string): Digests | undefined {
  return records
    .filter((record) => record.type === 'stage-begun')
    .map((record) => begunSchema.safeParse(record.body).data)
    .findLast((body) => body?.name === name)?.inputs;
}

/** What stages finished and with which files: the last record of each. */
export function finishedStages(records: readonly RunRecord[]): Map<string, StageRecord> {
  const finished = new Map<string, StageRecord>();
  for (const record of records) {
    if (record.type !== 'stage') continue;
    const body = stageRecordSchema.safeParse(record.body).data;
    if (body !== undefined) finished.set(body.name, body);
  }
  return finished;
}

function outputsOf(
  { folder, metrics }: Pick<StagePlace, 'folder' | 'metrics'>,
  files: readonly string[],
  curves: readonly string[],
): Digests {
  const rows = curves.flatMap((curve) => {
    const digest = metrics.digestOf(curve);
    return digest === undefined ? [] : [[`${METRICS_PREFIX}${curve}`, digest] as const];
  });
  return { ...digestsOf(folder, files), ...Object.fromEntries(rows) };
}

/** Digests of the outputs that a record names, as they stand now. */
export function outputsNow(place: Pick<StagePlace, 'folder' | 'metrics'>, { outputs }: StageRecord): Digests {
  const names = Object.keys(outputs);
  const curves = names
    .filter((name) => name.startsWith(METRICS_PREFIX))
    .map((name) => name.slice(METRICS_PREFIX.length));
  return outputsOf(
    place,
    names.filter((name) => !name.startsWith(METRICS_PREFIX)),
    curves,
  );
}

/** Digests of the inputs of a stage, as they stand now. */
function inputsOf(place: StagePlace, stage: Stage, data: string): Digests {
  const reads = stage.reads(place);
  const files = digestsOf(
    place.folder,
    reads.filter((file) => file !== DATA && file !== HISTORY),
  );
  return {
    ...files,
    ...(reads.includes(DATA) && { [DATA]: data }),
    ...(reads.includes(HISTORY) && { [HISTORY]: historyDigest(place.log.records) }),
  };
}

/** What the record of a stage says that leaves the files as they are now. `data` is the digest of the data. */
export function recordNow(place: StagePlace, stage: Stage, data: string): StageRecord {
  const outputs = outputsOf(place, stage.writes(place), stage.curves?.(place) ?? []);
  return { name: nameInRound(place, stage.name), inputs: inputsOf(place, stage, data), outputs };
}

/** Records that a stage is done, with what it read and wrote. */
export function recordStage(place: StagePlace, stage: Stage, inputs: Digests): void {
  place.log.append('stage', { ...recordNow(place, stage, ''), inputs } satisfies StageRecord);
}

/** Records anew a stage whose files were made again from files of the run alone. */
export const recordAgain = (place: StagePlace, stage: Stage): void =>
  recordStage(place, stage, inputsOf(place, stage, ''));

/** Forgets what a stage made from other inputs: half a training on other data is no start. */
function startAnew(context: RunContext, stage: Stage): void {
  for (const file of stage.writes(context)) {
    // Nothing is removed but what lies in the run, whatever its files say that it holds.
    const path = pathWithin(context.folder, file);
    if (path !== undefined) onPath(path, () => rmSync(path, { recursive: true, force: true }));
  }
  stage.tidy?.(context);
  stage.forget?.(context);
  for (const curve of stage.curves?.(context) ?? []) context.metrics.drop(curve);
}

/** Forgets what a training said where that was altered: it has to be said again. */
function dropAltered({ metrics }: RunContext, { outputs }: StageRecord): void {
  for (const [name, digest] of Object.entries(outputs)) {
    if (!name.startsWith(METRICS_PREFIX)) continue;
    const curve = name.slice(METRICS_PREFIX.length);
    if (metrics.digestOf(curve) !== digest) metrics.drop(curve);
  }
}

function advised(error: NumericsError, stage: Stage, context: RunContext): NumericsError {
  // A ratio off one means that sampler and trainer disagree; no step size brings them together.
  const advice = error.tensor === 'ratio' ? undefined : stage.advice?.(context.config);
  const next = advice === undefined ? '' : `; ${advice} and run into a new folder`;
  return new NumericsError(error.tensor, `${error.detail} while training (${stage.name})${next}`, error);
}

/**
 * Runs a stage unless the log says that it finished, from the same inputs and with the outputs that are there now. The record
 * is written last: a stage that was interrupted, or whose files were damaged, runs again, from its own checkpoints where its
 * inputs are still the same.
 */
export async function runStage(context: RunContext, stage: Stage): Promise<void> {
  const name = nameInRound(context, stage.name);
  const { log } = context;
  const before = inputsOf(context, stage, context.source.digest);
  const finished = finishedStages(log.records).get(name);
  const same = finished !== undefined && sameDigests(finished.inputs, before);
  if (same && sameDigests(finished.outputs, outputsNow(context, finished))) {
    // A kill may have come between the record and the tidying.
    stage.tidy?.(context);
    return;
  }
  context.beforeWork();
  // It may have recorded other versions, which a stage that tells the history reads.
  const inputs = stage.reads(context).includes(HISTORY) ? { ...before, [HISTORY]: historyDigest(log.records) } : before;
  if (same) dropAltered(context, finished);
  const begun = begunWith(log.records, name);
  if (begun !== undefined && !sameDigests(begun, inputs)) startAnew(context, stage);
  if (begun === undefined || !sameDigests(begun, inputs)) log.append('stage-begun', { name, inputs });
  try {
    await stage.run(context);
  } catch (error) {
    throw error instanceof NumericsError ? advised(error, stage, context) : error;
  }
  recordStage(context, stage, inputs);
  stage.tidy?.(context);
}
