/**
 * The thread that reads whole projects: it has connections of its own to the store, so that neither its computing nor its
 * waiting holds up the server. Errors travel as what can be told of them.
 */
import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { UsageError } from '../run/index.ts';
import { createProjectReader, type Page, type PageName } from '../server/index.ts';
import { openStore } from '../store/index.ts';

export interface ReaderRequest {
  readonly id: number;
  readonly page: PageName;
  readonly projectId: string;
  readonly query: never;
}
export type ReaderAnswer = { readonly id: number } & (
  | { readonly page: Page | undefined }
  | { readonly usage: { readonly code: string; readonly message: string } }
  | { readonly error: string }
);

// On Linux a priority is a thread's own: judging comes before reports where both want the same core.
if (process.platform === 'linux') setPriority(10);

const port = parentPort!;
const opening = openStore((workerData as { store: string }).store);
const reading = opening.then((store) =>
  createProjectReader({ store, accounts: store.accounts }, () => performance.now()),
);
// A store that does not open is told to whoever asks.
reading.catch(() => {});

port.on('message', async ({ id, page, projectId, query }: ReaderRequest) => {
  try {
    const made = await (await reading).page(page, projectId, query);
    port.postMessage({ id, page: made } satisfies ReaderAnswer, made === undefined ? [] : [made.json.buffer]);
  } catch (error) {
    const answer: ReaderAnswer =
      error instanceof UsageError
        ? { id, usage: { code: error.code, message: error.message } }
        : { id, error: (error as Error).stack ?? String(error) };
    port.postMessage(answer);
  }
});
