import { startThread, threadCalls } from '../run/node.ts';
import type { MadeFile, Page, ProjectReader } from '../server/index.ts';
import type { ReaderRequest } from './reader-worker.ts';

/** Megabytes of objects: a million judgments take about one gigabyte. */
const HEAP_MB = 8192;

/** A reader in a thread. */
export function createReaderThread(store: string): ProjectReader {
  const thread = threadCalls<ReaderRequest>(
    () =>
      startThread(import.meta.url, 'reader-worker', {
        workerData: { store },
        resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
      }),
    () => new Error('the thread that reads projects ended; ask again'),
  );
  return {
    page: (page, projectId, query) => thread.call<Page | undefined>({ page, projectId, query: query as never }),
    file: (projectId, file) => thread.call<MadeFile | undefined>({ projectId, file }),
    close: () => thread.end(),
  };
}
