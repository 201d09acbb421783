import type { CompiledQuery } from 'kysely';
import {
  type FeedbackRecord,
  type Item,
  type Project,
  type RaterProfile,
  recordKey,
  wantedOfItem,
} from '../feedback/index.ts';
import { enterChain, type RecordRow, tombstoneOf } from './chain.ts';
import type { LockedProject, Trx } from './connection.ts';
import {
  type Answered,
  answeredSeats,
  contribution,
  countGroups,
  freshItem,
  freshRater,
  needsAnswers,
  seatOnItem,
  seatOnRater,
  settle,
} from './derive.ts';
import type { ItemWithState } from './queries.ts';
import { ANSWERED, PRESENTED, PURPOSES, type Tables, type Totals } from './schema.ts';
import {
  type ItemEntry,
  type RaterEntry,
  type Seat,
  type SeatPlace,
  type StoredRecord,
  WorkingSet,
} from './working-set.ts';
import { recordUpdates, writesOf } from './write-rows.ts';

const EMPTY_SEAT = { answered: ANSWERED.none, right: null, expires: null, presentation: null };

/**
 * A project under its lock: what a batch of operations reads is loaded at once, changed here in order, and written back
 * at once. Operations see each other's changes; the database sees all of them or none.
 */
export class Session extends WorkingSet {
  readonly #trx: Trx;
  #state: Tables['project_state'];
  readonly #dirtyItems = new Map<number, ItemEntry>();
  readonly #dirtyRaters = new Map<number, RaterEntry>();
  /** Rater, item and purpose by one key. */
  readonly #dirtySeats = new Map<string, SeatPlace>();
  #newRecords: Tables['records'][] = [];
  /** Records that are there, and what is left of them. */
  #erased: Pick<Tables['records'], 'project' | 'seq' | 'type' | 'body' | 'salt'>[] = [];
  #newItems: Tables['items'][] = [];
  readonly #newProfiles = new Map<number, Tables['raters']>();

  constructor(trx: Trx, state: Tables['project_state'], project: Project) {
    super(trx, state, project);
    this.#trx = trx;
    this.#state = state;
  }

  /** Takes over the state that the lock has shown; until then it is that of an earlier moment. */
  begin({ body: _, status, ...state }: LockedProject): void {
    this.#state = state;
    this.totals = JSON.parse(state.totals) as Totals;
  }

  /** Last number of the history. */
  get seq(): number {
    return this.#state.seq;
  }

  addItem(item: Item, body: string): void {
    const number = this.#state.items + 1;
    this.#state.items = number;
    const row = { ...freshItem(this.project, { project: this.number, item: number }, item), id: item.id, body };
    const [entry] = this.keepItems([row]);
    this.#newItems.push({ project: this.number, item: number, id: item.id, body });
    contribution(this.totals, row, 1);
    if (row.open === 1) this.totals.openings += 1;
    this.#dirtyItems.set(number, entry!);
  }
  addRater(profile: RaterProfile, body: string): void {
    const number = this.#state.raters + 1;
    this.#state.raters = number;
    const [entry] = this.keepRaters([{ ...freshRater(this.number, number), id: profile.id, body }]);
    this.#newProfiles.set(number, { project: this.number, rater: number, id: profile.id, body });
    this.#dirtyRaters.set(number, entry!);
  }
  /** Replaces a profile; their work moves to the groups they now belong to. */
  changeRater(entry: RaterEntry, profile: RaterProfile, body: string): void {
    const { row } = entry;
    countGroups(this.totals, this.project, { profile: entry.profile, by: -row.work });
    countGroups(this.totals, this.project, { profile, by: row.work });
    entry.profile = profile;
    row.exhausted = -1;
    this.#newProfiles.set(row.rater, { project: this.number, rater: row.rater, id: row.id, body });
    this.#dirtyRaters.set(row.rater, entry);
  }

