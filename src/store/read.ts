import { createHash } from 'node:crypto';
import { type Kysely, sql } from 'kysely';
import type { FeedbackRecord, Item, RaterProfile } from '../feedback/index.ts';
import type { Tables } from './schema.ts';
import type { HistoryEntry, SourceRecord } from './store.ts';

/**
 * Streams of a project, page by page: no statement stays open between pages, so a slow reader holds up nothing. Bodies
 * are in canonical form.
 */
type Db = Kysely<Tables>;
const PAGE = 1000;

async function* pages<T>(next: (last: T | undefined) => Promise<readonly T[]>): AsyncGenerator<T> {
  for (let last: T | undefined; ; ) {
    const page = await next(last);
    yield* page;
    if (page.length < PAGE) return;
    last = page.at(-1);
  }
}

/** Items by number: in the order they were added. */
export const itemRows = (db: Db, project: number) =>
  pages<{ item: number; id: string; body: string; priority: number }>((last) =>
    db
      .selectFrom('items as i')
      .innerJoin('item_state as s', (join) => join.onRef('s.project', '=', 'i.project').onRef('s.item', '=', 'i.item'))
      .select(['i.item', 'i.id', 'i.body', 's.priority'])
      .where('i.project', '=', project)
      .where('i.item', '>', last?.item ?? 0)
      .orderBy('i.item')
      .limit(PAGE)
      .execute(),
  );

/** Profiles by number; who appears in records only has none. */
export const profileRows = (db: Db, project: number) =>
  pages<{ rater: number; body: string | null }>((last) =>
    db
      .selectFrom('raters')
      .select(['rater', 'body'])
      .where('project', '=', project)
      .where('rater', '>', last?.rater ?? 0)
      .where('body', 'is not', null)
      .orderBy('rater')
      .limit(PAGE)
      .execute(),
  );

/** More than any number of a record. */
const ALL = 2 ** 31 - 1;

export interface RecordRange {
  readonly after?: number;
  readonly until?: number;
  readonly rater?: number | undefined;
  readonly item?: number | undefined;
}
export const recordRows = (db: Db, project: number, { after = 0, until = ALL, rater, item }: RecordRange = {}) =>
  pages<Pick<Tables['records'], 'seq' | 'id' | 'idem' | 'type' | 'salt' | 'hash' | 'body'>>((last) =>
    db
      .selectFrom('records')
      .select(['seq', 'id', 'idem', 'type', 'salt', 'hash', 'body'])
      .where('project', '=', project)
      .where('seq', '>', last?.seq ?? Math.min(after, ALL))
      .where('seq', '<=', until)
      .$if(rater !== undefined, (query) => query.where('rater', '=', rater!))
      .$if(item !== undefined, (query) => query.where('item', '=', item!))
      .orderBy('seq')
      .limit(PAGE)
      .execute(),
  );

export async function* mapRows<A, B>(rows: AsyncIterable<A>, map: (row: A) => B): AsyncGenerator<B> {
  for await (const row of rows) yield map(row);
}
export const parseItem = ({ body }: { body: string }) => JSON.parse(body) as Item;
export const parseProfile = ({ body }: { body: string | null }) => JSON.parse(body!) as RaterProfile;
export const parseEntry = (row: { seq: number; id: string; idem: string | null; hash: string; body: string }) =>
  ({
    seq: row.seq,
    hash: row.hash,
    key: row.idem ?? row.id,
    record: JSON.parse(row.body) as FeedbackRecord,
  }) satisfies HistoryEntry;

/** A record as another store takes it in, to the same hash. */
export const parseSource = ({ salt, ...row }: Parameters<typeof parseEntry>[0] & { salt: string | null }) => {
  const { record, key } = parseEntry(row);
  return { record, key, ...(salt !== null && { salt }) } satisfies SourceRecord;
};

/** Body of an item or a rater by id; null for who appears in records only, undefined where there is none. */
export async function bodyOf(
  db: Db,
  table: 'items' | 'raters',
  { projectId, id }: { readonly projectId: string; readonly id: string },
): Promise<{ readonly body: string | null } | undefined> {
  const { rows } = await sql<{ body: string | null }>`
    SELECT t.body FROM projects p JOIN ${sql.table(table)} t ON t.project = p.project
    WHERE p.id = ${projectId} AND p.status = 'ready' AND t.id = ${id}`.execute(db);
  return rows[0];
}

/**
 * Digest of a project as given: its body, items and raters by id (bytewise), records in order, one canonical JSON value
 * a line, each sort under a heading.
 */
export async function digestProject(db: Db, { number, body }: { number: number; body: string }): Promise<string> {
  const hash = createHash('sha256');
  const add = (text: string) => hash.update(text).update('\n');
  add('project');
  add(body);
  add('items');
  for await (const row of byId(db, 'items', number)) add(row.body!);
  add('raters');
  for await (const row of byId(db, 'raters', number)) if (row.body !== null) add(row.body);
  add('records');
  for await (const row of recordRows(db, number)) add(row.body);
  return hash.digest('hex');
}

const byId = (db: Db, table: 'items' | 'raters', project: number) =>
  pages<{ id: string; body: string | null }>((last) =>
    db
      .selectFrom(table)
      .select(['id', 'body'])
      .where('project', '=', project)
      .where('id', '>', last?.id ?? '')
      .orderBy('id')
      .limit(PAGE)
      .execute(),
  );
