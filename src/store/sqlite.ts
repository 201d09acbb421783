import { chmodSync, closeSync, existsSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  Kysely,
  SqliteAdapter,
  type SqliteDatabase,
  type SqliteDialectConfig,
  SqliteDriver,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type SqliteStatement,
} from 'kysely';
import Database from 'libsql';
import { UsageError } from '../run/index.ts';
import { onPath } from '../run/node.ts';
import { type Connection, projectWithState } from './connection.ts';
import { type Found, migrate, refuseUnknown, SCHEMA_VERSION, schemaVersion, WORDS } from './migrations.ts';
import type { Tables } from './schema.ts';

const REASONS: readonly (readonly [code: string, reason: string])[] = [
  ['SQLITE_NOTADB', 'expected a Goodhart store, got a file that is no SQLite database; choose another --store'],
  ['SQLITE_READONLY', 'the file or its folder is read-only; change its permissions or choose another --store'],
  ['SQLITE_FULL', 'the disk is full; nothing acknowledged is lost; free some space and try again'],
  ['SQLITE_CANTOPEN', 'cannot be opened; check the path and its permissions'],
  ['SQLITE_CORRUPT', 'the database is damaged; restore a backup with goodhart store restore'],
  ['SQLITE_IOERR', 'the disk refused to read or write; check it, then run goodhart store check'],
  ['SQLITE_BUSY', 'another process has kept the store locked; end it or try again'],
];

/** An error of SQLite as one line, where the user can do something about it. */
export function sqliteError(place: string, error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const code = (error as { code?: unknown }).code;
  const text = typeof code === 'string' ? code : `${error.message}`;
  const failed = /ConnectionFailed/.test(String(error)) ? 'SQLITE_CANTOPEN' : text;
  const found = REASONS.find(([start]) => failed.startsWith(start));
  return found === undefined ? error : new UsageError('store', `${place}: ${found[1]}`, { cause: error });
}

const isBusy = (error: unknown) =>
  /^SQLITE_BUSY/.test(String(((error as Error).cause as { code?: unknown } | undefined)?.code));
const STATEMENTS_KEPT = 400;

/** libsql as Kysely wants it: statements are prepared once per text, and errors say what to do. */
function asKyselyDatabase(db: Database.Database, place: string): SqliteDatabase {
  const prepared = new Map<string, SqliteStatement>();
  const guarded = <T>(effect: () => T): T => {
    try {
      return effect();
    } catch (error) {
      throw sqliteError(place, error);
    }
  };
  return {
    close: () => {
      prepared.clear();
      db.close();
    },
    prepare(sql) {
      const known = prepared.get(sql);
      if (known !== undefined) return known;
      const statement = guarded(() => db.prepare(sql));
      const { reader } = statement;
      const wrapped: SqliteStatement = {
        reader,
        all: (parameters) => guarded(() => statement.all(parameters)),
        run: (parameters) => guarded(() => statement.run(parameters)),
        iterate: (parameters) => guarded(() => statement.all(parameters)).values(),
      };
      if (prepared.size >= STATEMENTS_KEPT) prepared.delete(prepared.keys().next().value!);
      prepared.set(sql, wrapped);
      return wrapped;
    },
  };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Writers take the lock at once (`BEGIN IMMEDIATE`), so none fails half-way on another's; waiting for it lets the
 * process go on with other work. Two minutes, which outlasts a rebuild, then the caller hears of it.
 */
class ImmediateDriver extends SqliteDriver {
  readonly #mode: 'immediate' | 'deferred';

  constructor(config: SqliteDialectConfig, mode: 'immediate' | 'deferred') {
    super(config);
    this.#mode = mode;
  }

  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    const started = performance.now();
    for (let tries = 1; ; tries++) {
      try {
        await connection.executeQuery(CompiledQuery.raw(`begin ${this.#mode}`));
        return;
      } catch (error) {
        if (!isBusy(error)) throw error;
        if (performance.now() - started > 120_000) throw error;
        await pause(Math.min(tries, 10));
      }
    }
  }

  /** A full disk has rolled back already; the error to tell is that one. */
  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    try {
      await super.rollbackTransaction(connection);
    } catch (error) {
      if (!(error instanceof Error && /no transaction is active/.test(error.message))) throw error;
    }
  }
}

