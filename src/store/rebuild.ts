import { type Item, type Project, type RaterProfile, wantedOfItem } from '../feedback/index.ts';
import { grouped, type Trx } from './connection.ts';
import {
  type Answered,
  answeredSeats,
  contribution,
  countGroups,
  type Entry,
  foldEntries,
  freshRater,
  laneOf,
  needsAnswers,
  seatOnItem,
  seatOnRater,
  settle,
} from './derive.ts';
import { queriesOf, toEntry } from './queries.ts';
import {
  ANSWERED,
  emptyTotals,
  type ItemStateRow,
  PRESENTED,
  PURPOSES,
  type RaterStateRow,
  type SeatRow,
  type Totals,
} from './schema.ts';
import { writeRows } from './write-rows.ts';

/** What follows from a project's records, made from nothing but them, the reservations, and the scores of items. */
export interface Derived {
  readonly raters: readonly RaterStateRow[];
  readonly totals: Totals;
}

/** Items and seats of a stretch of a project. */
export interface DerivedPart {
  readonly items: readonly ItemStateRow[];
  readonly seats: readonly SeatRow[];
}

const RECORDS_AT_ONCE = 5000;

/**
 * Derives a project item by item, in the order of item numbers, with as little in memory as its busiest items need.
 * Nothing is written: parts go to `take`.
 */
export async function deriveProject(
  trx: Trx,
  { number, project }: { readonly number: number; readonly project: Project },
  take: (part: DerivedPart) => Promise<void>,
): Promise<Derived> {
  const queries = queriesOf(trx, number);
  const ids = await trx.selectFrom('raters').select(['rater', 'id', 'body']).where('project', '=', number).execute();
  const numbers = new Map(ids.map(({ rater, id }) => [id, rater]));
  const profiles = new Map(
    ids.map(({ rater, body }) => [rater, body === null ? undefined : (JSON.parse(body) as RaterProfile)]),
  );
  const raters = new Map(ids.map(({ rater }) => [rater, freshRater(number, rater)]));
  const totals = emptyTotals();
  const personal = grouped(await queries.personalRecords(), ({ rater }) => rater);
  for (const entries of personal.values()) totals.personal += entries.length;
  const reserved = grouped(
    await trx.selectFrom('seats').selectAll().where('project', '=', number).where('expires', 'is not', null).execute(),
    ({ item }) => item,
  );

  const deriveItem = (row: ItemStateRow, item: Item, entries: readonly Entry[]): SeatRow[] => {
    const whose = [...new Set(entries.map(({ rater }) => rater))];
    const state = foldEntries([...entries, ...whose.flatMap((rater) => personal.get(rater) ?? [])]);
    totals.skips += state.skips.length;
    totals.flags += state.flags.length;
    const seats = seatRows(row, answeredSeats(project, { ...item, role: row.role }, state), {
      numbers,
      reserved: reserved.get(row.item) ?? [],
    });
    row.lane = laneOf(project, item.strata);
    row.wanted = row.role === 'work' ? wantedOfItem(project, item.id, needsAnswers(project) ? state.judgments : []) : 0;
    row.done = 0;
    row.reserved = 0;
    for (const seat of seats) {
      const on = seatOnItem(seat.purpose, seat);
      row.done += on.done;
      row.reserved += on.reserved;
      const rater = raters.get(seat.rater)!;
      const has = seatOnRater(seat.purpose, seat);
      rater[PRESENTED[PURPOSES[seat.purpose]!]] += has.presented;
      rater.qualified += has.qualified;
    }
    row.archived = state.archives.length;
    settle(project, row);
    contribution(totals, row, 1);
    return seats;
  };

  for await (const [from, to] of stretches(trx, number)) {
    const rows = await trx
      .selectFrom('item_state as s')
      .innerJoin('items as i', (join) => join.onRef('i.project', '=', 's.project').onRef('i.item', '=', 's.item'))
      .selectAll('s')
      .select('i.body')
      .where('s.project', '=', number)
      .where('s.item', '>=', from)
      .where('s.item', '<=', to)
      .orderBy('s.item')
      .execute();
    const records = await trx
      .selectFrom('records')
      .select(['seq', 'rater', 'item', 'body'])
      .where('project', '=', number)
      .where('item', '>=', from)
      .where('item', '<=', to)
      .execute();
    const byItem = grouped(records.map(toEntry), ({ item }) => item);
    const items: ItemStateRow[] = [];
    const seats: SeatRow[] = [];
    for (const { body, ...row } of rows) {
      seats.push(...deriveItem(row, JSON.parse(body) as Item, byItem.get(row.item) ?? []));
      items.push(row);
    }
    await take({ items, seats });
  }
  for (const rater of raters.values()) {
    if (rater.work > 0) totals.active += 1;
    countGroups(totals, project, { profile: profiles.get(rater.rater), by: rater.work });
  }
  return { raters: [...raters.values()], totals };
}

