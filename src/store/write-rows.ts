import { sql } from 'kysely';
import { chunks, type Trx } from './connection.ts';
import type { Tables } from './schema.ts';

/** Columns of the tables that are written by many rows; the first `keys` of them tell a row. */
const COLUMNS = {
  items: { keys: 2, columns: ['project', 'item', 'id', 'body'] },
  raters: { keys: 2, columns: ['project', 'rater', 'id', 'body'] },
  records: { keys: 0, columns: ['project', 'seq', 'id', 'idem', 'type', 'rater', 'item', 'body', 'hash'] },
  item_state: {
    keys: 2,
    columns: [
      'project',
      'item',
      'role',
      'lane',
      'shuffle',
      'priority',
      'rank',
      'wanted',
      'done',
      'reserved',
      'shown',
      'open',
    ],
  },
  rater_state: {
    keys: 2,
    columns: [
      'project',
      'rater',
      'work',
      'qualification',
      'training',
      'gold',
      'repeats',
      'swapped',
      'qualified',
      'exhausted',
    ],
  },
  seats: {
    keys: 4,
    columns: ['project', 'rater', 'item', 'purpose', 'answered', 'right', 'expires', 'presentation'],
  },
} as const satisfies {
  [T in 'items' | 'raters' | 'records' | 'item_state' | 'rater_state' | 'seats']: {
    keys: number;
    columns: readonly (keyof Tables[T])[];
  };
};
type Written = keyof typeof COLUMNS;

/** Every column is listed, or the type of this is not `true`. */
type Missing = { [T in Written]: Exclude<keyof Tables[T], (typeof COLUMNS)[T]['columns'][number]> }[Written];
true satisfies [Missing] extends [never] ? true : never;

/** Inserts rows, or overwrites the ones that are there; a record is never overwritten. */
export async function writeRows<T extends Written>(trx: Trx, table: T, rows: readonly Tables[T][]): Promise<void> {
  const { keys, columns } = COLUMNS[table];
  const names = columns.map((name) => sql.ref(name));
  const rest = columns.slice(keys);
  const onConflict =
    keys === 0
      ? sql``
      : sql` ON CONFLICT (${sql.join(names.slice(0, keys))}) DO UPDATE SET ${sql.join(
          rest.map((name) => sql`${sql.ref(name)} = ${sql.ref(`excluded.${name}`)}`),
        )}`;
  for (const some of chunks(rows, 1000)) {
    const values = some.map((row) => sql`(${sql.join(columns.map((name) => row[name as keyof typeof row]))})`);
    await sql`INSERT INTO ${sql.table(table)} (${sql.join(names)}) VALUES ${sql.join(values)}${onConflict}`.execute(
      trx,
    );
  }
}
