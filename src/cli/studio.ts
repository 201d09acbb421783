import { join } from 'node:path';
import { createNotifier, createStudio, hashSecret, listen, newSecret, sealerOf } from '../server/node.ts';
import { type FeedbackStore, openStore } from '../store/index.ts';
import { containedFile } from './contained-file.ts';
import { now, packageRoot, VERSION } from './environment.ts';
import { createImportProcesses } from './import-process.ts';
import { createReaderThread } from './reader-thread.ts';
import { createRunReaderThread } from './run-reader-thread.ts';
import { createRunService } from './run-service.ts';
import { secretsKey } from './store-access.ts';

export interface RunningStudio {
  readonly url: string;
  readonly store: FeedbackStore;
  /** Where the first owner is created; null once there is one. */
  readonly setupUrl: string | null;
  close(): Promise<void>;
}

/** The composition root of the Studio: here, and only here, the store is chosen. */
export async function startStudio(options: {
  /** File or postgres:// URL; made where there is none. */
  readonly store: string;
  /** Folder of runs. */
  readonly runs: string;
  readonly port: number;
  /** Proxies whose word about the caller's address is believed; names under which browsers reach this Studio. */
  readonly proxies?: readonly string[];
  readonly hosts?: readonly string[];
  readonly report: (id: string, error: unknown) => void;
}): Promise<RunningStudio> {
  const store = await openStore(options.store, { create: true, now, busy: true, secretsKey: secretsKey() });
  const { accounts } = store;
  const setupToken = newSecret();
  const reader = createReaderThread(options.store);
  const notify = createNotifier({ accounts, now, report: options.report });
  const runs = createRunService({
    folder: options.runs,
    reader: createRunReaderThread(options.runs),
    store: options.store,
    notify,
  });
  const importer = createImportProcesses(options.store);
  const app = createStudio({
    store,
    accounts,
    reader,
    importer,
    sealer: await sealerOf(accounts),
    now,
    version: VERSION,
    setupTokenHash: hashSecret(setupToken),
    pageFile: (path) => containedFile(join(packageRoot, 'dist/studio'), path),
    report: options.report,
    runs,
    notify,
    ...(options.proxies !== undefined && { proxies: options.proxies }),
    ...(options.hosts !== undefined && { hosts: options.hosts }),
  });
  const { url, close } = await listen(app, options.port);
  const first = (await accounts.accounts()).length === 0;
  return {
    url,
    store,
    setupUrl: first ? `${url}setup/${setupToken}` : null,
    async close() {
      await importer.close();
      await close();
      await runs.close();
      await reader.close();
      await store.close();
    },
  };
}
