/**
 * The thread that reads whole projects: it has connections of its own to the store, so that neither its computing nor its
 * waiting holds up the server. Errors travel as what can be told of them.
 */
import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { UsageError } from '../run/index.ts';
import { createProjectReader, type MadeFile, type Page, type PageName, type WantedFile } from '../server/index.ts';
import { openStore } from '../store/index.ts';

export type ReaderRequest = { readonly id: number; readonly projectId: string } & (
  | { readonly page: PageName; readonly query: never }
  | { readonly file: WantedFile }
);
export type ReaderAnswer = { readonly id: number } & (
  | { readonly value: Page | MadeFile | undefined }
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

port.on('message', async (request: ReaderRequest) => {
  const { id, projectId } = request;
  try {
    const reader = await reading;
    const value =
      'page' in request
        ? await reader.page(request.page, projectId, request.query)
        : await reader.file(projectId, request.file);
    const moved = value !== undefined && 'json' in value ? [value.json.buffer] : [];
    port.postMessage({ id, value } satisfies ReaderAnswer, moved);
  } catch (error) {
    const answer: ReaderAnswer =
      error instanceof UsageError
        ? { id, usage: { code: error.code, message: error.message } }
        : { id, error: (error as Error).stack ?? String(error) };
    port.postMessage(answer);
  }
});
