import { mkdirSync } from 'node:fs';
import { isIP } from 'node:net';
import { dirname, join } from 'node:path';
import { onPath } from '../run/node.ts';
import {
  createNotifier,
  createStudio,
  hashSecret,
  listen,
  newSecret,
  sealerOf,
  sendAnywhere,
  sendFenced,
} from '../server/node.ts';
import { type FeedbackStore, openStore } from '../store/index.ts';
import { containedFile } from './contained-file.ts';
import { now, packageRoot, VERSION } from './environment.ts';
import { createImportProcesses } from './import-process.ts';
import { createReaderThread } from './reader-thread.ts';
import { createRunReaderThread } from './run-reader-thread.ts';
import { createRunService, type FollowedRuns } from './run-service.ts';
import { secretsKey } from './store-access.ts';

export interface RunningStudio {
  readonly url: string;
  readonly store: FeedbackStore;
  readonly runs: FollowedRuns;
  /** Where the first owner is created; null once there is one. */
  readonly setupUrl: string | null;
  close(): Promise<void>;
}

/** Whether a store is that of a server, and no file. */
const isAddress = (store: string): boolean => /^\w+:\/\//.test(store);

/** Whether others than this machine reach a Studio: then forms must not lead to what only this machine may see. */
const isReached = ({ host, origins }: { readonly host: string; readonly origins: readonly string[] }): boolean =>
  !/^(127\.|::1$)/.test(host) || origins.length > 0;

/** The composition root of the Studio: here, and only here, the store is chosen. */
export async function startStudio(options: {
  /** File or postgres:// URL; made where there is none. */
  readonly store: string;
  /** Folder of runs. */
  readonly runs: string;
  readonly port: number;
  /** Address to listen on; the loopback interface without. */
  readonly host?: string;
  /** Where browsers reach this Studio, beside the loopback interface: `https://studio.example.org`. */
  readonly origins?: readonly string[];
  /** Proxies whose word about the caller's address is believed. */
  readonly proxies?: readonly string[];
  /** Private networks that webhooks and endpoints may be in, where others reach this Studio. */
  readonly allowPrivate?: readonly string[];
  readonly report: (id: string, error: unknown) => void;
}): Promise<RunningStudio> {
  // The first start finds nothing there yet.
  for (const folder of [options.runs, ...(isAddress(options.store) ? [] : [dirname(options.store)])])
    onPath(folder, () => mkdirSync(folder, { recursive: true }));
  const store = await openStore(options.store, { create: true, now, busy: true, secretsKey: secretsKey() });
  const { accounts } = store;
  const setupToken = newSecret();
  const reader = createReaderThread(options.store);
  const { host = '127.0.0.1', origins = [] } = options;
  const fenced = isReached({ host, origins });
  const send = fenced ? sendFenced(options.allowPrivate ?? []) : sendAnywhere;
  const notify = createNotifier({ accounts, now, report: options.report, send });
  const runs = createRunService({
    folder: options.runs,
    reader: createRunReaderThread(options.runs),
    store: options.store,
    notify,
    fenced,
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
    send,
    ...(options.proxies !== undefined && { proxies: options.proxies }),
    origins,
    ...(isIP(host) !== 0 && host !== '0.0.0.0' && host !== '::' && { hosts: [isIP(host) === 6 ? `[${host}]` : host] }),
  });
  const { url, close } = await listen(app, options.port, host);
  const first = (await accounts.accounts()).length === 0;
  return {
    url,
    store,
    runs,
    setupUrl: first ? new URL(`setup/${setupToken}`, origins[0] ?? url).href : null,
    async close() {
      await importer.close();
      await close();
      await runs.close();
      await reader.close();
      await store.close();
    },
  };
}
