import type { Writable } from 'node:stream';
import {
  CompiledQuery,
  type DatabaseConnection,
  type Driver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
  sql,
} from 'kysely';
import pg from 'pg';
import { own, UsageError } from '../run/index.ts';
import { type Connection, type LockedProject, type ProjectTurn, projectWithState, type Trx } from './connection.ts';
import { type Found, migrate, SCHEMA_VERSION, schemaVersion, WORDS } from './migrations.ts';
import { prepared } from './prepared.ts';
import type { Tables } from './schema.ts';

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'no PostgreSQL answers there; start it, or check host and port',
  ENOTFOUND: 'no such host; check the address',
  ENOENT: 'no PostgreSQL socket there; start it, or check the path',
  ETIMEDOUT: 'PostgreSQL does not answer; check host, port and firewall',
  ECONNRESET: 'the connection was lost; submit again with the same idempotency key',
  EPIPE: 'the connection was lost; submit again with the same idempotency key',
  '28P01': 'PostgreSQL refused the password; check the address',
  '28000': 'PostgreSQL refused the user; check the address',
  '3D000': 'no such database; create it with createdb, or check its name',
  '3F000': 'the schema in the address does not exist; create it with CREATE SCHEMA',
  '42501': 'the user may not do that; grant it rights on the schema',
  '25006': 'the database is read-only; give the address of the primary',
  '53100': 'the disk of the database is full; nothing acknowledged is lost; free some space and try again',
  '53300': 'PostgreSQL has no connection free; raise max_connections, or run fewer processes',
  '57P01': 'PostgreSQL was shut down; submit again with the same idempotency key',
  '57P02': 'PostgreSQL was shut down; submit again with the same idempotency key',
  '57P03': 'PostgreSQL is starting up or shutting down; try again',
  '08006': 'the connection was lost; submit again with the same idempotency key',
};

/** An error of PostgreSQL as one line, where the user can do something about it. */
export function postgresError(place: string, error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const nested = error instanceof AggregateError ? (error.errors[0] as unknown) : error;
  const code = String((nested as { code?: unknown }).code ?? '');
  const lost = /Connection terminated|timeout exceeded when trying to connect/.test(error.message)
    ? 'ECONNRESET'
    : code;
  const reason = own(REASONS, lost);
  return reason === undefined ? error : new UsageError('store', `${place}: ${reason}`, { cause: error });
}

/** Serialization failure, deadlock, or a key that another process inserted first: the transaction may be run again. */
const mayRunAgain = (error: unknown) =>
  ['40001', '40P01', '23505'].includes(String((error as { code?: unknown }).code));

/** A URL without its password, for messages. */
export function withoutPassword(url: string): string {
  return url.replace(/^([^:]+:\/\/[^:/@]*):[^@]*@/, '$1:***@').replace(/([?&]password=)[^&]*/, '$1***');
}

const INT8 = 20;

/**
 * Acknowledged means durable, whatever the server's default is. Every statement of the store finds its rows through an
 * index, and names its tables in the order in which they are best read; told so, the planner needs no statistics, which are
 * not there yet after a load.
 */
const SETTINGS = `SET synchronous_commit = on; SET enable_seqscan = off; SET enable_hashjoin = off;
  SET enable_mergejoin = off; SET join_collapse_limit = 1; SET jit = off`;

function connect(url: string): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: 10,
    connectionTimeoutMillis: 10_000,
    // Statements that do not wait for each other's results travel together.
    pipeline: true,
    types: {
      // Counts and times fit a double exactly.
      getTypeParser: (oid, format) =>
        (oid === INT8 ? Number : pg.types.getTypeParser(oid, format)) as ReturnType<typeof pg.types.getTypeParser>,
    },
  } as pg.PoolConfig);
  // An idle connection that breaks is replaced by the pool; the next statement says so if that fails too.
  pool.on('error', () => {});
  // Queued before any statement of ours; should it fail, so does the statement after it.
  pool.on('connect', (client) => {
    client.query(SETTINGS).catch(() => {});
  });
  return pool;
}