function kyselyOn(db: Database.Database, place: string, mode: 'immediate' | 'deferred'): Kysely<Tables> {
  const dialect: Dialect = {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new ImmediateDriver({ database: asKyselyDatabase(db, place) }, mode),
    createIntrospector: (kysely) => new SqliteIntrospector(kysely),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
  return new Kysely<Tables>({ dialect });
}

/**
 * What people judged, and who they are, is for whoever runs the store. A new file is made so, and one that others may read,
 * from an earlier version or another mask, is narrowed; its log and index get the rights of the file.
 */
function keepPrivate(path: string): void {
  if (process.platform === 'win32') return;
  if (!existsSync(path)) closeSync(openSync(path, 'a', 0o600));
  for (const file of ['', '-wal', '-shm'].map((end) => `${path}${end}`)) {
    try {
      const { mode } = statSync(file);
      if ((mode & 0o077) !== 0) chmodSync(file, mode & 0o700);
    } catch (error) {
      // Not there; or another's, who alone can narrow it.
      if (!['ENOENT', 'EPERM', 'EROFS'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
  }
}

/** Opens the file, or says why it cannot be one. */
function openFile(path: string, create: boolean): Database.Database {
  const exists = existsSync(path);
  if (!exists && !create) refuseUnknown({ version: 0, foreign: [] }, { place: path, create });
  onPath(path, () => {
    if (exists && statSync(path).isDirectory()) {
      throw new UsageError(
        'store',
        `${path}: expected a file, got a folder; name a file, for example ${path}/goodhart.db`,
      );
    }
    // With the dot, a file in place of the folder is an error too.
    if (!exists) statSync(`${dirname(path)}/.`);
    keepPrivate(path);
  });
  try {
    const db = new Database(path);
    db.pragma('busy_timeout = 2000');
    db.pragma('journal_mode = WAL');
    // FULL: a commit returns once the log is on disk, so that a power cut loses nothing acknowledged either.
    db.pragma('synchronous = FULL');
    db.pragma('cache_size = -65536');
    // What is overwritten or deleted is zeroed, not left in the file.
    db.pragma('secure_delete = ON');
    // From here on waiting is done by the driver, which does not stop the process.
    db.pragma('busy_timeout = 10');
    return db;
  } catch (error) {
    throw sqliteError(path, error);
  }
}

const SCRUB_MS = 120_000;

/**
 * Writes the file anew and empties its log. Pages that were freed, or rearranged, before `secure_delete` was set may still
 * hold old content; and the log holds pages as they were. Waits for readers of older moments.
 */
async function scrubFile(path: string): Promise<void> {
  const file = openFile(path, false);
  const started = performance.now();
  const patiently = async (effect: () => boolean): Promise<void> => {
    for (let tries = 1; ; tries++) {
      try {
        if (effect()) return;
      } catch (error) {
        const told = sqliteError(path, error);
        if (!isBusy(told)) throw told;
      }
      if (performance.now() - started > SCRUB_MS)
        throw new UsageError(
          'store-busy',
          `${path}: what was erased is gone from the history, but readers kept the old file in use; run goodhart store scrub when they are done`,
        );
      await pause(Math.min(10 * tries, 200));
    }
  };
  try {
    // A copy as large as the file, beside other temporary files.
    file.pragma('temp_store = FILE');
    await patiently(() => {
      file.exec('VACUUM');
      return true;
    });
    await patiently(() => {
      const [row] = file.pragma('wal_checkpoint(TRUNCATE)') as { busy: number }[];
      return row?.busy === 0;
    });
  } finally {
    file.close();
  }
}

async function inspect(db: Kysely<Tables>): Promise<Found> {
  const { rows } = await db.executeQuery<{ name: string }>(
    CompiledQuery.raw(`SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`),
  );
  const tables = rows.map(({ name }) => name);
  return { version: await schemaVersion(db, tables), foreign: tables };
}

/** Pages (4 kB) in the log from which on a commit moves them itself although another thread does: that has fallen behind. */
const LAST_RESORT = 65_536;
const LOG_KEPT_BYTES = 64 * 2 ** 20;

/** A store in one file. Any number of processes may open it, on one machine. */
export async function openSqlite(
  path: string,
  options: {
    readonly create: boolean;
    readonly now: () => string;
    /** Somebody else moves what was committed from the log into the file. */
    readonly logElsewhere?: boolean;
  },
): Promise<Connection> {
  const file = openFile(path, options.create);
  if (options.logElsewhere === true) {
    file.pragma(`wal_autocheckpoint = ${LAST_RESORT}`);
    file.pragma(`journal_size_limit = ${LOG_KEPT_BYTES}`);
  }
  const writer = kyselyOn(file, path, 'immediate');
  try {
    if ((await inspect(writer)).version !== SCHEMA_VERSION) {
      await writer.transaction().execute(async (trx) => {
        await migrate(trx, await inspect(trx), { ...options, place: path, words: WORDS.sqlite });
      });
    }
  } catch (error) {
    await writer.destroy();
    throw error;
  }
  // Reads have a connection of their own, so that none waits for a writer that waits for its turn.
  const db = kyselyOn(openFile(path, false), path, 'deferred');
  return {
    kind: 'sqlite',
    place: path,
    db,
    write: (effect) => writer.transaction().execute(effect),
    writeProject: (id, effect) =>
      writer.transaction().execute(async (trx) => {
        const statements: CompiledQuery[] = [];
        const result = await effect(trx, {
          locked: projectWithState(trx, id).executeTakeFirst(),
          last: (more) => statements.push(...more),
        });
        for (const statement of statements) await trx.executeQuery(statement);
        return result;
      }),
    async snapshot(effect) {
      const reader = kyselyOn(openFile(path, false), path, 'deferred');
      try {
        return await reader.transaction().execute(effect);
      } finally {
        await reader.destroy();
      }
    },
    async faults() {
      const { rows } = await db.executeQuery<{ quick_check: string }>(CompiledQuery.raw('PRAGMA quick_check'));
      return rows.map((row) => row.quick_check).filter((text) => text !== 'ok');
    },
    async scrub() {
      await scrubFile(path);
      return ['backups, copies and snapshots of the disk that were made before'];
    },
    async analyze() {},
    async close() {
      await db.destroy();
      await writer.destroy();
    },
  };
}