/** Seats of an item: the answered ones, with reservations laid over them. */
function seatRows(
  { project, item }: ItemStateRow,
  answered: ReadonlyMap<string, ReadonlyMap<number, Answered>>,
  { numbers, reserved }: { readonly numbers: ReadonlyMap<string, number>; readonly reserved: readonly SeatRow[] },
): SeatRow[] {
  const seats: SeatRow[] = [];
  for (const [raterId, byPurpose] of answered) {
    const rater = numbers.get(raterId)!;
    for (const [purpose, { answered: far, right }] of byPurpose) {
      const held = reserved.find((seat) => seat.rater === rater && seat.purpose === purpose);
      const over = far >= ANSWERED.whole;
      const { expires, presentation } = over || held === undefined ? { expires: null, presentation: null } : held;
      seats.push({ project, rater, item, purpose, answered: far, right, expires, presentation });
    }
  }
  for (const held of reserved) {
    if (seats.some((seat) => seat.rater === held.rater && seat.purpose === held.purpose)) continue;
    seats.push({ ...held, answered: ANSWERED.none, right: null });
  }
  return seats;
}

/** Cuts the items of a project into stretches of neighbours with few records together. */
async function* stretches(trx: Trx, project: number): AsyncGenerator<readonly [number, number]> {
  const counts = await trx
    .selectFrom('records')
    .select(({ fn }) => ['item', fn.countAll<number>().as('records')])
    .where('project', '=', project)
    .where('item', 'is not', null)
    .groupBy('item')
    .execute();
  const records = new Map(counts.map((row) => [row.item, row.records]));
  const { last } = await trx
    .selectFrom('items')
    .select(({ fn }) => fn.max('item').as('last'))
    .where('project', '=', project)
    .executeTakeFirstOrThrow();
  for (let from = 1; from <= (last ?? 0); ) {
    let to = from;
    let sum = records.get(from) ?? 0;
    while (to < last && to - from < 1000 && sum + (records.get(to + 1) ?? 0) <= RECORDS_AT_ONCE) {
      to += 1;
      sum += records.get(to) ?? 0;
    }
    yield [from, to];
    from = to + 1;
  }
}

/**
 * Derives a project and writes the result over what was there. Reservations and scores stay; `fresh`, for a project that
 * was just loaded, counts every seat as a presentation.
 */
export async function rebuildProject(
  trx: Trx,
  where: { readonly number: number; readonly project: Project },
  { fresh }: { readonly fresh: boolean },
): Promise<{ items: number; raters: number; seats: number }> {
  const { number } = where;
  const before = await trx
    .selectFrom('project_state')
    .select('totals')
    .where('project', '=', number)
    .executeTakeFirst();
  const openings = (JSON.parse(before!.totals) as Totals).openings + 1;
  const counts = { items: 0, raters: 0, seats: 0 };
  // Reservations are read before anything is deleted, and written again with their items.
  let cleared = false;
  const derived = await deriveProject(trx, where, async ({ items, seats }) => {
    if (!cleared) await trx.deleteFrom('seats').where('project', '=', number).execute();
    cleared = true;
    await writeRows(trx, 'seats', seats);
    const shown = grouped(fresh ? seats : [], ({ item }) => item);
    await writeRows(
      trx,
      'item_state',
      items.map((row) => ({ ...row, shown: fresh ? (shown.get(row.item)?.length ?? 0) : row.shown })),
    );
    counts.items += items.length;
    counts.seats += seats.length;
  });
  await writeRows(trx, 'rater_state', derived.raters);
  counts.raters = derived.raters.length;
  await trx
    .updateTable('project_state')
    .set({ totals: JSON.stringify({ ...derived.totals, openings }) })
    .where('project', '=', number)
    .execute();
  return counts;
}
