import type { Worker } from 'node:worker_threads';
import { UsageError } from '../run/index.ts';
import { startThread } from '../run/node.ts';
import type { MadeFile, Page, ProjectReader } from '../server/index.ts';
import type { ReaderAnswer, ReaderRequest } from './reader-worker.ts';

/** Megabytes of objects: a million judgments take about one gigabyte. */
const HEAP_MB = 8192;

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

/** A reader in a thread, started when first asked; should the thread end, the next call starts another. */
export function createReaderThread(store: string): ProjectReader {
  let started: { worker: Worker; waiting: Map<number, Waiting> } | undefined;
  let last = 0;
  const start = () => {
    const worker = startThread(import.meta.url, 'reader-worker', {
      workerData: { store },
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
    });
    const waiting = new Map<number, Waiting>();
    // It must not keep the process alive; whoever waits is kept by their own connection.
    worker.unref();
    const end = (error: Error) => {
      if (started?.worker === worker) started = undefined;
      for (const { reject } of waiting.values()) reject(error);
      waiting.clear();
    };
    worker.on('message', (answer: ReaderAnswer) => {
      const call = waiting.get(answer.id);
      waiting.delete(answer.id);
      if ('value' in answer) call?.resolve(answer.value as never);
      else if ('usage' in answer) call?.reject(new UsageError(answer.usage.code, answer.usage.message));
      else call?.reject(new Error(answer.error));
    });
    worker.on('error', end);
    worker.on('exit', () => end(new Error('the thread that reads projects ended; ask again')));
    return { worker, waiting };
  };
  const ask = <T>(request: (id: number) => ReaderRequest): Promise<T> => {
    started ??= start();
    const { worker, waiting } = started;
    last += 1;
    const id = last;
    return new Promise<T>((resolve, reject) => {
      waiting.set(id, { resolve, reject });
      worker.postMessage(request(id));
    });
  };
  return {
    page: (page, projectId, query) => ask<Page | undefined>((id) => ({ id, page, projectId, query: query as never })),
    file: (projectId, file) => ask<MadeFile | undefined>((id) => ({ id, projectId, file })),
    async close() {
      await started?.worker.terminate();
      started = undefined;
    },
  };
}
