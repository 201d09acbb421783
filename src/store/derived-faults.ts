import type { Project } from '../feedback/index.ts';
import type { Trx } from './connection.ts';
import { deriveProject } from './rebuild.ts';
import type { ItemStateRow, SeatRow, Totals } from './schema.ts';

/** Differences between what is stored and what follows from the records; none for a sound project. At most a few are told. */
export async function derivedFaults(
  trx: Trx,
  where: { readonly number: number; readonly project: Project },
): Promise<readonly string[]> {
  const { number } = where;
  const faults: string[] = [];
  const fault = (text: string) => {
    if (faults.length < 10) faults.push(text);
  };
  // Seats are compared by rater, through sums that do not depend on their order.
  const seatSums = new Map<number, { count: number; sum: number }>();
  const addSeats = (seats: readonly SeatRow[], sign: 1 | -1) => {
    for (const seat of seats) {
      const entry = seatSums.get(seat.rater) ?? { count: 0, sum: 0 };
      entry.count += sign;
      entry.sum += sign * textSum(seat);
      seatSums.set(seat.rater, entry);
    }
  };
  const stored = async (items: readonly ItemStateRow[]) => {
    const rows = await trx
      .selectFrom('item_state')
      .selectAll()
      .where('project', '=', number)
      .where('item', '>=', items[0]!.item)
      .where('item', '<=', items.at(-1)!.item)
      .execute();
    return new Map(rows.map((row) => [row.item, row]));
  };
  const derived = await deriveProject(trx, where, async ({ items, seats }) => {
    addSeats(seats, 1);
    const there = await stored(items);
    for (const item of items) {
      const odd = firstDifference(item, there.get(item.item));
      if (odd !== undefined) fault(`item ${item.item}: ${odd}`);
    }
  });
  for await (const seats of storedSeats(trx, number)) addSeats(seats, -1);
  for (const [rater, { count, sum }] of seatSums) {
    if (count !== 0 || sum !== 0) fault(`rater ${rater}: seats differ from the records`);
  }
  const rows = await trx.selectFrom('rater_state').selectAll().where('project', '=', number).execute();
  const raterRows = new Map(rows.map((row) => [row.rater, row]));
  for (const rater of derived.raters) {
    const there = raterRows.get(rater.rater);
    const odd = firstDifference({ ...rater, exhausted: there?.exhausted ?? -1 }, there);
    if (odd !== undefined) fault(`rater ${rater.rater}: ${odd}`);
  }
  const state = await trx.selectFrom('project_state').select('totals').where('project', '=', number).executeTakeFirst();
  const totals = JSON.parse(state!.totals) as Totals;
  const odd = firstDifference({ ...derived.totals, openings: totals.openings }, totals);
  if (odd !== undefined) fault(`totals: ${odd}`);
  return faults;
}

/** 31 bits of what follows from records in a seat: sums over the seats of a rater are exact. */
function textSum(seat: SeatRow): number {
  const text = JSON.stringify([seat.item, seat.purpose, seat.answered, seat.right, seat.expires]);
  let h = 7;
  for (let i = 0; i < text.length; i++) h = (h * 31 + text.charCodeAt(i)) % 2_147_483_647;
  return h;
}

function firstDifference<T extends object>(expected: T, got: T | undefined): string | undefined {
  if (got === undefined) return 'no row is stored';
  for (const key of Object.keys(expected) as (keyof T & string)[]) {
    const [want, have] = [sortedJson(expected[key]), sortedJson(got[key])];
    if (want !== have) return `${key} follows as ${want}, stored is ${have}`;
  }
  return undefined;
}
const sortedJson = (value: unknown): string =>
  JSON.stringify(value, (_, v: unknown) =>
    typeof v === 'object' && v !== null && !Array.isArray(v)
      ? Object.fromEntries(Object.entries(v).sort(([a], [b]) => (a < b ? -1 : 1)))
      : v,
  );

async function* storedSeats(trx: Trx, project: number): AsyncGenerator<readonly SeatRow[]> {
  for (let from = 0; ; ) {
    // By whole raters, so that no page needs a place within one.
    const { to } = await trx
      .selectFrom(
        trx
          .selectFrom('rater_state')
          .select('rater')
          .where('project', '=', project)
          .where('rater', '>', from)
          .orderBy('rater')
          .limit(200)
          .as('next'),
      )
      .select(({ fn }) => fn.max('next.rater').as('to'))
      .executeTakeFirstOrThrow();
    if (to === null) return;
    yield await trx
      .selectFrom('seats')
      .selectAll()
      .where('project', '=', project)
      .where('rater', '>', from)
      .where('rater', '<=', to)
      .execute();
    from = to;
  }
}
