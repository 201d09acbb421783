import type {
  FeedbackRecord,
  FeedbackState,
  Item,
  Presentation,
  Project,
  Purpose,
  RaterProfile,
  RecordOf,
} from '../feedback/index.ts';
import type { Progress as ReportProgress } from '../run/index.ts';
import type { Accounts } from './accounts.ts';

/** Rows one at a time, from memory or from a stream. */
export type Rows<T> = Iterable<T> | AsyncIterable<T>;

/** One record in its place. */
export interface HistoryEntry {
  /** 1, 2, 3 … per project, without gaps, in the order of acknowledgement. */
  readonly seq: number;
  /** SHA-256, hex: over the hash before and the record, so that it stands for the whole history up to here. */
  readonly hash: string;
  /** Idempotency key it was submitted with; its id where none was given. */
  readonly key: string;
  readonly record: FeedbackRecord;
}

export interface HistoryRange {
  /** Records after this number; all from the first by default. */
  readonly after?: number;
  /** Up to and with this number; to the last by default. */
  readonly until?: number;
  /** Records of this rater, and what was done to them: enough to fold the rater's own state. */
  readonly rater?: string;
  /** Records on this item, undoing included. Withdrawals belong to no item. */
  readonly item?: string;
}

export interface ProjectSummary {
  readonly id: string;
  readonly name: string;
  readonly createdAt: string;
  readonly items: number;
  readonly records: number;
}

/** Where a project stands. Counts of judgments are of raters who finished a work item, once per item and rater. */
export interface ProjectProgress {
  readonly id: string;
  readonly name: string;
  readonly items: {
    /** Those that were put away left out. */
    readonly total: number;
    readonly archived: number;
    readonly byRole: Readonly<Record<string, number>>;
    /** Work items that another rater may be given now. */
    readonly open: number;
  };
  /** Over work items: wanted by the rules, given, and being judged now. */
  readonly judgments: { readonly wanted: number; readonly done: number; readonly reserved: number };
  /** Skips and flags that stand. */
  readonly skips: number;
  readonly flags: number;
  readonly raters: { readonly known: number; readonly active: number };
  /** Length of the history. */
  readonly records: number;
  /** Quota attribute → value → work given or reserved. */
  readonly quotas: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** Where a rater stands: what they were given, by purpose, skips left out, and qualification items answered right. */
export interface RaterStanding {
  readonly presented: Readonly<Record<Purpose, number>>;
  readonly qualificationRight: number;
  /** What they hold now. */
  readonly reserved: readonly { readonly itemId: string; readonly purpose: Purpose; readonly expiresAt: string }[];
}

/** A project as one rater meets it: what their page needs, in one read. */
export interface RaterView {
  readonly project: Project;
  /** Work items that another rater may be given now. */
  readonly openItems: number;
  /** Undefined for who has none: a stranger, or one who appears in records only. */
  readonly profile: RaterProfile | undefined;
  /** Undefined for a stranger. */
  readonly standing: RaterStanding | undefined;
}

/** An item handed to a rater until a time. Whoever shows it hides `item.gold`, `item.role` and the purpose as the study asks. */
export interface Reservation {
  readonly item: Item;
  /** What to show, and to send back with the judgment. */
  readonly presentation: Presentation;
  readonly purpose: Purpose;
  /** ISO 8601. Asking again before then returns the same reservation and moves this on. */
  readonly expiresAt: string;
  /** What the rater had begun to answer; undefined for nothing. */
  readonly draft?: RecordOf<'draft'>['content'] | undefined;
}

/** What a submission got: its place in the history and the hash of the history up to it. The record is on disk. */
export interface Acknowledgement {
  readonly id: string;
  /** False when it had been submitted before: nothing was added. */
  readonly stored: boolean;
  /** Whether it gave its work item the last judgment that the rules want. */
  readonly completes: boolean;
  /** 1, 2, 3 … per project, without gaps. */
  readonly seq: number;
  /** SHA-256, hex, chained over all records up to this one. */
  readonly hash: string;
}
export interface Receipt extends Acknowledgement {
  /** Where the author stands after it, and how many work items of the project are open. */
  readonly standing: RaterStanding;
  readonly openItems: number;
}

/** What an erasure did. */
export interface Erasure {
  /** Records whose content is gone, by kind; nothing was done where there are none. */
  readonly erased: Readonly<Record<string, number>>;
  /** Whether the profile (consent, what the rater said of themselves) went too. */
  readonly profile: boolean;
  /** Where the content may still be, a line each. */
  readonly outside: readonly string[];
}

/** One thing that was checked. */
export interface StoreCheck {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

/** A record on its way into a store, with its idempotency key and, so that its hash stays what it was, its salt. */
export interface SourceRecord {
  readonly record: FeedbackRecord;
  readonly key?: string | undefined;
  readonly salt?: string | undefined;
}

/** A whole project, in the order it is to be stored in. */
export interface ProjectSource {
  readonly project: Project;
  readonly items: Rows<Item>;
  readonly raters: Rows<RaterProfile>;
  readonly records: Rows<SourceRecord>;
  /** Scores of a selection rule, by item. */
  readonly priorities?: Rows<readonly [itemId: string, score: number]>;
}

export interface LoadOptions {
  readonly progress?: ReportProgress;
  /** How much the source holds, where that is known. */
  readonly counts?: SourceCounts;
  /** Digest that the result must have; otherwise nothing is kept. */
  readonly digest?: string;
  /** Records have the shape of `feedbackRecordSchema`: they were checked when they were read. */
  readonly checked?: boolean;
}

/** A consistent view of a whole store, for copying it. */
export interface StoreSnapshot {
  readonly projects: readonly string[];
  /** The parts stream; read each to its end before the next. */
  read(projectId: string): Promise<ProjectSource & { readonly digest: string; readonly counts: SourceCounts }>;
}
export interface SourceCounts {
  readonly items: number;
  readonly raters: number;
  readonly records: number;
}

/**
 * Durable storage of projects with their items, raters and the append-only history of feedback, and the distribution of
 * items to raters. Two implementations hold to it, SQLite and PostgreSQL, with one contract suite.
 *
 * - **Acknowledged means durable.** A promise that resolves was committed to disk. One that rejects with an error of the
 *   connection may or may not have been: submit again with the same key, which has an effect once.
 * - **One writer per project at a time**, across processes; calls of one process that wait are committed together.
 * - **Nothing is overwritten** of feedback: `submit` appends. The state is a fold (`foldRecords`) over any prefix.
 * - Errors that a user can mend are `UsageError`, `DataError` or `CheckError` with one line: expected, got, what to do.
 * - Times are ISO 8601 and come from the caller, so that a test or a replay has its own clock.
 */
export interface FeedbackStore {
  readonly kind: 'sqlite' | 'postgres';
  /** Where it is, without a password. */
  readonly place: string;
  /** People who use the Studio on this store. */
  readonly accounts: Accounts;

