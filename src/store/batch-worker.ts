/** The thread that runs batches on a store. */
import { parentPort, workerData } from 'node:worker_threads';
import { answerCalls, carryError } from '../run/node.ts';
import type { CarriedOutcome, ThreadBatch } from './busy.ts';
import { connect } from './open.ts';
import { batchRunner } from './operations.ts';

const { url } = workerData as { url: string };
const opening = connect(url, { busy: true });
// A store that does not open is told to whoever asks.
opening.catch(() => {});
const running = opening.then(batchRunner);
running.catch(() => {});

answerCalls<ThreadBatch | 'close', readonly CarriedOutcome[] | undefined>(parentPort!, async (request) => {
  if (request === 'close') {
    await (await opening).close();
    return undefined;
  }
  const run = await running;
  const outcomes = await run(request.operations, request.projectId);
  return outcomes?.map((outcome) => ('error' in outcome ? { error: carryError(outcome.error) } : outcome));
});
