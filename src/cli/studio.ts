import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createNotifier, createStudio, hashSecret, listen, newSecret, sealerOf } from '../server/index.ts';
import { type FeedbackStore, openStore } from '../store/index.ts';
import { now, packageRoot, VERSION } from './environment.ts';
import { createRunService } from './run-service.ts';

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
};

/** A file of the built pages; nothing outside their folder. */
export async function pageFile(path: string): Promise<{ bytes: Uint8Array; type: string } | undefined> {
  const root = join(packageRoot, 'dist/studio');
  const wanted = resolve(root, path);
  const type = TYPES[wanted.split('.').at(-1) ?? ''];
  if (!wanted.startsWith(`${root}/`) || type === undefined) return undefined;
  try {
    return { bytes: await readFile(wanted), type };
  } catch {
    return undefined;
  }
}

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
  readonly report: (id: string, error: unknown) => void;
}): Promise<RunningStudio> {
  const store = await openStore(options.store, { create: true, now });
  const { accounts } = store;
  const setupToken = newSecret();
  const notify = createNotifier({ accounts, now, report: options.report });
  const runs = createRunService({ folder: options.runs, notify });
  const app = createStudio({
    store,
    accounts,
    sealer: await sealerOf(accounts),
    now,
    version: VERSION,
    setupTokenHash: hashSecret(setupToken),
    pageFile,
    report: options.report,
    runs,
    notify,
  });
  const { url, close } = await listen(app, options.port);
  const first = (await accounts.accounts()).length === 0;
  return {
    url,
    store,
    setupUrl: first ? `${url}setup/${setupToken}` : null,
    async close() {
      await close();
      await runs.close();
      await store.close();
    },
  };
}