  /** Creates a project, or changes its name, instructions, form or rules; what follows from these is brought into step. */
  putProject(project: Project): Promise<void>;
  getProject(projectId: string): Promise<Project | undefined>;
  /**
   * Deletes a project for good, where its digest is still what the caller knows it as, as from a backup of it; otherwise
   * refuses, and deletes nothing.
   */
  removeProject(projectId: string, digest: string): Promise<void>;
  /** By id. */
  listProjects(): Promise<readonly ProjectSummary[]>;

  /**
   * Adds items, in batches that are each committed. An item that is there already is passed over, one that differs under
   * a known id is refused: an interrupted call is simply repeated. Items other than work need a known answer (`gold`).
   */
  addItems(projectId: string, items: Rows<Item>): Promise<{ readonly added: number; readonly known: number }>;
  getItem(projectId: string, itemId: string): Promise<Item | undefined>;
  /** In the order they were added. */
  items(projectId: string): AsyncIterable<Item>;

  /** Adds or replaces profiles; how many were new. */
  putRaters(
    projectId: string,
    raters: Rows<RaterProfile>,
  ): Promise<{ readonly added: number; readonly changed: number }>;
  getRater(projectId: string, raterId: string): Promise<RaterProfile | undefined>;
  raters(projectId: string): AsyncIterable<RaterProfile>;

  /** Scores of a selection rule; higher comes first where `distribution.order` is `priority`. How many were set. */
  setPriorities(projectId: string, scores: Rows<readonly [itemId: string, score: number]>): Promise<number>;

