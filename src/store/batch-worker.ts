/**
 * The thread that runs batches on a SQLite store: a commit waits for the disk within the call, and whoever calls does
 * nothing else meanwhile.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { answerCalls, carryError } from '../run/node.ts';
import type { CarriedOutcome, ThreadBatch } from './busy-sqlite.ts';
import { runBatch } from './operations.ts';
import { openSqlite } from './sqlite.ts';
import { projectParser } from './values.ts';

const { path } = workerData as { path: string };
const opening = openSqlite(path, { create: false, now: () => new Date().toISOString(), logElsewhere: true });
// A store that does not open is told to whoever asks.
opening.catch(() => {});
const parserOf = projectParser();

answerCalls<ThreadBatch | 'close', readonly CarriedOutcome[] | undefined>(parentPort!, async (request) => {
  const connection = await opening;
  if (request === 'close') {
    await connection.close();
    return undefined;
  }
  const { projectId, operations } = request;
  const outcomes = await runBatch(connection, operations, { projectId, parse: parserOf(projectId) });
  return outcomes?.map((outcome) => ('error' in outcome ? { error: carryError(outcome.error) } : outcome));
});
