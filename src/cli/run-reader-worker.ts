/** A thread that reads and verifies runs: what it computes, and what it waits for, holds up nobody who judges. */
import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { answerCalls } from '../run/node.ts';
import { createRunReader, type RunReader } from './run-reader.ts';

export interface RunRequest {
  readonly method: Exclude<keyof RunReader, 'close'>;
  readonly args: readonly string[];
}

// On Linux a priority is a thread's own: judging comes before runs where both want the same core.
if (process.platform === 'linux') setPriority(10);

const reader = createRunReader((workerData as { folder: string }).folder);

answerCalls<RunRequest, unknown>(parentPort!, ({ method, args }) =>
  (reader[method] as (...given: readonly string[]) => Promise<unknown>)(...args),
);
