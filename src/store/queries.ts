import { type CompiledQuery, type SqlBool, sql } from 'kysely';
import type { FeedbackRecord } from '../feedback/index.ts';
import type { RecordRow } from './chain.ts';
import { inPostgres, type Trx } from './connection.ts';
import type { Entry } from './derive.ts';
import { ANSWERED, type ItemStateRow, type RaterStateRow, type SeatRow, WORK } from './schema.ts';

/** Reads of a project by sets, so that a batch of any size costs a fixed number of statements. */
export interface Pair {
  readonly rater: number;
  readonly item: number;
}
/** One number per pair, for maps: up to 2^26 items of a project and as many raters. */
export const pairKey = ({ rater, item }: Pair): number => rater * 2 ** 26 + item;

interface SearchOptions {
  readonly from: number;
  readonly besides: readonly string[];
}

export type ItemWithState = ItemStateRow & { readonly id: string; readonly body: string };
export type RaterWithState = RaterStateRow & { readonly id: string; readonly body: string | null };

/** Pairs as the rows of a query. */
const pairsTable = (trx: Trx, pairs: readonly Pair[]) =>
  inPostgres(trx)
    ? sql`SELECT * FROM unnest(${pairs.map(({ rater }) => rater)}::int[], ${pairs.map(({ item }) => item)}::int[])`
    : sql`VALUES ${sql.join(pairs.map(({ rater, item }) => sql`(CAST(${rater} AS INTEGER), CAST(${item} AS INTEGER))`))}`;
/** Whether a column has one of some values. */
const among = (trx: Trx, column: string, values: readonly (string | number)[]) =>
  inPostgres(trx)
    ? sql<SqlBool>`${sql.ref(column)} = ANY(${values})`
    : sql<SqlBool>`${sql.ref(column)} IN (${sql.join(values)})`;
const isOpen = sql<SqlBool>`s.open = 1`;
/** In the words of the index. */
const isDraft = sql<SqlBool>`type = 'draft'`;
const ROW = ['seq', 'id', 'type', 'rater', 'item', 'body', 'salt'] as const;

const itemsWithState = (trx: Trx, project: number) =>
  trx
    .selectFrom('item_state as s')
    .innerJoin('items as i', (join) => join.onRef('i.project', '=', 's.project').onRef('i.item', '=', 's.item'))
    .selectAll('s')
    .select(['i.id', 'i.body'])
    .where('s.project', '=', project);

const ratersWithState = (trx: Trx, project: number) =>
  trx
    .selectFrom('raters as r')
    .innerJoin('rater_state as s', (join) => join.onRef('r.project', '=', 's.project').onRef('r.rater', '=', 's.rater'))
    .selectAll('s')
    .select(['r.id', 'r.body'])
    .where('r.project', '=', project);

const itemAndRaterQueries = (trx: Trx, project: number) => ({
  itemsById: (ids: readonly string[]): Promise<ItemWithState[]> =>
    trx
      .selectFrom('items as i')
      .innerJoin('item_state as s', (join) => join.onRef('s.project', '=', 'i.project').onRef('s.item', '=', 'i.item'))
      .selectAll('s')
      .select(['i.id', 'i.body'])
      .where('i.project', '=', project)
      .where(among(trx, 'i.id', ids))
      .execute(),
  itemsByNumber: (items: readonly number[]): Promise<ItemWithState[]> =>
    itemsWithState(trx, project)
      .where(among(trx, 's.item', items))
      .execute(),
  ratersById: (ids: readonly string[]): Promise<RaterWithState[]> =>
    ratersWithState(trx, project)
      .where(among(trx, 'r.id', ids))
      .execute(),
  ratersByNumber: (raters: readonly number[]): Promise<RaterWithState[]> =>
    ratersWithState(trx, project)
      .where(among(trx, 'r.rater', raters))
      .execute(),
});

