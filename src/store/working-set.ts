import type { FeedbackRecord, FeedbackState, Item, Project, RaterProfile, RaterProgress } from '../feedback/index.ts';
import { lazily } from '../run/index.ts';
import type { RecordRow } from './chain.ts';
import { chunks, damaged, type Trx } from './connection.ts';
import { type Entry, foldEntries, needsAnswers, standingOf } from './derive.ts';
import { type ItemWithState, type Pair, pairKey, type Queries, queriesOf, type RaterWithState } from './queries.ts';
import { ANSWERED, PRESENTED, PURPOSES, type SeatRow, type Tables, type Totals } from './schema.ts';
import type { RaterStanding } from './store.ts';

/** A record of the history as submissions refer to it. */
export interface StoredRecord {
  readonly seq: number;
  readonly id: string;
  readonly rater: number;
  readonly item: number | null;
  /** Changes when the record is erased. */
  body: string;
  readonly hash: string;
}
export interface ItemEntry {
  readonly row: ItemWithState;
  /** Read when first asked for. */
  readonly item: () => Item;
}
export interface RaterEntry {
  readonly row: RaterWithState;
  profile: RaterProfile | undefined;
}
export type Seat = Omit<SeatRow, 'project'>;
export type SeatPlace = Pick<Seat, 'rater' | 'item' | 'purpose'>;

/**
 * The part of a project that a batch of operations reads, loaded by sets in a few statements. What is here already stays
 * when it is loaded again, since it may have been changed.
 */
export class WorkingSet {
  readonly project: Project;
  readonly number: number;
  totals: Totals;
  readonly queries: Queries;
  readonly #items = new Map<number, ItemEntry>();
  readonly #itemNumbers = new Map<string, number>();
  readonly #raters = new Map<number, RaterEntry>();
  readonly #raterNumbers = new Map<string, number>();
  /** By pair, then by purpose; undefined where nothing is known. */
  readonly #seats = new Map<number, (Seat | null | undefined)[]>();
  readonly #seatPairs = new Set<number>();
  /** Pairs of a rater that hold or held a reservation. */
  readonly #heldBy = new Map<number, Set<number>>();
  readonly #byId = new Map<string, StoredRecord>();
  readonly #byKey = new Map<string, StoredRecord>();
  readonly #history = new Map<number, Map<number, Entry>>();
  readonly #historyPairs = new Set<number>();
  readonly #wholeItems = new Set<number>();
  readonly #personal = new Map<number, Map<number, Entry>>();
  /** Drafts that still say something, by pair; and how many a rater has, over all items. */
  readonly #drafts = new Map<number, RecordRow[]>();
  readonly #draftCounts = new Map<number, number>();

  constructor(trx: Trx, state: Tables['project_state'], project: Project) {
    this.number = state.project;
    this.project = project;
    this.totals = JSON.parse(state.totals) as Totals;
    this.queries = queriesOf(trx, state.project);
  }

  keepItems(rows: readonly ItemWithState[]): ItemEntry[] {
    return rows.map((row) => {
      const known = this.#items.get(row.item);
      if (known !== undefined) return known;
      const entry = { row, item: lazily(() => JSON.parse(row.body) as Item) };
      this.#items.set(row.item, entry);
      this.#itemNumbers.set(row.id, row.item);
      return entry;
    });
  }
  keepRaters(rows: readonly RaterWithState[]): RaterEntry[] {
    return rows.map((row) => {
      const known = this.#raters.get(row.rater);
      if (known !== undefined) return known;
      const entry = { row, profile: row.body === null ? undefined : (JSON.parse(row.body) as RaterProfile) };
      this.#raters.set(row.rater, entry);
      this.#raterNumbers.set(row.id, row.rater);
      return entry;
    });
  }
  #keepSeats(rows: readonly SeatRow[]): void {
    for (const { project: _, ...seat } of rows) {
      if (this.#seats.get(pairKey(seat))?.[seat.purpose] === undefined) this.putSeat(seat, seat);
    }
  }
  protected putSeat(at: SeatPlace, seat: Seat | null): void {
    const key = pairKey(at);
    const known = this.#seats.get(key) ?? [];
    this.#seats.set(key, known);
    known[at.purpose] = seat;
    if (seat === null || seat.expires === null) return;
    this.#heldBy.set(at.rater, (this.#heldBy.get(at.rater) ?? new Set()).add(key));
  }
  protected keepHistory(entries: readonly Entry[]): void {
    for (const entry of entries) {
      const known = entry.item === null ? this.#personal : this.#history;
      const key = entry.item ?? entry.rater;
      known.set(key, (known.get(key) ?? new Map<number, Entry>()).set(entry.seq, entry));
    }
  }
  protected keepRecord(record: StoredRecord, idem: string | null): void {
    this.#byId.set(record.id, record);
    // A record without a key of its own has its id as key.
    this.#byKey.set(idem ?? record.id, record);
  }

