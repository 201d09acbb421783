import type { ResponseOf } from './contract/index.ts';

/** A run's status as the Studio tells it. */
export type RunRow = ResponseOf<'GET /api/runs'>['runs'][number];
type Detail = ResponseOf<'GET /api/runs/{run}'>;

/** A file of a run folder. */
export interface RunFile {
  readonly bytes: Uint8Array;
  readonly type: string;
}

/** Runs in a folder: reads what they wrote, and starts and stops their processes. Undefined is an unknown run. */
export interface RunService {
  list(): Promise<RunRow[]>;
  /** Whether there is such a run; cheaper than the list. */
  has(run: string): Promise<boolean>;
  detail(run: string): Promise<Detail | undefined>;
  recipes(): Promise<ResponseOf<'GET /api/recipes'>['recipes']>;
  /** The project whose judgments a run reads; null for none. */
  projectOf(run: string): Promise<string | null>;
  /**
   * Starts a process on a configuration; refuses one that is not valid, or that reads a project which is not the caller's,
   * with a `UsageError`.
   */
  start(
    yaml: string,
    set: readonly string[],
    options: { readonly mayRead: (projectId: string) => boolean },
  ): Promise<string>;
  /** Asks the process of a run to end; nothing acknowledged is lost. False when none is running. */
  stop(run: string): Promise<boolean>;
  resume(run: string): Promise<void>;
  verify(run: string): Promise<ResponseOf<'POST /api/runs/{run}/verify'>['checks']>;
  series(run: string): Promise<ResponseOf<'GET /api/runs/{run}/series'>['series']>;
  samples(run: string): Promise<ResponseOf<'GET /api/runs/{run}/samples'>['samples']>;
  findings(run: string): Promise<ResponseOf<'GET /api/runs/{run}/findings'>['findings']>;
  disclosure(run: string): Promise<ResponseOf<'GET /api/runs/{run}/disclosure'>>;
  /** Undefined for what is not there; paths that leave the run's folder are not there. */
  file(run: string, path: string): Promise<RunFile | undefined>;
  /** Ends the processes that are still running. */
  close(): Promise<void>;
}