const recordQueries = (trx: Trx, project: number) => ({
  recordsBy: (column: 'id' | 'idem', values: readonly string[]) =>
    trx
      .selectFrom('records')
      .select(['seq', 'id', 'idem', 'type', 'rater', 'item', 'body', 'hash'])
      .where('project', '=', project)
      .where(among(trx, column, values))
      .execute(),

  async recordsOfPairs(pairs: readonly Pair[]): Promise<Entry[]> {
    const { rows } = await sql<EntryRow>`
      WITH p (rater, item) AS (${pairsTable(trx, pairs)})
      SELECT r.seq, r.rater, r.item, r.body FROM p CROSS JOIN records r
      WHERE r.project = ${project} AND r.item = p.item AND r.rater = p.rater`.execute(trx);
    return rows.map(toEntry);
  },
  recordsOfItems: async (items: readonly number[]): Promise<Entry[]> =>
    (
      await trx
        .selectFrom('records')
        .select(['seq', 'rater', 'item', 'body'])
        .where('project', '=', project)
        .where(among(trx, 'item', items))
        .execute()
    ).map(toEntry),
  recordsOfRater: async (rater: number): Promise<Entry[]> =>
    (
      await trx
        .selectFrom('records')
        .select(['seq', 'rater', 'item', 'body'])
        .where('project', '=', project)
        .where('rater', '=', rater)
        .execute()
    ).map(toEntry),
  /** Records of a rater, on an item or at all, with what erasing them takes. */
  rowsOfRater: (rater: number, item?: number): Promise<RecordRow[]> =>
    trx
      .selectFrom('records')
      .select(ROW)
      .where('project', '=', project)
      .where('rater', '=', rater)
      .$if(item !== undefined, (query) => query.where('item', '=', item!))
      .orderBy('seq')
      .execute(),
  async draftsOfPairs(pairs: readonly Pair[]): Promise<RecordRow[]> {
    const { rows } = await sql<RecordRow>`
      WITH p (rater, item) AS (${pairsTable(trx, pairs)})
      SELECT r.seq, r.id, r.type, r.rater, r.item, r.body, r.salt FROM p CROSS JOIN records r
      WHERE r.project = ${project} AND r.item = p.item AND r.rater = p.rater AND r.type = 'draft'
      ORDER BY r.seq`.execute(trx);
    return rows;
  },
  draftCounts: (raters: readonly number[]) =>
    trx
      .selectFrom('records')
      .select(({ fn }) => ['rater', fn.countAll<number>().as('drafts')])
      .where('project', '=', project)
      .where(among(trx, 'rater', raters))
      .where(isDraft)
      .groupBy('rater')
      .execute(),
  /** The drafts of a rater that were written first; all without `limit`. */
  oldestDrafts: (rater: number, limit?: number): Promise<RecordRow[]> =>
    trx
      .selectFrom('records')
      .select(ROW)
      .where('project', '=', project)
      .where('rater', '=', rater)
      .where(isDraft)
      .orderBy('seq')
      .$if(limit !== undefined, (query) => query.limit(limit!))
      .execute(),
  /** Withdrawals and what was done to them, of some raters or of all. */
  personalRecords: async (raters?: readonly number[]): Promise<Entry[]> =>
    (
      await trx
        .selectFrom('records')
        .select(['seq', 'rater', 'item', 'body'])
        .where('project', '=', project)
        .where('item', 'is', null)
        .$if(raters !== undefined, (query) => query.where(among(trx, 'rater', raters!)))
        .execute()
    ).map(toEntry),
});

const seatQueries = (trx: Trx, project: number) => ({
  async seatsOfPairs(pairs: readonly Pair[]): Promise<SeatRow[]> {
    const { rows } = await sql<SeatRow>`
      WITH p (rater, item) AS (${pairsTable(trx, pairs)})
      SELECT s.* FROM p CROSS JOIN seats s
      WHERE s.project = ${project} AND s.rater = p.rater AND s.item = p.item`.execute(trx);
    return rows;
  },
  seatsWithin: (raters: readonly number[], items: readonly number[]): Promise<SeatRow[]> =>
    trx
      .selectFrom('seats')
      .selectAll()
      .where('project', '=', project)
      .where(among(trx, 'rater', raters))
      .where(among(trx, 'item', items))
      .execute(),
  /** What raters of some ids hold, with the items. */
  async reservedSeats(raters: readonly string[]): Promise<{ seat: SeatRow; item: ItemWithState }[]> {
    const { rows } = await sql<SeatRow & ItemWithState>`
      SELECT s.*, i.id, i.body, t.rater, t.purpose, t.answered, t."right", t.expires, t.presentation
      FROM raters r CROSS JOIN seats t CROSS JOIN item_state s CROSS JOIN items i
      WHERE r.project = ${project} AND ${among(trx, 'r.id', raters)}
        AND t.project = r.project AND t.rater = r.rater AND t.expires IS NOT NULL
        AND s.project = t.project AND s.item = t.item AND i.project = t.project AND i.item = t.item`.execute(trx);
    return rows.map(({ rater, purpose, answered, right, expires, presentation, ...item }) => ({
      seat: { project, rater, item: item.item, purpose, answered, right, expires, presentation },
      item,
    }));
  },
  expiredSeats: (at: number, limit: number): Promise<SeatRow[]> =>
    trx
      .selectFrom('seats')
      .selectAll()
      .where('project', '=', project)
      .where('expires', 'is not', null)
      .where('expires', '<=', at)
      .orderBy('expires')
      .limit(limit)
      .execute(),

  /** A statement that removes a seat which is neither answered nor reserved any more. */
  dropSeat: ({ rater, item, purpose }: Pick<SeatRow, 'rater' | 'item' | 'purpose'>): CompiledQuery =>
    trx
      .deleteFrom('seats')
      .where('project', '=', project)
      .where('rater', '=', rater)
      .where('item', '=', item)
      .where('purpose', '=', purpose)
      .compile(),
});

