import type { CarriedError } from '../run/node.ts';
import { revivedError, startThread, threadCalls } from '../run/node.ts';
import type { Outcome } from './batches.ts';
import type { Connection } from './connection.ts';
import type { Operation, OperationResult, RunBatch } from './operations.ts';
import { openSqlite } from './sqlite.ts';

/** What the thread of batches is asked, and how outcomes come back. */
export interface ThreadBatch {
  readonly projectId: string;
  readonly operations: readonly Operation[];
}
export type CarriedOutcome = { readonly value: OperationResult } | { readonly error: CarriedError };

/**
 * A SQLite store of a process that has more to do than to write: batches run in a thread of their own, and another one
 * moves what was committed from the log into the file, so that no writer waits for that.
 */
export async function openBusySqlite(
  path: string,
  options: { readonly create: boolean; readonly now: () => string },
): Promise<{ readonly connection: Connection; readonly runBatch: RunBatch }> {
  const connection = await openSqlite(path, { ...options, logElsewhere: true });
  const batches = threadCalls<ThreadBatch | 'close'>(
    () => startThread(import.meta.url, 'batch-worker', { workerData: { path } }),
    () => new Error('the thread that writes to the store ended; submit again with the same idempotency key'),
  );
  const mover = startThread(import.meta.url, 'checkpoint-worker', { workerData: { path } });
  const moved = new Promise<void>((resolve) => mover.once('exit', () => resolve()));
  // Without it the log grows until commits move it themselves.
  mover.on('error', () => {});
  mover.unref();
  let used = false;
  return {
    runBatch: async (operations, { projectId }) => {
      used = true;
      const outcomes = await batches.call<readonly CarriedOutcome[] | undefined>({ projectId, operations });
      return outcomes?.map(
        (outcome): Outcome<OperationResult> => ('error' in outcome ? { error: revivedError(outcome.error) } : outcome),
      );
    },
    connection: {
      ...connection,
      async close() {
        if (used) await batches.call('close');
        await batches.terminate();
        mover.ref();
        mover.postMessage('close');
        await moved;
        await connection.close();
      },
    },
  };
}
