import { parentPort, workerData } from 'node:worker_threads';
import { EngineError, GoodhartError, NumericsError } from '../run/index.ts';
import { Backend } from './backend.ts';
import type { EngineSettings } from './sessions.ts';

/** The worker's side: calls by name, one after another, answered with a value or an error as data. */
export interface Call {
  readonly id: number;
  readonly method: string;
  readonly args: readonly unknown[];
}

export interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: {
    name: string;
    code: string;
    message: string;
    tensor?: string;
    step?: number | undefined;
    operator?: string | undefined;
    stack?: string;
  };
}

const port = parentPort;
if (port === null) throw new EngineError('worker', 'worker.ts runs as a worker thread only');
const backend = new Backend(workerData as EngineSettings);
let queue: Promise<void> = Promise.resolve();

port.on('message', (call: Call) => {
  queue = queue.then(async () => {
    try {
      const method = backend[call.method as keyof Backend] as (...args: readonly unknown[]) => Promise<unknown>;
      port.postMessage({ id: call.id, value: await method.apply(backend, [...call.args]) } satisfies Answer);
    } catch (error) {
      const { name, message, stack } = error as Error;
      const code = error instanceof GoodhartError ? error.code : 'engine';
      const where =
        error instanceof NumericsError ? { tensor: error.tensor, step: error.step, operator: error.operator } : {};
      port.postMessage({
        id: call.id,
        error: { name, code, message, ...where, ...(stack && { stack }) },
      } satisfies Answer);
    }
  });
});