/** Searches for what a rater may be given. */
const searchQueries = (trx: Trx, project: number) => ({
  /** Open items of a lane in the project's order, those at `from` and after it first. */
  openItems: (lane: string, options: { readonly from: number; readonly limit: number }): Promise<ItemWithState[]> =>
    itemsWithState(trx, project)
      .where('s.lane', '=', lane)
      .where(isOpen)
      .$if(options.from > 0, (query) => query.where('s.rank', '=', 0).where('s.shuffle', '>=', options.from))
      .orderBy('s.rank')
      .orderBy('s.shuffle')
      .limit(options.limit)
      .execute(),
  /** The first open item of a lane that a rater has no seat at, other than those of some ids. */
  openItemFor: (rater: number, lane: string, { from, besides }: SearchOptions): Promise<ItemWithState | undefined> =>
    itemsWithState(trx, project)
      .where('s.lane', '=', lane)
      .where(isOpen)
      .$if(besides.length > 0, (query) => query.where('i.id', 'not in', besides))
      .$if(from > 0, (query) => query.where('s.rank', '=', 0).where('s.shuffle', '>=', from))
      .where(({ not, exists, selectFrom }) =>
        not(
          exists(
            selectFrom('seats as t')
              .select('t.item')
              .whereRef('t.project', '=', 's.project')
              .whereRef('t.item', '=', 's.item')
              .where('t.rater', '=', rater)
              .where((eb) => eb.or([eb('t.answered', '>=', ANSWERED.whole), eb('t.expires', 'is not', null)])),
          ),
        ),
      )
      .orderBy('s.rank')
      .orderBy('s.shuffle')
      .limit(1)
      .executeTakeFirst(),
  /** The first item of a role, from a place on, that a rater has no seat at, other than those of some ids. */
  poolItemFor: (
    rater: number,
    role: ItemStateRow['role'],
    { from, besides }: SearchOptions,
  ): Promise<ItemWithState | undefined> =>
    itemsWithState(trx, project)
      .where(sql<SqlBool>`s.role <> 'work' AND s.archived = 0`)
      .$if(besides.length > 0, (query) => query.where('i.id', 'not in', besides))
      .where('s.role', '=', role)
      .where('s.shuffle', '>=', from)
      .where(({ not, exists, selectFrom }) =>
        not(
          exists(
            selectFrom('seats as t')
              .select('t.item')
              .whereRef('t.project', '=', 's.project')
              .whereRef('t.item', '=', 's.item')
              .where('t.rater', '=', rater),
          ),
        ),
      )
      .orderBy('s.shuffle')
      .limit(1)
      .executeTakeFirst(),
  /** Work items that a rater finished and never saw again, earliest first. */
  async repeatable(rater: number, limit: number): Promise<number[]> {
    const { rows } = await sql<{ item: number }>`
      SELECT r.item FROM records r
      JOIN seats s ON s.project = r.project AND s.rater = r.rater AND s.item = r.item
        AND s.purpose = ${sql.lit(WORK)} AND s.answered = ${sql.lit(ANSWERED.whole)}
      JOIN item_state i ON i.project = r.project AND i.item = r.item AND i.archived = 0
      WHERE r.project = ${project} AND r.rater = ${rater} AND r.type = 'judgment' AND NOT EXISTS (
        SELECT 1 FROM seats t WHERE t.project = r.project AND t.rater = r.rater AND t.item = r.item AND t.purpose >= 4)
      ORDER BY r.seq LIMIT ${sql.lit(limit)}`.execute(trx);
    return rows.map(({ item }) => item);
  },
});

/** Queries over one project inside one transaction. */
export const queriesOf = (trx: Trx, project: number) => ({
  ...itemAndRaterQueries(trx, project),
  ...recordQueries(trx, project),
  ...seatQueries(trx, project),
  ...searchQueries(trx, project),
});
export type Queries = ReturnType<typeof queriesOf>;

interface EntryRow {
  readonly seq: number;
  readonly rater: number;
  readonly item: number | null;
  readonly body: string;
}
/** A stored record; its text was checked when it came in. */
export const toEntry = ({ seq, rater, item, body }: EntryRow): Entry => ({
  seq,
  rater,
  item,
  record: JSON.parse(body) as FeedbackRecord,
});
