/** The process that adds one file to a project: what a file takes of memory and time, it takes here. */
import { rmSync } from 'node:fs';
import { setPriority } from 'node:os';
import { closeObjectPrototype, UsageError } from '../run/index.ts';
import { carryError } from '../run/node.ts';
import { ApiError, importJob } from '../server/node.ts';
import { openStore } from '../store/index.ts';
import type { ImportNews, ImportOrder } from './import-process.ts';

// It reads what anybody sent: nothing of that gets into every object.
closeObjectPrototype();
// Judging comes before imports where both want the same core.
setPriority(10);

let folder: string | undefined;
let writing = false;
// The server is gone: what was only being read is dropped, what is being written goes on to its end.
process.on('disconnect', () => {
  if (writing) return;
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  process.exit(1);
});
const say = (news: ImportNews) =>
  new Promise<void>((resolve) => {
    if (!process.connected) resolve();
    else process.send!(news, undefined, undefined, () => resolve());
  });

async function add({ store: place, job }: ImportOrder): Promise<ImportNews> {
  folder = job.folder;
  const store = await openStore(place);
  try {
    const answer = await importJob(store, job, async () => {
      // The server says the word, so that what it has stopped is never written.
      const allowed = new Promise((resolve) => process.once('message', resolve));
      await say({ checked: true });
      await allowed;
      writing = true;
    });
    return { answer };
  } catch (error) {
    // A refusal of the server's own, as one that can be told over the channel.
    return { error: carryError(error instanceof ApiError ? new UsageError(error.code, error.message) : error) };
  } finally {
    await store.close();
  }
}

process.once('message', async (order: ImportOrder) => {
  await say(await add(order));
  // Where the server is gone, nobody else removes it.
  if (!process.connected) rmSync(order.job.folder, { recursive: true, force: true });
  else process.disconnect();
});
