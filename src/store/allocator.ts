import { own } from '../run/index.ts';
import { scatter, scatterFraction } from './derive.ts';
import type { ItemWithState } from './queries.ts';
import { type ItemStateRow, PURPOSES, type SeatRow } from './schema.ts';
import type { Session } from './session.ts';
import type { ItemEntry, RaterEntry } from './working-set.ts';

const EXPIRED_AT_ONCE = 100;
const LANES_AHEAD = 4;

/** Reservations that ran out; at most a hundred per call, so that no call is slow. */
export const expiredSeats = (session: Session, at: number) => session.queries.expiredSeats(at, EXPIRED_AT_ONCE);

/** Gives back what `expiredSeats` found; whether more may be left. */
async function takeBack(session: Session, at: number, expired: readonly SeatRow[]): Promise<boolean> {
  if (expired.length === 0) return false;
  await Promise.all([
    session.loadItems(
      [],
      expired.map(({ item }) => item),
    ),
    session.loadRaters(
      [],
      expired.map(({ rater }) => rater),
    ),
    session.loadSeats(expired),
  ]);
  for (const place of expired) {
    const seat = session.seat(place);
    if (seat === null || seat.expires === null || seat.expires > at) continue;
    const [rater, item] = [session.raterNumber(place.rater), session.itemNumber(place.item)];
    session.setSeat(rater, item, { ...seat, expires: null, presentation: null });
  }
  return expired.length === EXPIRED_AT_ONCE;
}

/** The front of a lane's queue, as it was when the batch began to reserve. */
interface Window {
  readonly entries: readonly ItemEntry[];
  /** Rank and shuffle of the last entry; items further back are not in the window. Null when it holds all. */
  readonly end: { readonly rank: number; readonly shuffle: number } | null;
}

/** Finds items for the raters of one batch. */
export class Allocator {
  readonly #session: Session;
  /** Ids of those who ask for an item in this batch. */
  readonly #asking: ReadonlySet<string>;
  /** Their numbers, once those are known. */
  #raters: readonly number[] = [];
  readonly #windows = new Map<string, Window>();
  /** Whether reservations that ran out may still be there. */
  #moreExpired = false;

  constructor(session: Session, asking: ReadonlySet<string>) {
    this.#session = session;
    this.#asking = asking;
  }

