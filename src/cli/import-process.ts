import { DataError, UsageError } from '../run/index.ts';
import { type CarriedError, revivedError, startProcess } from '../run/node.ts';
import type { ImportAnswer, Importer, ImportJob } from '../server/node.ts';
import { childEnvironment } from './child-environment.ts';

/** What the process is told. Over its own channel: an address of a store with a password does not belong on a command line. */
export interface ImportOrder {
  readonly store: string;
  readonly job: ImportJob;
}
/** What it says: that all was read and found good and is now being written, and how it ended. */
export type ImportNews =
  | { readonly checked: true }
  | { readonly answer: ImportAnswer }
  | { readonly error: CarriedError };

/** What reading one file may take: memory of the heap, and time on a machine that is busy with other things. */
export const IMPORT_BOUNDS = { heapMb: 1024, readMs: 300_000 };

/** How V8 ends a process without memory where systems have no signal for it. */
const OUT_OF_MEMORY = 134;

const stopped = () => new UsageError('stopped', 'the file was not added: reading it was stopped; send it again');

/**
 * Adds files in processes of their own, bounded in memory and in time until all of a file was read and found good. From
 * then on what is written is small pieces of what is known to be whole, to their end, even where the server is gone.
 * `from` stands beside the module of the process: this file, or as tests have it the compiled one, which starts faster.
 */
export function createImportProcesses(
  store: string,
  { from = import.meta.url, ...given }: Partial<typeof IMPORT_BOUNDS> & { readonly from?: string } = {},
): Importer {
  const bounds = { ...IMPORT_BOUNDS, ...given };
  const running = new Set<{ stop(): void; readonly ended: Promise<unknown> }>();
  const run = (job: ImportJob, signal: AbortSignal): Promise<ImportAnswer> => {
    const child = startProcess(from, 'import-child', { heapMb: bounds.heapMb, env: childEnvironment() });
    let [reading, ending] = [true, undefined as Error | undefined];
    let news: ImportNews | undefined;
    const stop = (reason: Error) => {
      if (!reading) return;
      ending ??= reason;
      child.kill('SIGKILL');
    };
    const onAbort = () => stop(stopped());
    const seconds = bounds.readMs / 1000;
    const late = setTimeout(
      () => stop(new DataError('time', `expected a file that is read in ${seconds} s, got a longer one; split it`)),
      bounds.readMs,
    );
    const answer = new Promise<ImportAnswer>((resolve, reject) => {
      child.on('message', (told: ImportNews) => {
        if (!('checked' in told)) news = told;
        reading = false;
        clearTimeout(late);
        // What it may write, it writes only when it was not stopped before.
        if ('checked' in told && child.connected) child.send({ write: true });
      });
      child.on('error', (error) => reject(error));
      child.on('exit', (code, signal) => {
        if (news !== undefined && 'answer' in news) resolve(news.answer);
        else if (news !== undefined && 'error' in news) reject(revivedError(news.error));
        else if (ending !== undefined) reject(ending);
        else if (reading && (signal !== null || code === OUT_OF_MEMORY)) {
          const want = `expected a file that is read within ${bounds.heapMb} MB of memory`;
          reject(new DataError('memory', `${want}, got one that takes more; split it`));
        } else
          reject(new Error(`the process that adds a file to the store ended with ${signal ?? code}; send it again`));
      });
    }).finally(() => {
      clearTimeout(late);
      signal.removeEventListener('abort', onAbort);
    });
    signal.addEventListener('abort', onAbort);
    if (signal.aborted) onAbort();
    child.send({ store, job } satisfies ImportOrder, (error) => {
      if (error !== null) stop(error);
    });
    const entry = { stop: onAbort, ended: answer.catch(() => {}) };
    running.add(entry);
    void entry.ended.then(() => running.delete(entry));
    return answer;
  };
  return {
    add: run,
    async close() {
      for (const { stop } of running) stop();
      await Promise.all([...running].map(({ ended }) => ended));
    },
  };
}
