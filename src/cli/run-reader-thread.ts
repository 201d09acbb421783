import { UsageError } from '../run/index.ts';
import { startThread, threadCalls } from '../run/node.ts';
import type { RunReader } from './run-reader.ts';
import type { RunRequest } from './run-reader-worker.ts';

/** Megabytes of objects: a folder that needs more ends the thread, and not the server. */
const HEAP_MB = 4096;

/** A reader of runs in a thread of its own. */
function readerThread(folder: string): RunReader {
  const thread = threadCalls<RunRequest>(
    () =>
      startThread(import.meta.url, 'run-reader-worker', {
        workerData: { folder },
        resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
      }),
    () => new UsageError('runs', 'the thread that reads runs ended; ask again'),
  );
  return {
    list: () => thread.call({ method: 'list', args: [] }),
    has: (run) => thread.call({ method: 'has', args: [run] }),
    projectOf: (run) => thread.call({ method: 'projectOf', args: [run] }),
    detail: (run) => thread.call({ method: 'detail', args: [run] }),
    config: (run) => thread.call({ method: 'config', args: [run] }),
    verify: (run) => thread.call({ method: 'verify', args: [run] }),
    series: (run) => thread.call({ method: 'series', args: [run] }),
    report: (run) => thread.call({ method: 'report', args: [run] }),
    samples: (run) => thread.call({ method: 'samples', args: [run] }),
    findings: (run) => thread.call({ method: 'findings', args: [run] }),
    disclosure: (run) => thread.call({ method: 'disclosure', args: [run] }),
    changes: (run, since) => thread.call({ method: 'changes', args: [run, since] }),
    archive: (run) => thread.call({ method: 'archive', args: [run] }),
    file: (run, path) => thread.call({ method: 'file', args: [run, path] }),
    close: () => thread.end(),
  };
}

/** Minutes that verifying may take in the Studio: a folder may be a stranger's, and the next run waits. A quickstart takes seconds. */
const VERIFY_MINUTES = 10;

/** A reader of runs in threads: one for the pages and one that verifies, which may take minutes. */
export function createRunReaderThread(
  folder: string,
  { verifyMs = VERIFY_MINUTES * 60_000 }: { readonly verifyMs?: number } = {},
): RunReader {
  const [pages, verifier] = [readerThread(folder), readerThread(folder)];
  /** Whoever asks for the same run while it is verified gets the same answer. */
  const verifying = new Map<string, ReturnType<RunReader['verify']>>();
  return {
    ...pages,
    // Packs for as long as verifying takes.
    archive: verifier.archive,
    verify(run) {
      const known = verifying.get(run);
      if (known !== undefined) return known;
      let isLate = false;
      const end = setTimeout(() => {
        isLate = true;
        void verifier.close();
      }, verifyMs);
      const asked = verifier
        .verify(run)
        .catch((error: unknown) => {
          if (!isLate) throw error;
          const limit = `${Math.ceil(verifyMs / 60_000)} minutes`;
          throw new UsageError('verify', `run ${run}: not verified within ${limit}; goodhart verify has no such bound`);
        })
        .finally(() => {
          clearTimeout(end);
          verifying.delete(run);
        });
      verifying.set(run, asked);
      return asked;
    },
    async close() {
      await Promise.all([pages.close(), verifier.close()]);
    },
  };
}
