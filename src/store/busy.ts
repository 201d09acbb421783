import type { CarriedError } from '../run/node.ts';
import { revivedError, startThread, threadCalls } from '../run/node.ts';
import type { Outcome } from './batches.ts';
import type { Connection } from './connection.ts';
import type { Operation, OperationResult, RunBatch } from './operations.ts';

/** What the thread of batches is asked, and how outcomes come back. */
export interface ThreadBatch {
  readonly projectId: string;
  readonly operations: readonly Operation[];
}
export type CarriedOutcome = { readonly value: OperationResult } | { readonly error: CarriedError };

/**
 * Batches run in a thread with a connection of its own: neither the steps of a transaction nor, on SQLite, its commit wait
 * for whatever else the process does, nor the other way round.
 */
function batchThread(url: string): { readonly run: RunBatch; close(): Promise<void> } {
  const thread = threadCalls<ThreadBatch | 'close'>(
    () => startThread(import.meta.url, 'batch-worker', { workerData: { url } }),
    () => new Error('the thread that writes to the store ended; submit again with the same idempotency key'),
  );
  return {
    async run(operations, projectId) {
      const outcomes = await thread.call<readonly CarriedOutcome[] | undefined>({ projectId, operations });
      return outcomes?.map(
        (outcome): Outcome<OperationResult> => ('error' in outcome ? { error: revivedError(outcome.error) } : outcome),
      );
    },
    close: () => thread.end('close'),
  };
}

/** On SQLite a thread moves what was committed from the log into the file, so that no writer waits for that; ends it. */
function checkpointThread(path: string): () => Promise<void> {
  const thread = startThread(import.meta.url, 'checkpoint-worker', { workerData: { path } });
  const ended = new Promise<void>((resolve) => thread.once('exit', () => resolve()));
  // Without it the log grows until commits move it themselves.
  thread.on('error', () => {});
  thread.unref();
  return () => {
    thread.ref();
    thread.postMessage('close');
    return ended;
  };
}

/** A connection of a process that has more to do than to write, with the threads that it then has. */
export function withThreads(connection: Connection, url: string): { connection: Connection; runBatch: RunBatch } {
  const batches = batchThread(url);
  const endCheckpoints = connection.kind === 'sqlite' ? checkpointThread(connection.place) : undefined;
  return {
    runBatch: batches.run,
    connection: {
      ...connection,
      async close() {
        await batches.close();
        await endCheckpoints?.();
        await connection.close();
      },
    },
  };
}