/** Statements that come again are prepared under a name; long ones differ with the size of their batch. */
const PREPARED_LENGTH = 1500;
const PREPARED_MOST = 300;
const names = new Map<string, string>();
function nameOf(text: string): string | undefined {
  const known = names.get(text);
  if (known !== undefined || text.length > PREPARED_LENGTH || names.size >= PREPARED_MOST) return known;
  names.set(text, `goodhart_${names.size}`);
  return names.get(text);
}

const COMMIT = 'COMMIT';

/**
 * One connection as Kysely wants it, with errors that say what to do. Unlike Kysely's own driver it does not wait for one
 * statement before it sends the next, and those of one turn of the event loop leave in one write.
 */
function asKyselyConnection(client: pg.PoolClient, place: string): DatabaseConnection {
  // The declarations of pg leave its socket out.
  const { stream } = (client as unknown as { connection: { stream: Writable } }).connection;
  let held = false;
  const holdForThisTurn = () => {
    if (held) return;
    held = true;
    stream.cork();
    setImmediate(() => {
      held = false;
      stream.uncork();
    });
  };
  return {
    async executeQuery<R>({ sql: text, parameters }: CompiledQuery): Promise<QueryResult<R>> {
      const name = nameOf(text);
      holdForThisTurn();
      try {
        const { rows, rowCount, command } = await client.query({
          text,
          values: [...parameters],
          ...(name !== undefined && { name }),
        });
        if (text === COMMIT && command !== COMMIT) throw new Error('PostgreSQL rolled the transaction back');
        return { rows: rows as R[], numAffectedRows: BigInt(rowCount ?? 0) };
      } catch (error) {
        throw mayRunAgain(error) ? error : postgresError(place, error);
      }
    },
    streamQuery() {
      throw new Error('the store reads by pages');
    },
  };
}

/**
 * The connection of all single reads, which follow each other there without waiting: under load many leave in one write and
 * wake one process of the server. It is opened when first needed, and again when it is lost.
 */
function sharedConnection(pool: pg.Pool, place: string) {
  let opened: Promise<{ connection: DatabaseConnection; close: () => void }> | undefined;
  const open = async () => {
    const client = await pool.connect().catch((error) => {
      opened = undefined;
      throw postgresError(place, error);
    });
    let closed = false;
    const close = (lost: boolean) => {
      if (closed) return;
      closed = true;
      opened = undefined;
      client.release(lost);
    };
    client.on('error', () => close(true));
    client.once('end', () => close(true));
    const connection = asKyselyConnection(client, place);
    const executeQuery = async <R>(query: CompiledQuery): Promise<QueryResult<R>> => {
      try {
        return await connection.executeQuery<R>(query);
      } catch (error) {
        // Told before the connection ends: the next read takes another one.
        if (error instanceof UsageError) close(true);
        throw error;
      }
    };
    return { connection: { ...connection, executeQuery }, close: () => close(false) };
  };
  return {
    async get(): Promise<DatabaseConnection> {
      opened ??= open();
      return (await opened).connection;
    },
    close: async () => (await opened?.catch(() => undefined))?.close(),
  };
}

/** Kysely over connections that someone else opens and closes. */
function kyselyOver(acquire: () => Promise<DatabaseConnection>, release: (connection: DatabaseConnection) => void) {
  const transactions = async () => {
    throw new Error('transactions are begun by the store');
  };
  const driver: Driver = {
    init: async () => {},
    acquireConnection: acquire,
    releaseConnection: async (connection) => release(connection),
    beginTransaction: transactions,
    commitTransaction: transactions,
    rollbackTransaction: transactions,
    destroy: async () => {},
  };
  return new Kysely<Tables>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => driver,
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  });
}

/** The answer of a transaction's first statement (that of its beginning where none is given), and a place for its last ones. */
interface Ends {
  readonly first: Promise<QueryResult<unknown>>;
  readonly last: ProjectTurn['last'];
}

