import { CompiledQuery } from 'kysely';
import { chunks, inPostgres, type Trx } from './connection.ts';
import type { Tables } from './schema.ts';

type Written = 'items' | 'raters' | 'records' | 'item_state' | 'rater_state' | 'seats';
type ColumnType = 'integer' | 'bigint' | 'double precision' | 'text';

/** Tables that are written by many rows: their columns, and how many of the first ones tell a row from others. */
const WRITTEN: {
  readonly [T in Written]: {
    readonly keys: number;
    readonly columns: { readonly [C in keyof Tables[T] & string]: ColumnType };
  };
} = {
  items: { keys: 2, columns: { project: 'integer', item: 'integer', id: 'text', body: 'text' } },
  raters: { keys: 2, columns: { project: 'integer', rater: 'integer', id: 'text', body: 'text' } },
  records: {
    // A record is never overwritten, but for erasure (`recordUpdates`).
    keys: 0,
    columns: {
      project: 'integer',
      seq: 'integer',
      id: 'text',
      idem: 'text',
      type: 'text',
      rater: 'integer',
      item: 'integer',
      body: 'text',
      salt: 'text',
      hash: 'text',
    },
  },
  item_state: {
    keys: 2,
    columns: {
      project: 'integer',
      item: 'integer',
      role: 'text',
      lane: 'text',
      shuffle: 'integer',
      priority: 'double precision',
      rank: 'double precision',
      wanted: 'integer',
      done: 'integer',
      reserved: 'integer',
      shown: 'integer',
      open: 'integer',
      archived: 'integer',
    },
  },
  rater_state: {
    keys: 2,
    columns: {
      project: 'integer',
      rater: 'integer',
      work: 'integer',
      qualification: 'integer',
      training: 'integer',
      gold: 'integer',
      repeats: 'integer',
      swapped: 'integer',
      qualified: 'integer',
      exhausted: 'integer',
    },
  },
  seats: {
    keys: 4,
    columns: {
      project: 'integer',
      rater: 'integer',
      item: 'integer',
      purpose: 'integer',
      answered: 'integer',
      right: 'integer',
      expires: 'bigint',
      presentation: 'text',
    },
  },
};

const quoted = (name: string) => `"${name}"`;
const columnsOf = (table: Written) => Object.entries<ColumnType>(WRITTEN[table].columns);

function statement(table: Written, source: string): string {
  const names = columnsOf(table).map(([name]) => quoted(name));
  const { keys } = WRITTEN[table];
  const set = names.slice(keys).map((name) => `${name} = excluded.${name}`);
  const conflict =
    keys === 0 ? '' : ` ON CONFLICT (${names.slice(0, keys).join(', ')}) DO UPDATE SET ${set.join(', ')}`;
  return `INSERT INTO ${table} (${names.join(', ')}) ${source}${conflict}`;
}

const texts = new Map<string, string>();
function remembered(key: string, make: () => string): string {
  const text = texts.get(key) ?? make();
  texts.set(key, text);
  return text;
}

/**
 * Statements that insert rows, or overwrite those that are there. Texts of statements are made once: on PostgreSQL one per table, which
 * takes its rows as JSON and stays prepared; on SQLite one per number of rows.
 */
export function writesOf<T extends Written>(trx: Trx, table: T, rows: readonly Tables[T][]): CompiledQuery[] {
  const columns = columnsOf(table);
  const names = columns.map(([name]) => name as keyof Tables[T] & string);
  const asJson = inPostgres(trx);
  return [...chunks(rows, 1000)].map((some) => {
    if (asJson) {
      const types = columns.map(([name, type]) => `${quoted(name)} ${type}`).join(', ');
      const from = `SELECT * FROM json_to_recordset($1::json) AS row (${types})`;
      const text = remembered(table, () => statement(table, from));
      return CompiledQuery.raw(text, [JSON.stringify(some, names)]);
    }
    const marks = `(${names.map(() => '?').join(', ')})`;
    const text = remembered(`${table}/${some.length}`, () =>
      statement(table, `VALUES ${some.map(() => marks).join(', ')}`),
    );
    return CompiledQuery.raw(
      text,
      some.flatMap((row) => names.map((name) => row[name])),
    );
  });
}

/** Inserts rows, or overwrites those that are there. */
export async function writeRows<T extends Written>(trx: Trx, table: T, rows: readonly Tables[T][]): Promise<void> {
  for (const statement of writesOf(trx, table, rows)) await trx.executeQuery(statement);
}

type RecordColumn = 'type' | 'body' | 'salt' | 'hash';

/** Statements that set some columns of records that are there, by project and place. */
export function recordUpdates<C extends RecordColumn>(
  trx: Trx,
  columns: readonly C[],
  rows: readonly Pick<Tables['records'], 'project' | 'seq' | C>[],
): CompiledQuery[] {
  if (rows.length === 0) return [];
  if (inPostgres(trx)) {
    const types = columns.map((name) => `${name} text`).join(', ');
    const set = columns.map((name) => `${name} = v.${name}`).join(', ');
    const from = `json_to_recordset($1::json) AS v (project integer, seq integer, ${types})`;
    const text = `UPDATE records AS r SET ${set} FROM ${from} WHERE r.project = v.project AND r.seq = v.seq`;
    return [CompiledQuery.raw(text, [JSON.stringify(rows, ['project', 'seq', ...columns])])];
  }
  const text = `UPDATE records SET ${columns.map((name) => `${name} = ?`).join(', ')} WHERE project = ? AND seq = ?`;
  return rows.map((row) => CompiledQuery.raw(text, [...columns.map((name) => row[name]), row.project, row.seq]));
}