  /** Changes an item and keeps its rank, its openness and the project's totals in step. */
  #change(entry: ItemEntry, effect: (row: ItemWithState) => void): void {
    const { row } = entry;
    const wasOpen = row.open;
    contribution(this.totals, row, -1);
    effect(row);
    settle(this.project, row);
    contribution(this.totals, row, 1);
    if (wasOpen === 0 && row.open === 1) this.totals.openings += 1;
    this.#dirtyItems.set(row.item, entry);
  }
  prioritise(entry: ItemEntry, score: number): void {
    this.#change(entry, (row) => {
      row.priority = score;
    });
  }
  /** Counts records that put an item away, or take that back. */
  archive(entry: ItemEntry, by: number): void {
    if (by === 0) return;
    this.#change(entry, (row) => {
      row.archived += by;
    });
  }
  presented(entry: ItemEntry): void {
    entry.row.shown += 1;
    this.#dirtyItems.set(entry.row.item, entry);
  }
  exhaust(entry: RaterEntry): void {
    entry.row.exhausted = this.totals.openings;
    this.#dirtyRaters.set(entry.row.rater, entry);
  }

  setSeat(rater: RaterEntry, item: ItemEntry, seat: Omit<Seat, 'rater' | 'item'>): void {
    const { purpose } = seat;
    const at = { rater: rater.row.rater, item: item.row.item, purpose };
    const before = this.seat(at);
    const after = seat.answered === ANSWERED.none && seat.expires === null ? null : { ...seat, ...at };
    this.putSeat(at, after);
    this.#dirtySeats.set(`${at.rater}/${at.item}/${purpose}`, at);
    const [was, is] = [seatOnItem(purpose, before), seatOnItem(purpose, after)];
    if (was.done !== is.done || was.reserved !== is.reserved) {
      this.#change(item, (row) => {
        row.done += is.done - was.done;
        row.reserved += is.reserved - was.reserved;
      });
    }
    const [had, has] = [seatOnRater(purpose, before), seatOnRater(purpose, after)];
    const column = PRESENTED[PURPOSES[purpose]!];
    const worked = rater.row.work > 0;
    rater.row[column] += has.presented - had.presented;
    this.totals.active += Number(rater.row.work > 0) - Number(worked);
    rater.row.qualified += has.qualified - had.qualified;
    if (column === 'work') {
      countGroups(this.totals, this.project, { profile: rater.profile, by: has.presented - had.presented });
    }
    // What this rater may be given has changed.
    if (after === null || after.answered < ANSWERED.whole) rater.row.exhausted = -1;
    this.#dirtyRaters.set(at.rater, rater);
  }

  /** Adds a record to the history. `about` says whose and which item's it is. */
  append(
    { record, body, key }: { record: FeedbackRecord; body: string; key?: string | undefined },
    about: { rater: number; item: number | null },
  ): StoredRecord {
    const { id } = recordKey(record);
    const seq = this.#state.seq + 1;
    const { salt, hash } = enterChain(this.#state.head, { record, body });
    this.#state.seq = seq;
    this.#state.head = hash;
    const idem = key === undefined || key === id ? null : key;
    const row = { project: this.number, seq, id, idem, type: record.type, ...about, body, salt, hash };
    this.#newRecords.push(row);
    if (record.type === 'draft') this.keepDraft(row);
    const stored: StoredRecord = { seq, id, ...about, body, hash };
    this.keepRecord(stored, idem);
    this.keepHistory([{ seq, ...about, record }]);
    if (about.item === null) this.totals.personal += 1;
    return stored;
  }

  /** Leaves of a record nothing but that it was there; false where there is nothing to erase. */
  erase(row: RecordRow, at: string): boolean {
    const left = tombstoneOf(row, at);
    if (left === undefined) return false;
    const change = { type: left.record.type, body: left.body, salt: null };
    const added = this.#newRecords.find(({ seq }) => seq === row.seq);
    if (added !== undefined) Object.assign(added, change);
    else this.#erased.push({ project: this.number, seq: row.seq, ...change });
    if (row.type === 'draft') this.dropDraft(row);
    const known = this.recordById(row.id);
    if (known !== undefined) known.body = left.body;
    this.keepHistory([{ seq: row.seq, rater: row.rater, item: row.item, record: left.record }]);
    return true;
  }

  /** Brings the seats of a rater at an item, and what is wanted of the item, into step with the records. */
  refresh(rater: RaterEntry, entry: ItemEntry): void {
    const { row } = entry;
    const pair = { rater: rater.row.rater, item: row.item };
    const item = { ...entry.item(), role: row.role };
    const answered =
      answeredSeats(this.project, item, this.standing(pair)).get(rater.row.id) ?? new Map<number, Answered>();
    for (const purpose of PURPOSES.keys()) {
      const before = this.seat({ ...pair, purpose });
      const now = answered.get(purpose);
      if (before === null && now === undefined) continue;
      const over = now !== undefined && now.answered >= ANSWERED.whole;
      this.setSeat(rater, entry, {
        purpose,
        answered: now?.answered ?? ANSWERED.none,
        right: now?.right ?? null,
        expires: over ? null : (before?.expires ?? null),
        presentation: over ? null : (before?.presentation ?? null),
      });
    }
    if (row.role !== 'work' || !needsAnswers(this.project)) return;
    const wanted = wantedOfItem(this.project, row.id, this.standingOnItem(row.item).judgments);
    this.#change(entry, (state) => {
      state.wanted = wanted;
    });
  }
  /** Loads everything of a rater, which withdrawals change; the numbers of the items. */
  async loadAllOf(rater: RaterEntry): Promise<readonly number[]> {
    await this.flush();
    const items = new Set<number>();
    for (const { item } of await this.queries.recordsOfRater(rater.row.rater)) if (item !== null) items.add(item);
    const pairs = [...items].map((item) => ({ rater: rater.row.rater, item }));
    await this.loadItems([], [...items]);
    await this.loadSeats(pairs);
    await this.loadHistory(pairs);
    return [...items];
  }

  /** Statements that write what changed, in any order. */
  #writes(): CompiledQuery[] {
    const trx = this.#trx;
    const seats = [...this.#dirtySeats.values()].map((at) => ({
      project: this.number,
      ...at,
      ...(this.seat(at) ?? EMPTY_SEAT),
    }));
    const isEmpty = (seat: Pick<Seat, 'answered' | 'expires'>) =>
      seat.answered === ANSWERED.none && seat.expires === null;
    const rows = <R>(entries: Iterable<{ readonly row: R }>) => [...entries].map(({ row }) => row);
    const [items, profiles, records] = [this.#newItems, [...this.#newProfiles.values()], this.#newRecords];
    const [itemStates, raterStates] = [rows(this.#dirtyItems.values()), rows(this.#dirtyRaters.values())];
    this.#newItems = [];
    this.#newRecords = [];
    const erased = recordUpdates(trx, ['type', 'body', 'salt'], this.#erased);
    this.#erased = [];
    for (const written of [this.#newProfiles, this.#dirtySeats, this.#dirtyItems, this.#dirtyRaters]) written.clear();
    return [
      ...writesOf(trx, 'items', items),
      ...writesOf(trx, 'raters', profiles),
      ...writesOf(trx, 'records', records),
      ...erased,
      ...writesOf(
        trx,
        'seats',
        seats.filter((seat) => !isEmpty(seat)),
      ),
      ...seats.filter(isEmpty).map(this.queries.dropSeat),
      ...writesOf(trx, 'item_state', itemStates),
      ...writesOf(trx, 'rater_state', raterStates),
    ];
  }

  /** Writes what changed in the middle, before a search that must see it. */
  async flush(): Promise<void> {
    await Promise.all(this.#writes().map((statement) => this.#trx.executeQuery(statement)));
  }
  /** Statements that write everything, at the end. */
  lastWrites(): readonly CompiledQuery[] {
    const { project, ...state } = this.#state;
    const whole = this.#trx
      .updateTable('project_state')
      .set({ ...state, totals: JSON.stringify(this.totals) })
      .where('project', '=', project);
    return [...this.#writes(), whole.compile()];
  }
}

/** A project as a session, under its lock or about to be. */
export function sessionOf(trx: Trx, row: LockedProject, parse: (body: string) => Project): Session {
  const { body, status: _, ...state } = row;
  return new Session(trx, state, parse(body));
}