  /**
   * What a rater should see next, kept for them until it expires, under every rule of the project's distribution; or why
   * there is nothing. Never a work item that the rater has answered or skipped. A rater who holds a reservation gets it
   * again, with a later end, unless it is `besides`: items that they have open already. `itemId` asks for one work item
   * (after an undo, or to link to one).
   */
  reserve(
    projectId: string,
    raterId: string,
    options: {
      readonly now: string;
      readonly itemId?: string;
      /** With `itemId`: the order that the rater saw it in before. */
      readonly order?: readonly number[];
      readonly besides?: readonly string[];
      /** With `itemId`: what the rater was shown before and took back, reserved again as it was, whatever it was for. */
      readonly again?: Presentation;
      /** What decides where known answers and repeats fall, kept from the rater; the rater's id without. */
      readonly rhythm?: string;
    },
  ): Promise<Reservation | { readonly none: string }>;
  /** Gives a reservation back; false when there was none. */
  release(projectId: string, raterId: string, itemId: string): Promise<boolean>;

  /**
   * Appends a record of any type after checking it: judgments against item, form and reservation, references against the
   * history. The same key (the record's id by default) with the same record, its time aside, gets the first receipt again,
   * with another record an error. A judgment that comes after its reservation ended is kept all the same: work is not thrown away.
   * Only a `lead` may take back records of others, and put items away.
   */
  submit(record: FeedbackRecord, options?: { readonly key?: string; readonly lead?: boolean }): Promise<Receipt>;
  /**
   * Submits records of one project that belong together, such as the answers to a form: all are stored or, when one is
   * refused or the process dies, none. Receipts are in their order. `key` is each record's id.
   */
  submitAll(records: readonly FeedbackRecord[], options?: { readonly lead?: boolean }): Promise<readonly Receipt[]>;
  /**
   * A rater takes back everything up to now and what they hold: a `withdrawal` record. The records stay, marked; what
   * their drafts said is erased.
   */
  withdraw(
    projectId: string,
    raterId: string,
    options: { readonly at: string; readonly reason?: string },
  ): Promise<Receipt>;

  /**
   * Erases for good what a rater gave: everything, with what their profile says of them, or what they gave on one item.
   * Places in the history stay, with commitments in them, so that the chain of hashes still holds; an `erasure` record says
   * what was done.
   */
  erase(
    projectId: string,
    raterId: string,
    options: { readonly at: string; readonly itemId?: string; readonly by?: string },
  ): Promise<Erasure>;
  /** What was erased of a project, in order. */
  erasures(projectId: string): Promise<readonly RecordOf<'erasure'>[]>;
  /** Takes what was erased out of the database's files, as `erase` does at its end; where it may still be. */
  scrub(): Promise<readonly string[]>;

  /** Records in order, streamed; writers are not held up, and records that come in meanwhile are not included. */
  history(projectId: string, range?: HistoryRange): AsyncIterable<HistoryEntry>;
  /** What stands after record `at`, now by default. Holds the history in memory. */
  state(projectId: string, options?: { readonly at?: number }): Promise<FeedbackState>;
  /** What stands now of one item, from everyone. */
  itemState(projectId: string, itemId: string): Promise<FeedbackState>;

  /** In constant time. */
  progress(projectId: string): Promise<ProjectProgress>;
  raterStanding(projectId: string, raterId: string): Promise<RaterStanding>;
  /** Undefined where there is no such project. */
  raterView(projectId: string, raterId: string): Promise<RaterView | undefined>;

  /**
   * SHA-256, hex, of a project as given: project, items and raters by id, records in order. Independent of how and where
   * it is stored; reservations, priorities and idempotency keys are not part of it.
   */
  digest(projectId: string): Promise<string>;

  /** Makes everything that follows from the records again. Reservations, priorities and `shown` stay. */
  rebuild(projectId: string): Promise<{ readonly items: number; readonly raters: number; readonly seats: number }>;
  /**
   * Looks for damage, in every project or one: the database, the chain of hashes, and what is stored against what follows
   * from the records.
   */
  check(projectId?: string): Promise<readonly StoreCheck[]>;

  /** Stores a whole project that is not there yet; all of it, or nothing is seen of it. */
  load(source: ProjectSource, options?: LoadOptions): Promise<{ readonly digest: string } & SourceCounts>;
  /** Loads several projects; all or none are seen. */
  loadAll(
    sources: Rows<{ readonly source: ProjectSource; readonly options?: LoadOptions }>,
  ): Promise<readonly ({ readonly projectId: string; readonly digest: string } & SourceCounts)[]>;
  /** Reads many parts of one moment. */
  snapshot<T>(effect: (snapshot: StoreSnapshot) => Promise<T>): Promise<T>;

  close(): Promise<void>;
}
