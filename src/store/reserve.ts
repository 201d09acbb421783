import {
  fullQuota,
  type Item,
  nextPurpose,
  type Presentation,
  type Purpose,
  present,
  raterInCohorts,
} from '../feedback/index.ts';
import { DataError, UsageError } from '../run/index.ts';
import { lanePlaces, scatter, scatterFraction } from './derive.ts';
import type { ItemWithState } from './queries.ts';
import { ANSWERED, type ItemStateRow, PURPOSES, purposeCode, type SeatRow } from './schema.ts';
import type { Session } from './session.ts';
import type { ItemEntry, RaterEntry } from './working-set.ts';

/** An item handed to a rater until a time. Whoever shows it hides `item.gold`, `item.role` and the purpose as the study asks. */
export interface Reservation {
  readonly item: Item;
  /** What to show, and to send back with the judgment. */
  readonly presentation: Presentation;
  readonly purpose: Purpose;
  /** ISO 8601. Asking again before then returns the same reservation and moves this on. */
  readonly expiresAt: string;
}

/** Milliseconds of an ISO 8601 time. */
export function timeOf(now: string): number {
  const at = Date.parse(now);
  if (Number.isNaN(at)) throw new DataError('time', `time ${now}: expected ISO 8601, for example 2026-01-01T12:00:00Z`);
  return at;
}

const EXPIRED_AT_ONCE = 100;

/** Gives back reservations that ran out; at most a few hundred per call, so that no call is slow. Whether more may be left. */
export async function reclaim(session: Session, at: number): Promise<boolean> {
  await session.flush();
  return takeBack(session, at, await expiredSeats(session, at));
}
export const expiredSeats = (session: Session, at: number) => session.queries.expiredSeats(at, EXPIRED_AT_ONCE);

/** Gives back what `expiredSeats` found. */
export async function takeBack(session: Session, at: number, expired: readonly SeatRow[]): Promise<boolean> {
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
  /** Everyone who reserves in this batch. */
  readonly #raters: readonly number[];
  readonly #windows = new Map<string, Window>();
  /** Whether reservations that ran out may still be there. */
  #moreExpired: boolean;

  constructor(session: Session, options: { readonly raters: readonly number[]; readonly moreExpired: boolean }) {
    this.#session = session;
    this.#raters = options.raters;
    this.#moreExpired = options.moreExpired;
  }

  /** Takes back more of what ran out, before a rater is told that nothing is left; false when there is no more. */
  async reclaimMore(at: number): Promise<boolean> {
    if (!this.#moreExpired) return false;
    this.#moreExpired = await reclaim(this.#session, at);
    return true;
  }

  async #window(lane: string, from: number): Promise<Window> {
    const known = this.#windows.get(lane);
    if (known !== undefined) return known;
    const session = this.#session;
    await session.flush();
    const limit = this.#raters.length + 8;
    const random = session.project.distribution.order === 'random';
    let rows = await session.queries.openItems(lane, { from: random ? from : 0, limit });
    if (random && rows.length < limit) {
      const start = await session.queries.openItems(lane, { from: 0, limit: limit - rows.length });
      const seen = new Set(rows.map(({ item }) => item));
      rows = [...rows, ...start.filter(({ item }) => !seen.has(item))];
    }
    await session.loadSeatsWithin(
      this.#raters,
      rows.map(({ item }) => item),
    );
    const last = rows.at(-1);
    const end = last === undefined || rows.length < limit ? null : { rank: last.rank, shuffle: last.shuffle };
    const window = { entries: session.keepItems(rows), end };
    this.#windows.set(lane, window);
    return window;
  }

  /** The next work item for a rater among lanes, by the project's order; undefined when there is none at all. */
  async work(rater: RaterEntry, lanes: readonly string[]): Promise<ItemEntry | undefined> {
    const session = this.#session;
    const { rater: number } = rater.row;
    const shown = PURPOSES.reduce((sum, purpose) => sum + session.progressOf(rater).presented[purpose], 0);
    const from = scatter(`draw/${rater.row.id}/${shown}`);
    const fits = ({ row }: ItemEntry) => row.open === 1 && session.isFree({ rater: number, item: row.item });
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
    return this.#search(rater, lanes, from);
  }

  /** Asks the database itself, for a rater who has judged what is in front. */
  async #search(rater: RaterEntry, lanes: readonly string[], from: number): Promise<ItemEntry | undefined> {
    const session = this.#session;
    await session.flush();
    const random = session.project.distribution.order === 'random';
    const found: ItemWithState[] = [];
    for (const lane of random ? drawLanes(session, lanes, from) : lanes) {
      const row =
        (random && (await session.queries.openItemFor(rater.row.rater, lane, from))) ||
        (await session.queries.openItemFor(rater.row.rater, lane, 0));
      if (row !== undefined) found.push(row);
      if (random && row !== undefined) break;
    }
    await session.loadSeats(found.map(({ item }) => ({ rater: rater.row.rater, item })));
    return session.keepItems(found).sort(byRank)[0];
  }

  /** An item of a role that a rater has not seen. */
  async pool(rater: RaterEntry, role: ItemStateRow['role']): Promise<ItemEntry | undefined> {
    const session = this.#session;
    if ((session.totals.roles[role] ?? 0) === 0) return undefined;
    await session.flush();
    const { row } = rater;
    const from = scatter(`pool/${row.id}/${row.gold + row.training + row.qualification}`);
    const found =
      (await session.queries.poolItemFor(row.rater, role, from)) ??
      (await session.queries.poolItemFor(row.rater, role, 0));
    if (found === undefined) return undefined;
    await session.loadSeats([{ rater: row.rater, item: found.item }]);
    return session.keepItems([found])[0];
  }

  /** An item that a rater has judged, with the presentation of then and the judgment it is compared with. */
  async repeat(rater: RaterEntry): Promise<{ item: ItemEntry; order: readonly number[]; repeats: string } | undefined> {
    const session = this.#session;
    await session.flush();
    const [number] = await session.queries.repeatable(rater.row.rater, 1);
    if (number === undefined) return undefined;
    const pair = { rater: rater.row.rater, item: number };
    await session.loadItems([], [number]);
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
    -Math.log(Math.max(1e-12, scatterFraction(`${seed}/${lane}`))) / (session.totals.open[lane] ?? 1e-9);
  return [...lanes].sort((a, b) => clock(a) - clock(b));
}

