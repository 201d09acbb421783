import { type ChildProcess, spawn } from 'node:child_process';
import { setPriority } from 'node:os';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import type { Progress } from '../run/index.ts';
import { childEnvironment } from './child-environment.ts';

/** Unix niceness of a run's process: it takes what judging (0) and reports (10) leave. Windows has steps of its own near it. */
const TRAINING_PRIORITY = 19;

const progressSchema = z.object({
  type: z.literal('progress'),
  stage: z.string(),
  done: z.number(),
  total: z.number(),
  unit: z.string(),
  metrics: z.record(z.string(), z.number()).optional(),
});
export type ChildProgress = Pick<z.output<typeof progressSchema>, 'stage' | 'done' | 'total' | 'unit'>;

const jsonOf = (line: string): unknown => {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
};

/** A command of ours in a process of its own, as the Studio watches it. */
export interface WatchedProcess {
  readonly child: ChildProcess;
  /** What it said last of how far it is. */
  progress(): ChildProgress | null;
  /** Asks it to end; what it acknowledged is kept. */
  stop(): void;
  readonly stopping: () => boolean;
}

/** How a process ended; `last` is the last line that it wrote for people, '' where it wrote none. */
export interface Ending {
  readonly code: number | null;
  readonly last: string;
}

/**
 * Starts a command with `--json` among its arguments. It knows of the environment what is named (`childEnvironment`), and the
 * store in a variable: an address with a password in it does not belong on a command line, which everybody on a machine may read.
 */
export function watchProcess(
  command: readonly string[],
  options: {
    /** Where the projects are, for a command that reads or writes them. */
    readonly store?: string | undefined;
    /** How far it is, as soon as it says so. */
    readonly onProgress?: Progress;
    /** A line of JSON that says something else than progress. */
    readonly onResult?: (value: unknown) => void;
    /** Once, when it has ended or could not begin. */
    readonly onEnd: (ending: Ending) => void;
  },
): WatchedProcess {
  const { store, onProgress, onResult, onEnd } = options;
  const [program, ...args] = command as [string, ...string[]];
  const env = childEnvironment();
  if (store !== undefined) env.GOODHART_STORE = store;
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], cwd: process.cwd(), env, shell: false });
  // Judging comes before training where both want the same core; threads of the run take this over.
  if (child.pid !== undefined) setPriority(child.pid, TRAINING_PRIORITY);
  let progress: ChildProgress | null = null;
  let stopping = false;
  createInterface({ input: child.stdout! }).on('line', (line) => {
    const value = jsonOf(line);
    const parsed = progressSchema.safeParse(value);
    if (parsed.success) {
      const { type: _, metrics, ...rest } = parsed.data;
      progress = rest;
      onProgress?.({ ...rest, ...(metrics !== undefined && { metrics }) });
    } else if (value !== undefined) onResult?.(value);
  });
  let last = '';
  createInterface({ input: child.stderr! }).on('line', (line) => {
    if (line.trim() !== '') last = line;
  });
  let ended = false;
  const end = (ending: Ending) => {
    if (!ended) onEnd(ending);
    ended = true;
  };
  child.on('error', (error) => end({ code: null, last: error.message }));
  child.on('close', (code) => end({ code, last }));
  return {
    child,
    progress: () => progress,
    stopping: () => stopping,
    stop() {
      stopping = true;
      child.kill('SIGINT');
    },
  };
}

/** Resolves when a process is gone. */
export const gone = ({ child }: Pick<WatchedProcess, 'child'>): Promise<unknown> =>
  child.exitCode !== null || child.signalCode !== null || child.pid === undefined
    ? Promise.resolve()
    : new Promise((done) => child.once('close', done));