  async loadItems(ids: readonly string[], numbers: readonly number[] = []): Promise<void> {
    const newIds = [...new Set(ids)].filter((id) => !this.#itemNumbers.has(id));
    for (const some of chunks(newIds, 500)) this.keepItems(await this.queries.itemsById(some));
    const newNumbers = [...new Set(numbers)].filter((item) => !this.#items.has(item));
    for (const some of chunks(newNumbers, 500)) this.keepItems(await this.queries.itemsByNumber(some));
  }
  async loadRaters(ids: readonly string[], numbers: readonly number[] = []): Promise<void> {
    const newIds = [...new Set(ids)].filter((id) => !this.#raterNumbers.has(id));
    for (const some of chunks(newIds, 500)) this.keepRaters(await this.queries.ratersById(some));
    const newNumbers = [...new Set(numbers)].filter((rater) => !this.#raters.has(rater));
    for (const some of chunks(newNumbers, 500)) this.keepRaters(await this.queries.ratersByNumber(some));
  }
  /** Records by id, and by idempotency key. */
  async loadRecords(ids: readonly string[], keys: readonly string[]): Promise<void> {
    const load = async (column: 'id' | 'idem', values: readonly string[]) => {
      for (const some of chunks(values, 500)) {
        for (const { idem, ...row } of await this.queries.recordsBy(column, some)) this.keepRecord(row, idem);
      }
    };
    const wanted = new Set([...ids, ...keys]);
    const own = new Set(keys.filter((key) => !ids.includes(key)));
    await Promise.all([load('id', [...wanted]), load('idem', [...own])]);
  }
  async loadSeats(pairs: readonly Pair[]): Promise<void> {
    const missing = pairs.filter((pair) => !this.#seatPairs.has(pairKey(pair)));
    for (const some of chunks(missing, 500)) this.#keepSeats(await this.queries.seatsOfPairs(some));
    for (const pair of missing) this.#seatPairs.add(pairKey(pair));
  }
  /** Seats of every one of some raters at every one of some items. */
  async loadSeatsWithin(raters: readonly number[], items: readonly number[]): Promise<void> {
    if (raters.length === 0 || items.length === 0) return;
    this.#keepSeats(await this.queries.seatsWithin(raters, items));
    for (const rater of raters) for (const item of items) this.#seatPairs.add(pairKey({ rater, item }));
  }
  /** What raters hold, with the items. */
  async loadReserved(raters: readonly string[]): Promise<void> {
    if (raters.length === 0) return;
    const held = await this.queries.reservedSeats(raters);
    this.keepItems(held.map(({ item }) => item));
    this.#keepSeats(held.map(({ seat }) => seat));
  }
  /**
   * Records of raters on items and their withdrawals; where the answers of an item decide what is wanted of it, those of
   * everyone.
   */
  async loadHistory(pairs: readonly Pair[]): Promise<void> {
    const raters = new Set(pairs.map(({ rater }) => rater));
    if (needsAnswers(this.project)) {
      const items = [...new Set(pairs.map(({ item }) => item))].filter(
        (item) => !this.#wholeItems.has(item) && this.itemNumber(item).row.role === 'work',
      );
      for (const some of chunks(items, 500)) this.keepHistory(await this.queries.recordsOfItems(some));
      for (const item of items) {
        this.#wholeItems.add(item);
        for (const entry of this.#history.get(item)?.values() ?? []) raters.add(entry.rater);
      }
    }
    await this.#loadPairs(pairs);
    await this.loadPersonal([...raters]);
  }
  async #loadPairs(pairs: readonly Pair[]): Promise<void> {
    const missing = pairs.filter((pair) => !this.#wholeItems.has(pair.item) && !this.#historyPairs.has(pairKey(pair)));
    for (const some of chunks(missing, 500)) this.keepHistory(await this.queries.recordsOfPairs(some));
    for (const pair of missing) this.#historyPairs.add(pairKey(pair));
  }
  /** Records of raters on items and their withdrawals: enough for what stands of each rater on each item. */
  async loadOwn(pairs: readonly Pair[]): Promise<void> {
    await this.#loadPairs(pairs);
    await this.loadPersonal([...new Set(pairs.map(({ rater }) => rater))]);
  }
  async loadPersonal(raters: readonly number[]): Promise<void> {
    const missing = raters.filter((rater) => !this.#personal.has(rater));
    for (const rater of missing) this.#personal.set(rater, new Map());
    if (this.totals.personal === 0) return;
    for (const some of chunks(missing, 500)) this.keepHistory(await this.queries.personalRecords(some));
  }

  /** Drafts of raters at items, and how many they have at all. */
  async loadDrafts(pairs: readonly Pair[]): Promise<void> {
    const missing = pairs.filter((pair) => !this.#drafts.has(pairKey(pair)));
    if (missing.length === 0) return;
    for (const pair of missing) this.#drafts.set(pairKey(pair), []);
    const raters = [...new Set(missing.map(({ rater }) => rater))].filter((rater) => !this.#draftCounts.has(rater));
    const [rows, counts] = await Promise.all([
      this.queries.draftsOfPairs(missing),
      raters.length === 0 ? [] : this.queries.draftCounts(raters),
    ]);
    for (const row of rows) this.#drafts.get(pairKey({ rater: row.rater, item: row.item! }))!.push(row);
    for (const rater of raters) this.#draftCounts.set(rater, 0);
    for (const { rater, drafts } of counts) this.#draftCounts.set(rater, drafts);
  }
  protected keepDraft(row: RecordRow): void {
    const key = pairKey({ rater: row.rater, item: row.item! });
    this.#drafts.set(key, [...(this.#drafts.get(key) ?? []), row]);
    this.#draftCounts.set(row.rater, this.draftCount(row.rater) + 1);
  }
  protected dropDraft(row: RecordRow): void {
    const key = pairKey({ rater: row.rater, item: row.item! });
    const left = this.#drafts.get(key)?.filter(({ seq }) => seq !== row.seq);
    if (left !== undefined) this.#drafts.set(key, left);
    this.#draftCounts.set(row.rater, this.draftCount(row.rater) - 1);
  }
  draftsAt(pair: Pair): readonly RecordRow[] {
    return this.#drafts.get(pairKey(pair)) ?? [];
  }
  draftCount(rater: number): number {
    return this.#draftCounts.get(rater) ?? 0;
  }

  item(id: string): ItemEntry | undefined {
    const number = this.#itemNumbers.get(id);
    return number === undefined ? undefined : this.#items.get(number);
  }
  itemNumber(number: number): ItemEntry {
    const entry = this.#items.get(number);
    if (entry === undefined) throw damaged(`item ${number} of project ${this.project.id} is missing`);
    return entry;
  }
  rater(id: string): RaterEntry | undefined {
    const number = this.#raterNumbers.get(id);
    return number === undefined ? undefined : this.#raters.get(number);
  }
  raterNumber(number: number): RaterEntry {
    const entry = this.#raters.get(number);
    if (entry === undefined) throw damaged(`rater ${number} of project ${this.project.id} is missing`);
    return entry;
  }
  recordById(id: string): StoredRecord | undefined {
    return this.#byId.get(id);
  }
  recordByKey(key: string): StoredRecord | undefined {
    return this.#byKey.get(key);
  }
  seat({ rater, item, purpose }: SeatPlace): Seat | null {
    return this.#seats.get(pairKey({ rater, item }))?.[purpose] ?? null;
  }
  /** Reserved seats of a rater, the one that ends first in front. */
  reserved(rater: number): Seat[] {
    const seats = [...(this.#heldBy.get(rater) ?? [])].flatMap((key) => this.#seats.get(key)!);
    const held = seats.filter((seat) => seat !== null && seat !== undefined && seat.expires !== null) as Seat[];
    return held.sort((a, b) => a.expires! - b.expires!);
  }
  /** Whether a rater has nothing at an item that keeps it from being given to them. */
  isFree(pair: Pair): boolean {
    const seats = this.#seats.get(pairKey(pair)) ?? [];
    return !seats.some((seat) => seat && (seat.answered >= ANSWERED.whole || seat.expires !== null));
  }
  /** Where a rater stands; what they hold must have been loaded. */
  standingOfRater({ row }: RaterEntry): RaterStanding {
    const held = this.reserved(row.rater);
    return standingOf(
      row,
      held.map(({ item, purpose, expires }) => ({ id: this.itemNumber(item).row.id, purpose, expires: expires! })),
    );
  }
  progressOf({ row }: RaterEntry): RaterProgress {
    const presented = Object.fromEntries(PURPOSES.map((purpose) => [purpose, row[PRESENTED[purpose]]]));
    return { presented: presented as RaterProgress['presented'], qualificationRight: row.qualified };
  }
  /** What stands of a rater on an item, or would after one more record. */
  standing({ rater, item }: Pair, more?: FeedbackRecord): FeedbackState {
    const entries = [...(this.#history.get(item)?.values() ?? [])].filter((entry) => entry.rater === rater);
    const next = more === undefined ? [] : [{ seq: Number.POSITIVE_INFINITY, rater, item, record: more }];
    return foldEntries([...entries, ...this.#personalOf(rater), ...next]);
  }
  /** What stands of an item, from everyone; only where `loadHistory` loads everyone's records. */
  standingOnItem(item: number): FeedbackState {
    const entries = [...(this.#history.get(item)?.values() ?? [])];
    const raters = [...new Set(entries.map(({ rater }) => rater))];
    return foldEntries([...entries, ...raters.flatMap((rater) => this.#personalOf(rater))]);
  }
  /** Which of a rater's withdrawals stand. */
  standingPersonal(rater: number): FeedbackState {
    return foldEntries(this.#personalOf(rater));
  }
  #personalOf(rater: number): Entry[] {
    return [...(this.#personal.get(rater)?.values() ?? [])];
  }
}