export interface ReserveRequest {
  readonly raterId: string;
  readonly now: string;
  /** This work item and no other, for example after an undo. */
  readonly itemId?: string | undefined;
  /** Order of its replies that the rater saw before; another one may be drawn without. */
  readonly order?: readonly number[] | undefined;
  /** Items that the rater has open: another one is wanted. */
  readonly besides?: readonly string[] | undefined;
}

/** What a rater should see next, reserved for them; or why there is nothing. */
export async function reserveFor(
  session: Session,
  allocator: Allocator,
  { raterId, now, itemId, order: asBefore, besides = [] }: ReserveRequest,
): Promise<Reservation | { readonly none: string }> {
  const { project } = session;
  const at = timeOf(now);
  const rater = session.rater(raterId);
  if (rater === undefined) throw unknownRater(project.id, raterId);
  const expires = Math.round(at + project.distribution.reservationMinutes * 60_000);
  const held = session
    .reserved(rater.row.rater)
    .find((seat) => seat.expires! > at && !besides.includes(session.itemNumber(seat.item).row.id));
  if (held !== undefined) {
    const item = session.itemNumber(held.item);
    if (itemId !== undefined && item.row.id !== itemId)
      return { none: `item ${item.row.id} is reserved for this rater; answer, skip or release it first` };
    session.setSeat(rater, item, { ...held, expires: Math.max(expires, held.expires!) });
    return reservation(item, { presentation: JSON.parse(held.presentation!) as Presentation, expires });
  }
  let chosen = await choose(session, allocator, { rater, itemId });
  while ('none' in chosen && (await allocator.reclaimMore(at)))
    chosen = await choose(session, allocator, { rater, itemId });
  if ('none' in chosen) return chosen;
  const { item, purpose, order = asBefore, repeats } = chosen;
  const shown = present(item.item(), {
    view: project.view,
    instructionsVersion: project.instructions.at(-1)?.version ?? 'none',
    shownAt: now,
    earlier: item.row.shown,
    start: scatterFraction(`order/${item.row.id}`),
  });
  const presentation: Presentation = {
    ...shown,
    ...(order?.length === shown.order.length && { order: [...order] }),
    ...(purpose !== 'work' && { purpose }),
    ...(repeats !== undefined && { repeats }),
  };
  const seat = session.seat({ rater: rater.row.rater, item: item.row.item, purpose: purposeCode(purpose) });
  session.presented(item);
  session.setSeat(rater, item, {
    purpose: purposeCode(purpose),
    answered: seat?.answered ?? ANSWERED.none,
    right: seat?.right ?? null,
    expires,
    presentation: JSON.stringify(presentation),
  });
  return reservation(item, { presentation, expires });
}

