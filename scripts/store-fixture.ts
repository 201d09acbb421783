/**
 * Writes `fixtures/store-schema-<version>.json`: a small store in the newest schema, as the statements that make it and the
 * rows in it, for both databases. Run it once when a schema is released, and never again for that schema:
 *
 *   scripts/postgres.sh npx tsx scripts/store-fixture.ts
 */
import { existsSync } from 'node:fs';
import { writeJson } from '../src/run/node.ts';
import { fillFixture, TABLES } from '../src/store/fixture.fake.ts';
import { openStore } from '../src/store/index.ts';
import { MIGRATIONS, SCHEMA_VERSION, WORDS } from '../src/store/migrations.ts';
import { postgresPlaces, postgresUrl, sqlitePlaces, T0 } from '../src/store/places.fake.ts';
import { openPostgres } from '../src/store/postgres.ts';
import { openSqlite } from '../src/store/sqlite.ts';

const path = `fixtures/store-schema-${SCHEMA_VERSION}.json`;
if (existsSync(path)) throw new Error(`${path} is there: the fixture of a released schema is never made again`);
if (postgresUrl === undefined) throw new Error('run scripts/postgres.sh npx tsx scripts/store-fixture.ts');

async function rowsOf(url: string, open: typeof openSqlite | typeof openPostgres) {
  const store = await openStore(url, { create: true, now: () => T0 });
  const digest = await fillFixture(store);
  await store.close();
  const connection = await open(url, { create: false, now: () => T0 });
  const rows: Record<string, unknown[]> = {};
  for (const table of TABLES) {
    const all = (await connection.db.selectFrom(table).selectAll().execute()).map((row) => JSON.stringify(row));
    rows[table] = all.sort().map((row) => JSON.parse(row) as unknown);
  }
  await connection.close();
  return { digest, rows };
}

const [sqlite, postgres] = [sqlitePlaces(), postgresPlaces(postgresUrl)];
const here = await rowsOf(await sqlite.fresh(), openSqlite);
const there = await rowsOf(await postgres.fresh(), openPostgres);
// Salts are random, and what is hashed with them.
const unsalted = (value: unknown) =>
  JSON.stringify(value, (key, one: unknown) => (['salt', 'hash', 'head'].includes(key) ? undefined : one));
if (unsalted(here) !== unsalted(there)) throw new Error('the two stores differ');
const version = `CREATE TABLE goodhart_schema (version INTEGER PRIMARY KEY, name`;
const statements = (kind: 'sqlite' | 'postgres') => [
  `${version} ${WORDS[kind].text} NOT NULL, applied_at ${WORDS[kind].text} NOT NULL)`,
  ...MIGRATIONS.flatMap(({ statements }) => statements(WORDS[kind])),
];
writeJson(path, {
  provenance: `scripts/store-fixture.ts of the version that brought schema ${SCHEMA_VERSION}; the same rows from SQLite and PostgreSQL`,
  schema: SCHEMA_VERSION,
  digest: here.digest,
  statements: { sqlite: statements('sqlite'), postgres: statements('postgres') },
  rows: here.rows,
});
await sqlite.dispose();
await postgres.dispose();
