import { parentPort, workerData } from 'node:worker_threads';
import { EngineError, GoodhartError } from '../run/index.ts';
import { answerCalls } from '../run/node.ts';
import { Backend } from './backend.ts';
import type { Call } from './channel.ts';
import type { EngineSettings } from './sessions.ts';

/** The worker's side: calls by name, one after another. */
if (parentPort === null) throw new EngineError('worker', 'worker.ts runs as a worker thread only');
const backend = new Backend(workerData as EngineSettings);
let before: Promise<unknown> = Promise.resolve();

answerCalls<Call, unknown>(parentPort, ({ method, args }) => {
  const answer = before.then(async () => {
    try {
      const run = backend[method as keyof Backend] as (...values: readonly unknown[]) => Promise<unknown>;
      return await run.apply(backend, [...args]);
    } catch (error) {
      if (error instanceof GoodhartError) throw error;
      const { message, stack } = error as Error;
      throw Object.assign(new EngineError('engine', message, { cause: error }), { stack });
    }
  });
  before = answer.catch(() => {});
  return answer;
});