  /** Reads the fronts of the lanes, where there are few: this waits for nothing else. `seed` says where, in a random order. */
  async readAhead(seed: string): Promise<void> {
    const lanes = Object.keys(this.#session.totals.open);
    if (this.#asking.size === 0 || lanes.length > LANES_AHEAD) return;
    await Promise.all(lanes.map(async (lane) => this.#windows.set(lane, await this.#read(lane, scatter(seed)))));
  }
  /** Learns what those who ask hold and have judged of the fronts, once they are loaded. */
  async meet(): Promise<void> {
    this.#raters = [...this.#asking].flatMap((id) => this.#session.rater(id)?.row.rater ?? []);
    await this.#loadSeats([...this.#windows.values()]);
  }
  #loadSeats(windows: readonly Window[]): Promise<void> {
    const items = windows.flatMap(({ entries }) => entries.map(({ row }) => row.item));
    return this.#session.loadSeatsWithin(this.#raters, items);
  }

  /** Takes back what ran out; items that come free may belong in front. */
  async reclaim(at: number, expired: readonly SeatRow[]): Promise<void> {
    if (expired.length > 0) this.#windows.clear();
    this.#moreExpired = await takeBack(this.#session, at, expired);
  }
  /** Takes back more of what ran out, before a rater is told that nothing is left; false when there is no more. */
  async reclaimMore(at: number): Promise<boolean> {
    if (!this.#moreExpired) return false;
    await this.#session.flush();
    await this.reclaim(at, await expiredSeats(this.#session, at));
    return true;
  }

  async #read(lane: string, from: number): Promise<Window> {
    const session = this.#session;
    const limit = this.#asking.size + 8;
    const random = session.project.distribution.order === 'random';
    let rows = await session.queries.openItems(lane, { from: random ? from : 0, limit });
    if (random && rows.length < limit) {
      const start = await session.queries.openItems(lane, { from: 0, limit: limit - rows.length });
      const seen = new Set(rows.map(({ item }) => item));
      rows = [...rows, ...start.filter(({ item }) => !seen.has(item))];
    }
    const last = rows.at(-1);
    const end = last === undefined || rows.length < limit ? null : { rank: last.rank, shuffle: last.shuffle };
    return { entries: session.keepItems(rows), end };
  }
  async #window(lane: string, from: number): Promise<Window> {
    const known = this.#windows.get(lane);
    if (known !== undefined) return known;
    await this.#session.flush();
    const window = await this.#read(lane, from);
    await this.#loadSeats([window]);
    this.#windows.set(lane, window);
    return window;
  }

  /**
   * The next work item for a rater among lanes, by the project's order, other than those of the ids `besides`; undefined
   * when there is none at all.
   */
  async work(rater: RaterEntry, lanes: readonly string[], besides: readonly string[]): Promise<ItemEntry | undefined> {
    const session = this.#session;
    const { rater: number } = rater.row;
    const shown = PURPOSES.reduce((sum, purpose) => sum + session.progressOf(rater).presented[purpose], 0);
    const from = scatter(`draw/${rater.row.id}/${shown}`);
    const fits = ({ row }: ItemEntry) =>
      row.open === 1 && !besides.includes(row.id) && session.isFree({ rater: number, item: row.item });
    if (session.project.distribution.order === 'random') {
      // Lanes in proportion to what is open in them, then a random place in the lane.
      for (const lane of drawLanes(session, lanes, from)) {
        const { entries } = await this.#window(lane, from);
        const start = scatter(`${from}`) % Math.max(1, entries.length);
        const found = [...entries.slice(start), ...entries.slice(0, start)].find(fits);
        if (found !== undefined) return found;
      }
    } else {
      const fronts = await Promise.all(lanes.map((lane) => this.#window(lane, 0)));
      const first = fronts.flatMap(({ entries }) => entries.filter(fits)).sort(byRank)[0];
      const beyond = fronts.some(({ end }) => end !== null && (first === undefined || compare(end, first.row) < 0));
      if (first !== undefined && !beyond) return first;
    }
    return this.#search(rater, lanes, { from, besides });
  }

  /** Asks the database itself, for a rater who has judged what is in front. */
  async #search(
    rater: RaterEntry,
    lanes: readonly string[],
    { from, besides }: { from: number; besides: readonly string[] },
  ): Promise<ItemEntry | undefined> {
    const session = this.#session;
    await session.flush();
    const random = session.project.distribution.order === 'random';
    const found: ItemWithState[] = [];
    for (const lane of random ? drawLanes(session, lanes, from) : lanes) {
      const row =
        (random && (await session.queries.openItemFor(rater.row.rater, lane, { from, besides }))) ||
        (await session.queries.openItemFor(rater.row.rater, lane, { from: 0, besides }));
      if (row !== undefined) found.push(row);
      if (random && row !== undefined) break;
    }
    await session.loadSeats(found.map(({ item }) => ({ rater: rater.row.rater, item })));
    return session.keepItems(found).sort(byRank)[0];
  }

  /** An item of a role that a rater has not seen. */
  async pool(
    rater: RaterEntry,
    role: ItemStateRow['role'],
    besides: readonly string[],
  ): Promise<ItemEntry | undefined> {
    const session = this.#session;
    if ((session.totals.roles[role] ?? 0) === 0) return undefined;
    await session.flush();
    const { row } = rater;
    const from = scatter(`pool/${row.id}/${row.gold + row.training + row.qualification}`);
    const found =
      (await session.queries.poolItemFor(row.rater, role, { from, besides })) ??
      (await session.queries.poolItemFor(row.rater, role, { from: 0, besides }));
    if (found === undefined) return undefined;
    await session.loadSeats([{ rater: row.rater, item: found.item }]);
    return session.keepItems([found])[0];
  }

  /** An item that a rater has judged, with the presentation of then and the judgment it is compared with. */
  async repeat(
    rater: RaterEntry,
    besides: readonly string[],
  ): Promise<{ item: ItemEntry; order: readonly number[]; repeats: string } | undefined> {
    const session = this.#session;
    await session.flush();
    const numbers = await session.queries.repeatable(rater.row.rater, besides.length + 1);
    await session.loadItems([], numbers);
    const number = numbers.find((candidate) => !besides.includes(session.itemNumber(candidate).row.id));
    if (number === undefined) return undefined;
    const pair = { rater: rater.row.rater, item: number };
    await session.loadSeats([pair]);
    await session.loadHistory([pair]);
    const judgment = session
      .standing(pair)
      .judgments.find(({ presentation }) => (presentation.purpose ?? 'work') === 'work');
    if (judgment === undefined) return undefined;
    return { item: session.itemNumber(number), order: judgment.presentation.order, repeats: judgment.id };
  }
}

type Place = { readonly rank: number; readonly shuffle: number };
const compare = (a: Place, b: Place) => a.rank - b.rank || a.shuffle - b.shuffle;
const byRank = (a: ItemEntry, b: ItemEntry) => compare(a.row, b.row);

/** Lanes in random order, one with more open items sooner. */
function drawLanes(session: Session, lanes: readonly string[], seed: number): readonly string[] {
  if (lanes.length < 2) return lanes;
  // Exponential clocks: the smallest of −ln u / weight is lane i with probability proportional to its weight.
  const clock = (lane: string) =>
    -Math.log(Math.max(1e-12, scatterFraction(`${seed}/${lane}`))) / (own(session.totals.open, lane) ?? 1e-9);
  return [...lanes].sort((a, b) => clock(a) - clock(b));
}