const reservation = (
  item: ItemEntry,
  { presentation, expires }: { presentation: Presentation; expires: number },
): Reservation => ({
  item: item.item(),
  presentation,
  purpose: presentation.purpose ?? 'work',
  expiresAt: new Date(expires).toISOString(),
});

export const unknownRater = (projectId: string, raterId: string) =>
  new UsageError('rater', `project ${projectId}: expected a rater of the project, got ${raterId}; add the rater first`);

interface Choice {
  readonly item: ItemEntry;
  readonly purpose: Purpose;
  readonly order?: readonly number[];
  readonly repeats?: string;
}

async function choose(
  session: Session,
  allocator: Allocator,
  { rater, itemId }: { rater: RaterEntry; itemId?: string | undefined },
): Promise<Choice | { readonly none: string }> {
  const { project, totals } = session;
  const rules = project.distribution;
  const next = nextPurpose(rules, rater.row.id, session.progressOf(rater));
  if ('none' in next) return next;
  const { purpose } = next;
  if (purpose === 'qualification') {
    const item = await allocator.pool(rater, 'qualification');
    if (item !== undefined) return { item, purpose };
    return {
      none: `no qualification item is left for this rater: ${rules.qualification!.items} are asked, the project has ${totals.roles.qualification ?? 0}`,
    };
  }
  const { demographics } = rater.profile ?? {};
  const quota = fullQuota(rules, demographics, { wanted: totals.wanted, counts: totals.groups });
  if (quota !== undefined) return { none: `the quota for ${quota} has no place for this rater` };
  const lanes = Object.keys(totals.open)
    .filter((lane) => raterInCohorts(rules, lanePlaces(lane), demographics))
    .sort();
  if (itemId !== undefined) {
    const item = session.item(itemId);
    if (item === undefined) throw unknownItem(project.id, itemId);
    if (!session.isFree({ rater: rater.row.rater, item: item.row.item }))
      return { none: `this rater has answered item ${itemId}` };
    if (item.row.open === 0 || !lanes.includes(item.row.lane)) return { none: `item ${itemId} is not open` };
    return { item, purpose: 'work' };
  }
  if (purpose === 'gold' || purpose === 'training') {
    const item = await allocator.pool(rater, purpose);
    if (item !== undefined) return { item, purpose };
  }
  if (purpose === 'repeat' || purpose === 'swapped-repeat') {
    const found = await allocator.repeat(rater);
    if (found !== undefined) {
      const order = purpose === 'repeat' ? found.order : [...found.order].reverse();
      return { ...found, order, purpose };
    }
  }
  if (Object.keys(totals.open).length === 0)
    return { none: 'every item has the judgments it needs or is being judged' };
  const nothing = { none: 'no open item is left that this rater may judge and has not seen' };
  if (lanes.length === 0 || rater.row.exhausted === totals.openings) return nothing;
  const item = await allocator.work(rater, lanes);
  if (item !== undefined) return { item, purpose: 'work' };
  session.exhaust(rater);
  return nothing;
}

export const unknownItem = (projectId: string, itemId: string) =>
  new UsageError('item', `project ${projectId}: expected an item of the project, got ${itemId}; check its id`);
