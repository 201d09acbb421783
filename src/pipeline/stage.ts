import { rmSync } from 'node:fs';
import { z } from 'zod';
import { NumericsError, type RunRecord } from '../run/index.ts';
import { onPath } from '../run/node.ts';
import type { PipelineConfig } from './config.ts';
import { type Digests, digestsOf, sameDigests } from './digests.ts';
import { inRound, type RunContext } from './run-context.ts';

/** Stands among the inputs of a stage for the data that a run reads from outside. */
export const DATA = 'data';
/** Stands among the outputs of a stage that trains for its rows in `metrics.jsonl`. */
const METRICS = 'metrics.jsonl#rows';

/** A step of a run. It reads files and writes files; everything that it gives the next one is on disk. */
export interface Stage {
  /** As in records and curves; a round before the last adds its own name. */
  readonly name: string;
  /** Files and folders of the run that it depends on, relative to the run folder, and `DATA`. */
  reads(context: RunContext): readonly string[];
  /** Files and folders that it makes. A folder stands for every file in it. */
  writes(context: RunContext): readonly string[];
  run(context: RunContext): Promise<void>;
  /** Removes what a training keeps for going on, once it is done. */
  tidy?(context: RunContext): void;
  /** Removes every checkpoint: the training starts anew, from other inputs. */
  forget?(context: RunContext): void;
  /** What to change when its numbers overflow; left out where no key of the configuration mends that. */
  advice?(config: PipelineConfig): string | undefined;
}

export const stageRecordSchema = z.object({
  name: z.string(),
  inputs: z.record(z.string(), z.string()),
  outputs: z.record(z.string(), z.string()),
});
export type StageRecord = z.infer<typeof stageRecordSchema>;

/** How a stage of a round is called in records, progress and curves. */
export const nameInRound = (context: Pick<RunContext, 'config' | 'round'>, name: string): string =>
  inRound(context, name);

/** The last record of a stage of one type, where there is one. */
function lastRecord(records: readonly RunRecord[], type: string, name: string): Partial<StageRecord> | undefined {
  return records
    .filter((record) => record.type === type)
    .map((record) => stageRecordSchema.partial().safeParse(record.body).data)
    .findLast((body) => body?.name === name);
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

function outputsOf(context: RunContext, name: string, files: readonly string[]): Digests {
  const rows = context.metrics.digestOf(name);
  return { ...digestsOf(context.folder, files), ...(rows !== undefined && { [METRICS]: rows }) };
}

/** Digests of the outputs that a record names, as they stand now. */
export const outputsNow = (
  place: Pick<RunContext, 'folder' | 'metrics'>,
  { name, outputs }: StageRecord,
): Digests => {
  const files = Object.keys(outputs).filter((file) => file !== METRICS);
  const rows = place.metrics.digestOf(name);
  return { ...digestsOf(place.folder, files), ...(rows !== undefined && { [METRICS]: rows }) };
};

function inputsOf(context: RunContext, stage: Stage): Digests {
  const reads = stage.reads(context);
  const files = digestsOf(
    context.folder,
    reads.filter((file) => file !== DATA),
  );
  return { ...files, ...(reads.includes(DATA) && { [DATA]: context.source.digest }) };
}

/** Forgets what a stage made from other inputs: half a training on other data is no start. */
function startAnew(context: RunContext, stage: Stage, name: string): void {
  for (const file of stage.writes(context)) {
    const path = `${context.folder}/${file}`;
    onPath(path, () => rmSync(path, { recursive: true, force: true }));
  }
  stage.tidy?.(context);
  stage.forget?.(context);
  context.metrics.drop(name);
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
  const inputs = inputsOf(context, stage);
  const finished = finishedStages(log.records).get(name);
  const same = finished !== undefined && sameDigests(finished.inputs, inputs);
  if (same && sameDigests(finished.outputs, outputsNow(context, finished))) {
    // A kill may have come between the record and the tidying.
    stage.tidy?.(context);
    return;
  }
  const begun = lastRecord(log.records, 'stage-begun', name)?.inputs;
  if (begun !== undefined && !sameDigests(begun, inputs)) startAnew(context, stage, name);
  if (begun === undefined || !sameDigests(begun, inputs)) log.append('stage-begun', { name, inputs });
  try {
    await stage.run(context);
  } catch (error) {
    throw error instanceof NumericsError ? advised(error, stage, context) : error;
  }
  log.append('stage', { name, inputs, outputs: outputsOf(context, name, stage.writes(context)) } satisfies StageRecord);
  stage.tidy?.(context);
}
