import { fileURLToPath } from 'node:url';
import { UsageError } from '../run/index.ts';
import { openBusySqlite } from './busy-sqlite.ts';
import { openPostgres, withoutPassword } from './postgres.ts';
import { createStore } from './sql-store.ts';
import { openSqlite } from './sqlite.ts';
import type { FeedbackStore } from './store.ts';

export interface OpenOptions {
  /** Makes the store where there is none; otherwise that is an error. */
  readonly create?: boolean;
  /** ISO 8601, for the table of migrations. */
  readonly now?: () => string;
  /** Many write at any time, and there is other work, as in a server: SQLite then has threads of its own. */
  readonly busy?: boolean;
}

/**
 * Opens a store: `postgres://…` or `postgresql://…`, a file path, `sqlite:path` or `file:` URL. An older schema is
 * brought up to date first.
 */
export async function openStore(url: string, options: OpenOptions = {}): Promise<FeedbackStore> {
  const { create = false, now = () => new Date().toISOString(), busy = false } = options;
  if (/^postgres(ql)?:\/\//.test(url)) return createStore(await openPostgres(url, { create, now }));
  const path = sqlitePath(url);
  if (!busy) return createStore(await openSqlite(path, { create, now }));
  const { connection, runBatch } = await openBusySqlite(path, { create, now });
  return createStore(connection, runBatch);
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
