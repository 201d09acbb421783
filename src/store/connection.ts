import { type CompiledQuery, type Kysely, PostgresAdapter } from 'kysely';
import { CheckError } from '../run/index.ts';
import type { Tables } from './schema.ts';

/** The database inside a transaction. */
export type Trx = Kysely<Tables>;

/** PostgreSQL takes sets as arrays, so that a statement has one text, parsed and planned once, whatever their size. */
export const inPostgres = (db: Kysely<Tables>): boolean => db.getExecutor().adapter instanceof PostgresAdapter;

export type LockedProject = Tables['project_state'] & { readonly body: string; readonly status: string };

/** What a transaction on one project begins with, and what it may end with. */
export interface ProjectTurn {
  /** The project with its state, locked against every other writer of it until the end; undefined where there is none. */
  readonly locked: Promise<LockedProject | undefined>;
  /** Adds statements that nothing waits for: they run at the end, in order, and travel with the commit. */
  readonly last: (statements: readonly CompiledQuery[]) => void;
}

/** A project and its state; PostgreSQL adds the lock. */
export const projectWithState = (db: Kysely<Tables>, id: string) =>
  db
    .selectFrom('projects as p')
    .innerJoin('project_state as s', 's.project', 'p.project')
    .selectAll('s')
    .select(['p.body', 'p.status'])
    .where('p.id', '=', id);

/** One database with its ways of writing and reading; everything above speaks Kysely and knows no other difference. */
export interface Connection {
  readonly kind: 'sqlite' | 'postgres';
  /** Where it is, for messages; without a password. */
  readonly place: string;
  /** For single reads. */
  readonly db: Kysely<Tables>;
  /**
   * A transaction that is durable when the promise resolves. Runs the effect again when the database asks for that, so
   * the effect must start from what it reads.
   */
  write<T>(effect: (trx: Trx) => Promise<T>): Promise<T>;
  /** The same under the lock of a project. */
  writeProject<T>(id: string, effect: (trx: Trx, turn: ProjectTurn) => Promise<T>): Promise<T>;
  /** Many reads of one moment, which hold up no writer. */
  snapshot<T>(effect: (trx: Trx) => Promise<T>): Promise<T>;
  /** Says what it finds wrong with the database itself: damage, or settings under which a commit is not durable. */
  faults(): Promise<readonly string[]>;
  /**
   * Takes what was overwritten and deleted out of the database's files, as far as it can from here; says in a line for each
   * where it may still be.
   */
  scrub(): Promise<readonly string[]>;
  /** Refreshes what the query planner knows, after a large load. */
  analyze(): Promise<void>;
  close(): Promise<void>;
}

/** Rows in one statement: both databases bound the number of parameters (SQLite at 32,766). */
export function* chunks<T>(rows: readonly T[], size: number): Generator<readonly T[]> {
  for (let at = 0; at < rows.length; at += size) yield rows.slice(at, at + size);
}

/** Values by a key of theirs, in order. */
export function grouped<K, V>(values: Iterable<V>, key: (value: V) => K): Map<K, V[]> {
  const groups = new Map<K, V[]>();
  for (const value of values) {
    const group = groups.get(key(value));
    if (group === undefined) groups.set(key(value), [value]);
    else group.push(value);
  }
  return groups;
}

/** A state that the program's own rules exclude: damage, or a defect. */
export const damaged = (what: string) =>
  new CheckError('store-damaged', `${what}; run goodhart store check, and restore a backup if it fails`);
