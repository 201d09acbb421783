import { mkdirSync } from 'node:fs';
import type { Engine } from '../engine/index.ts';
import { type Checkpoints, type CheckpointsOptions, rollingCheckpoints } from '../engine/node.ts';
import type { Progress } from '../run/index.ts';
import { onPath, type RecordLog, writeFileAtomic, writeJson } from '../run/node.ts';
import type { PipelineConfig } from './config.ts';
import type { MetricsLog } from './metrics-log.ts';
import type { Source, SourceAccess } from './sources/index.ts';

/** Who computes what: the policy and the reward may be on different engines. */
export interface RunEngines {
  /** Base model and policy: sampling, log-probabilities, training. */
  readonly policy: Engine;
  /** Reward models with a scalar head. */
  readonly reward: Engine;
}

/** What every stage of a run works with. */
export interface RunContext {
  readonly config: PipelineConfig;
  readonly folder: string;
  /** Counted from 1; files of rounds before the last lie below `rounds/<round>/`. */
  readonly round: number;
  readonly source: Source;
  readonly access: SourceAccess;
  readonly engines: RunEngines;
  readonly progress: Progress;
  /** A line for the person at the terminal: something was not as it should be, and the run goes on. */
  readonly warn: (line: string) => void;
  readonly log: RecordLog;
  readonly metrics: MetricsLog;
  readonly cache: string;
  readonly now: () => string;
  /** Called before a stage computes something: the records then say with which versions. */
  readonly beforeWork: () => void;
}

/** What places files: the run's configuration and the round that is meant. */
export type Place = Pick<RunContext, 'config' | 'folder' | 'round'>;

/** Where a round's file lies, relative to the run folder: the last round's at the top, where runs of one round have theirs. */
export const inRound = ({ config, round }: Pick<Place, 'config' | 'round'>, file: string): string =>
  round === config.rounds ? file : `rounds/${round}/${file}`;

/** Path of a file of the context's round. */
export const pathIn = (place: Place, file: string): string => `${place.folder}/${inRound(place, file)}`;

/** The context of another round of the same run. */
export const atRound = <C extends Pick<Place, 'round'>>(context: C, round: number): C => ({ ...context, round });

/**
 * Checkpoints of a training of this run; one that cannot be used is said and recorded. `prefix` is relative to the round. None
 * is gone on from that lies beyond what `curve` says of the training: the steps between would be missing there.
 */
export function checkpointsOf<State>(
  context: Place & Pick<RunContext, 'warn' | 'log' | 'metrics'>,
  prefix: string,
  { curve, ...options }: { readonly curve: string } & Omit<CheckpointsOptions<State>, 'warn'>,
): Checkpoints<State> {
  const warn = (line: string) => {
    context.warn(line);
    context.log.append('checkpoint-passed-over', { line });
  };
  const checkpoints = rollingCheckpoints<State>(pathIn(context, prefix), { ...options, warn });
  return {
    ...checkpoints,
    resume: (model, { upTo = Number.POSITIVE_INFINITY } = {}) =>
      checkpoints.resume(model, { upTo: Math.min(upTo, context.metrics.lastStep(curve)) }),
  };
}

const parentOf = (path: string) => path.slice(0, path.lastIndexOf('/'));

/** Writes JSON into the round's files, making folders as needed. */
export function writeRunJson(place: Place, file: string, value: unknown): void {
  const path = pathIn(place, file);
  onPath(path, () => mkdirSync(parentOf(path), { recursive: true }));
  writeJson(path, value);
}

/** Writes JSON Lines into the round's files. */
export const writeRunLines = (place: Place, file: string, rows: readonly unknown[]): void =>
  writeFileAtomic(pathIn(place, file), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));

/** Numbers that JSON has no name for become null, undefined goes: what is computed is what stands in its file. */
export const withoutNaN = <T>(value: T): T =>
  JSON.parse(JSON.stringify(value, (_, v) => (typeof v === 'number' && !Number.isFinite(v) ? null : v))) as T;
