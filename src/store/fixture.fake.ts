import { readdirSync, readFileSync } from 'node:fs';
import { CompiledQuery, type Kysely } from 'kysely';
import type { FeedbackStore } from './index.ts';
import { anItem, answerAll, aProject, judged, prepared, reserved, someItems, T0 } from './places.fake.ts';
import type { Tables } from './schema.ts';

/** Small stores of released schemas, from which every later version must open. */
export interface SchemaFixture {
  readonly schema: number;
  readonly digest: string;
  readonly statements: Readonly<Record<'sqlite' | 'postgres', readonly string[]>>;
  readonly rows: Readonly<Record<string, readonly Readonly<Record<string, string | number | null>>[]>>;
}
export const TABLES = [
  'goodhart_schema',
  'projects',
  'project_state',
  'items',
  'item_state',
  'raters',
  'rater_state',
  'seats',
  'records',
] as const satisfies readonly (keyof Tables)[];

const FOLDER = new URL('../../fixtures/', import.meta.url);
export const schemaFixtures = (): SchemaFixture[] =>
  readdirSync(FOLDER)
    .filter((name) => /^store-schema-\d+\.json$/.test(name))
    .map((name) => JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8')) as SchemaFixture);

/** Makes the store of a fixture in an empty database, as the version of then left it. */
export async function makeFixture(
  db: Kysely<Tables>,
  kind: 'sqlite' | 'postgres',
  { statements, rows }: Pick<SchemaFixture, 'statements' | 'rows'>,
): Promise<void> {
  for (const text of statements[kind]) await db.executeQuery(CompiledQuery.raw(text));
  for (const [table, all] of Object.entries(rows)) {
    for (const row of all) {
      const columns = Object.keys(row);
      const marks = columns.map((_, i) => (kind === 'sqlite' ? '?' : `$${i + 1}`));
      const names = columns.map((name) => `"${name}"`);
      const text = `INSERT INTO ${table} (${names.join(', ')}) VALUES (${marks.join(', ')})`;
      await db.executeQuery(CompiledQuery.raw(text, Object.values(row)));
    }
  }
  // The numbers in the rows were given out.
  if (kind === 'postgres') {
    const text = `SELECT setval(pg_get_serial_sequence('projects', 'project'), max(project)) FROM projects`;
    await db.executeQuery(CompiledQuery.raw(text));
  }
}

/** A project with some of everything; its digest. */
export async function fillFixture(store: FeedbackStore): Promise<string> {
  const id = 'fixture';
  const distribution = {
    overlap: 2,
    gold: { every: 3, mode: 'gold' as const },
    quotas: [{ attribute: 'region', shares: { north: 0.9 } }],
    cohorts: [{ name: 'law', items: { topic: ['law'] }, raters: { region: ['north'] } }],
  };
  await prepared(store, aProject(id, distribution), {
    items: [
      ...someItems(id, 5, (i) => ({ strata: { topic: i === 0 ? 'law' : 'other' } })),
      anItem(id, 100, { role: 'gold', gold: 0 }),
    ],
    raters: [
      { id: 'rater-0', kind: 'human', demographics: { region: 'north' }, consent: { version: '1', at: T0 } },
      { id: 'rater-1', kind: 'simulated' },
    ],
  });
  await store.setPriorities(id, [['item-1', 0.5]]);
  await answerAll(store, id, 'rater-0', { most: 4 });
  const got = await reserved(store, id, 'rater-1');
  await store.submit(judged(got, 'rater-1', { id: 'keyed' }), { key: 'a-key' });
  const base = { projectId: id, raterId: 'rater-1', at: T0 };
  await store.submit({ type: 'undo', id: 'undo', ...base, undoes: 'keyed' });
  await store.submit({ type: 'skip', id: 'skip', ...base, itemId: got.item.id, reason: 'unclear' });
  await store.withdraw(id, 'rater-1', { at: T0 });
  await reserved(store, id, 'rater-0');
  return store.digest(id);
}
