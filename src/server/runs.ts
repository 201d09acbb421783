import type { Item } from '../feedback/index.ts';
import type { ReceivedBy, ResponseOf } from './contract/index.ts';

/** A run's status as the Studio tells it. */
export type RunRow = ResponseOf<'GET /api/runs'>['runs'][number];
/** A run as its folder tells it; what was erased since is the store's to say. */
type Detail = Omit<ResponseOf<'GET /api/runs/{run}'>, 'erased'>;
/** A question about the policy of a run. */
export type RunAsk = Detail['asks'][number];

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
   * Starts a process on a configuration, or on a project by a recipe; refuses one that is not valid, or that reads a project
   * which is not the caller's, with a `UsageError`.
   */
  start(
    wanted: ReceivedBy<'POST /api/runs'>['body'],
    options: { readonly mayRead: (projectId: string) => boolean },
  ): Promise<string>;
  /**
   * Has the policy of a finished run reply to prompts in a process of its own; `add` stores what it said. Gives the question's
   * id as soon as it is asked.
   */
  ask(
    run: string,
    wanted: Pick<RunAsk, 'prompts' | 'replies' | 'split' | 'seed' | 'project'>,
    add: (items: readonly Item[]) => Promise<{ readonly added: number; readonly known: number }>,
  ): Promise<string>;
  /** Asks the process of a run to end; nothing acknowledged is lost. False when none is running. */
  stop(run: string): Promise<boolean>;
  resume(run: string): Promise<void>;
  /** Deletes the folder of a run for good; refuses one whose process is running. */
  remove(run: string): Promise<void>;
  verify(run: string): Promise<Omit<ResponseOf<'POST /api/runs/{run}/verify'>, 'ok'>>;
  series(run: string): Promise<ResponseOf<'GET /api/runs/{run}/series'>['series']>;
  /** The run's report; null before there is one. */
  report(run: string): Promise<ResponseOf<'GET /api/runs/{run}/report'>['document']>;
  samples(run: string): Promise<ResponseOf<'GET /api/runs/{run}/samples'>['samples']>;
  findings(run: string): Promise<ResponseOf<'GET /api/runs/{run}/findings'>['findings']>;
  disclosure(run: string): Promise<ResponseOf<'GET /api/runs/{run}/disclosure'>>;
  /** What a run's disclosure says that an earlier one's did not. */
  changes(run: string, since: string): Promise<ResponseOf<'GET /api/runs/{run}/disclosure/changes'>['document']>;
  /** The whole run as one packed archive; undefined where it is not sealed. */
  archive(run: string): Promise<RunFile | undefined>;
  /** Undefined for what is not there; paths that leave the run's folder are not there. */
  file(run: string, path: string): Promise<RunFile | undefined>;
  /** Ends the processes that are still running. */
  close(): Promise<void>;
}
