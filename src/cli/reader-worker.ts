/**
 * The thread that reads whole projects: it has connections of its own to the store, so that neither its computing nor its
 * waiting holds up the server.
 */
import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { answerCalls } from '../run/node.ts';
import type { MadeFile, Page, PageName, WantedFile } from '../server/index.ts';
import { createProjectReader } from '../server/node.ts';
import { openStore } from '../store/index.ts';
import { previewProject } from './run-recipes.ts';

export type ReaderRequest = { readonly projectId: string } & (
  | { readonly page: PageName; readonly query: never }
  | { readonly file: WantedFile }
);

// On Linux a priority is a thread's own: judging comes before reports where both want the same core.
if (process.platform === 'linux') setPriority(10);

const opening = openStore((workerData as { store: string }).store);
const reading = opening.then((store) =>
  createProjectReader({ store, accounts: store.accounts, previewRun: previewProject }, () => performance.now()),
);
// A store that does not open is told to whoever asks.
reading.catch(() => {});

answerCalls<ReaderRequest, Page | MadeFile | undefined>(
  parentPort!,
  async (request) => {
    const reader = await reading;
    const { projectId } = request;
    return 'page' in request
      ? reader.page(request.page, projectId, request.query)
      : reader.file(projectId, request.file);
  },
  (value) => (value !== undefined && 'json' in value ? [value.json.buffer] : []),
);
