import { fileURLToPath } from 'node:url';
import { UsageError } from '../run/index.ts';
import { withThreads } from './busy.ts';
import type { Connection } from './connection.ts';
import { openPostgres, withoutPassword } from './postgres.ts';
import { changeSecretsKey, openVault, type SecretsKey } from './secrets.ts';
import { createStore } from './sql-store.ts';
import { openSqlite } from './sqlite.ts';
import type { FeedbackStore } from './store.ts';

export interface OpenOptions {
  /** Makes the store where there is none; otherwise that is an error. */
  readonly create?: boolean;
  /** ISO 8601, for the table of migrations. */
  readonly now?: () => string;
  /** Many write at any time, and there is other work, as in a server: writing then has threads of its own. */
  readonly busy?: boolean;
  /** Encrypts what the database keeps that could be used as it is; without, that stays in the clear. */
  readonly secretsKey?: SecretsKey | undefined;
}

/**
 * Opens a store: `postgres://…` or `postgresql://…`, a file path, `sqlite:path` or `file:` URL. An older schema is
 * brought up to date first.
 */
export async function openStore(url: string, options: OpenOptions = {}): Promise<FeedbackStore> {
  const opened = await connect(url, options);
  const vault = await openVault(opened, options.secretsKey).catch(async (error) => {
    await opened.close();
    throw error;
  });
  if (options.busy !== true) return createStore(opened, { vault });
  const { connection, runBatch } = withThreads(opened, url);
  return createStore(connection, { vault, runBatch });
}

/** Changes the key that encrypts a store's secrets; nobody else may have the store open meanwhile. How many there were. */
export async function rekeyStore(
  url: string,
  keys: { readonly from: SecretsKey | undefined; readonly to: SecretsKey },
): Promise<number> {
  const opened = await connect(url, {});
  try {
    return await changeSecretsKey(opened, keys);
  } finally {
    await opened.close();
  }
}

/** Opens the database that a URL or path names. */
export function connect(
  url: string,
  { create = false, now = () => new Date().toISOString(), busy = false }: OpenOptions,
): Promise<Connection> {
  if (/^postgres(ql)?:\/\//.test(url)) return openPostgres(url, { create, now });
  return openSqlite(sqlitePath(url), { create, now, logElsewhere: busy });
}

/** File that a URL or path names. */
export function sqlitePath(url: string): string {
  if (url === '')
    throw new UsageError('store', 'expected a file or a postgres:// URL as store, got nothing; give --store');
  if (url.startsWith('file:')) return fileURLToPath(url);
  if (url.startsWith('sqlite:')) return url.slice('sqlite:'.length).replace(/^\/\//, '');
  if (/^[a-z][a-z+.-]+:\/\//i.test(url)) {
    throw new UsageError(
      'store',
      `${withoutPassword(url)}: expected a file, sqlite: or postgres:// as store; check the address`,
    );
  }
  return url;
}