/** Runs an effect in a transaction of its own, behind a first statement where one is given. */
async function inTransaction<T>(
  pool: pg.Pool,
  { place, begin, first }: { readonly place: string; readonly begin: string; readonly first?: CompiledQuery },
  effect: (trx: Trx, ends: Ends) => Promise<T>,
): Promise<T> {
  const client = await pool.connect().catch((error) => {
    throw postgresError(place, error);
  });
  const connection = asKyselyConnection(client, place);
  const trx = kyselyOver(
    async () => connection,
    () => {},
  );
  const run = (text: string) => connection.executeQuery(CompiledQuery.raw(text));
  let broken: unknown;
  try {
    // What needs no answer to be sent travels together: the beginning with the first statement, the last ones with the end.
    const begun = run(begin);
    const answer = first === undefined ? begun : connection.executeQuery(first);
    const statements: CompiledQuery[] = [];
    const ends: Ends = { first: answer, last: (more) => statements.push(...more) };
    const [result] = await Promise.all([effect(trx, ends), begun, answer]);
    await Promise.all([...statements.map((statement) => connection.executeQuery(statement)), run(COMMIT)]);
    return result;
  } catch (error) {
    await run('ROLLBACK').catch((second) => {
      broken = second;
    });
    throw error;
  } finally {
    client.release(broken !== undefined);
  }
}

async function inspect(db: Kysely<Tables>): Promise<Found> {
  const { rows } = await db.executeQuery<{ name: string }>(
    CompiledQuery.raw(`SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema()`),
  );
  const tables = rows.map(({ name }) => name);
  const ours = ['projects', 'items', 'raters', 'records', 'seats', 'project_state', 'item_state', 'rater_state'];
  // A database may serve others too; only names that ours would meet are in the way.
  return { version: await schemaVersion(db, tables), foreign: tables.filter((name) => ours.includes(name)) };
}

/** Any number of processes on any number of machines may open it. */
export async function openPostgres(
  url: string,
  options: { readonly create: boolean; readonly now: () => string },
): Promise<Connection> {
  const place = withoutPassword(url);
  const pool = connect(url);
  const reads = sharedConnection(pool, place);
  const db = kyselyOver(reads.get, () => {});
  const write = async <T>(effect: (trx: Trx, ends: Ends) => Promise<T>, first?: CompiledQuery): Promise<T> => {
    for (let tries = 1; ; tries++) {
      try {
        return await inTransaction(pool, { place, begin: 'BEGIN', ...(first !== undefined && { first }) }, effect);
      } catch (error) {
        if (!mayRunAgain(error) || tries === 10) throw error;
        await new Promise((resolve) => setTimeout(resolve, tries * 5));
      }
    }
  };
  try {
    if ((await inspect(db)).version !== SCHEMA_VERSION) {
      await write(async (trx) => {
        // One process migrates; those that waited for the lock find it done.
        await sql`SELECT pg_advisory_xact_lock(hashtext('goodhart_schema ' || current_schema()))`.execute(trx);
        await migrate(trx, await inspect(trx), { ...options, place, words: WORDS.postgres });
      });
    }
  } catch (error) {
    await reads.close();
    await pool.end();
    throw error;
  }
  // Both rows are locked, so that both are read as the last writer left them.
  const lockQuery = prepared(['id'], ({ id }) => projectWithState(db, id).forUpdate());
  return {
    kind: 'postgres',
    place,
    db,
    write: (effect) => write(effect),
    writeProject: (id, effect) =>
      write(
        (trx, { first, last }) =>
          effect(trx, { locked: first.then(({ rows }) => rows[0] as LockedProject | undefined), last }),
        lockQuery({ id }),
      ),
    snapshot: (effect) =>
      inTransaction(pool, { place, begin: 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY' }, effect),
    async faults() {
      const faults: string[] = [];
      for (const setting of ['fsync', 'full_page_writes', 'synchronous_commit']) {
        const { rows } = await db.executeQuery<{ value: string }>(
          CompiledQuery.raw(`SELECT current_setting('${setting}') AS value`),
        );
        if (rows[0]?.value === 'off') faults.push(`${setting} is off: a crash can lose what was acknowledged`);
      }
      return faults;
    },
    // Rewriting tables locks them, and logs, archives and replicas are beyond a client.
    scrub: async () => [
      'pages of the tables until somebody runs VACUUM FULL records, raters, seats; and the write-ahead log, its archive and replicas',
      'backups and copies that were made before',
    ],
    async analyze() {
      for (const table of ['items', 'item_state', 'raters', 'rater_state', 'seats', 'records'] as const) {
        // Not where reads would wait behind it.
        await pool.query(`ANALYZE ${table}`);
      }
    },
    async close() {
      await reads.close();
      await pool.end();
    },
  };
}
