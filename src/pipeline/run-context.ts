import { existsSync, mkdirSync, statSync } from 'node:fs';
import type { Engine } from '../engine/index.ts';
import { type Checkpoints, rollingCheckpoints } from '../engine/node.ts';
import { NumericsError, type Progress } from '../run/index.ts';
import { digestFile, filesBelow, onPath, type RecordLog, writeJson } from '../run/node.ts';
import type { PipelineConfig } from './config.ts';

/** What every stage of a run works with. */
export interface RunContext {
  readonly config: PipelineConfig;
  readonly folder: string;
  readonly engine: Engine;
  readonly progress: Progress;
  /** A line for the person at the terminal: something was not as it should be, and the run goes on. */
  readonly warn: (line: string) => void;
  readonly log: RecordLog;
  readonly cache: string;
  readonly now: () => string;
}

export const pathIn = (context: RunContext, file: string): string => `${context.folder}/${file}`;

/** Checkpoints of a training of this run; one that cannot be used is said and recorded. */
export function checkpointsOf<State>(context: RunContext, prefix: string): Checkpoints<State> {
  const warn = (line: string) => {
    context.warn(line);
    context.log.append('checkpoint-passed-over', { line });
  };
  return rollingCheckpoints<State>(pathIn(context, prefix), { warn });
}

/** Writes JSON into the run folder, making folders as needed. */
export function writeRunJson(context: RunContext, file: string, value: unknown): void {
  const path = pathIn(context, file);
  onPath(path, () => mkdirSync(path.slice(0, path.lastIndexOf('/')), { recursive: true }));
  writeJson(path, value);
}

/**
 * Runs a stage unless the log says that it finished and its files still have the recorded digests; a folder stands for every
 * file in it. The record is written last: a stage that was interrupted, or whose files were damaged, runs again from its start,
 * or from its own checkpoints.
 */
export async function stage(
  context: RunContext,
  name: string,
  files: readonly string[],
  run: () => Promise<void>,
): Promise<void> {
  const finished = context.log.records.findLast(
    (record) => record.type === 'stage' && (record.body as { name: string }).name === name,
  );
  const recorded = Object.entries((finished?.body as { files: Record<string, string> } | undefined)?.files ?? {});
  const intact =
    finished !== undefined &&
    files.every((file) => recorded.some(([name]) => name === file || name.startsWith(`${file}/`))) &&
    recorded.every(
      ([file, digest]) => existsSync(pathIn(context, file)) && digestFile(pathIn(context, file)).sha256 === digest,
    );
  if (intact) return;
  try {
    await run();
  } catch (error) {
    if (!(error instanceof NumericsError)) throw error;
    const advice = `lower ${name}.learningRate and run into a new folder`;
    throw new NumericsError(error.tensor, `${error.detail} while training (${name}); ${advice}`, error);
  }
  const written = files.flatMap((file) =>
    statSync(pathIn(context, file)).isDirectory()
      ? filesBelow(pathIn(context, file)).map((name) => `${file}/${name}`)
      : [file],
  );
  const digests = Object.fromEntries(written.map((file) => [file, digestFile(pathIn(context, file)).sha256]));
  context.log.append('stage', { name, files: digests });
}
