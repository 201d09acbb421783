import type { Generated } from 'kysely';
import type { Item, Purpose } from '../feedback/index.ts';

/**
 * Tables of a store. Every key starts with the project's number; items and raters have numbers within their project, so
 * that the big tables hold no long ids. Two sorts of table: what was given (`projects`, `items`, `raters`, `records`),
 * and what follows from it (`project_state`, `item_state`, `rater_state`, `seats`), which `rebuild` makes again.
 * Times are milliseconds since 1970.
 */
export interface Tables {
  goodhart_schema: { version: number; name: string; applied_at: string };
  projects: {
    project: Generated<number>;
    id: string;
    /** Canonical JSON, as are all bodies. */
    body: string;
    /** `ready`, or `loading:<token>` while a whole project is being written; only ready ones are seen. */
    status: string;
  };
  project_state: {
    project: number;
    /** Number and hash of the last record. */
    seq: number;
    head: string;
    /** Items and raters so far: the last numbers given out. */
    items: number;
    raters: number;
    /** JSON of `Totals`. */
    totals: string;
  };
  items: { project: number; item: number; id: string; body: string };
  item_state: ItemStateRow;
  /** `body` is null for who appears in records only. */
  raters: { project: number; rater: number; id: string; body: string | null };
  rater_state: RaterStateRow;
  seats: SeatRow;
  records: {
    project: number;
    /** 1, 2, 3 … without gaps, in the order of acknowledgement. */
    seq: number;
    id: string;
    /** Idempotency key, where it is not the record's id. */
    idem: string | null;
    type: string;
    /** Whom the record is about: its author, or for an undo the author of what it takes back. */
    rater: number;
    /** Which item it is about; for an undo that of what it takes back; null for withdrawals and their undoing. */
    item: number | null;
    body: string;
    /** Random, 32 hex digits; null once the record is erased. */
    salt: string | null;
    /** SHA-256 over the hash before and the commitment to salt and body (`chain.ts`). */
    hash: string;
  };
}

export interface ItemStateRow {
  project: number;
  item: number;
  role: NonNullable<Item['role']>;
  /** Places of the cohorts that hold the item, joined by commas: who may get one item of a lane may get all. */
  lane: string;
  /** Place of the item in a random order of its project, 31 bits. */
  shuffle: number;
  /** Set by a selection rule; higher first. */
  priority: number;
  /** What the project's `order` sorts by, lower first. */
  rank: number;
  /** Work judgments wanted; raters who gave them; raters who hold a reservation. */
  wanted: number;
  done: number;
  reserved: number;
  /** Times the item was handed out, which balances the order of its replies. */
  shown: number;
  /** 1 while another rater may be asked. */
  open: number;
  /** Records that put the item away; 0 while it is among the project's. */
  archived: number;
}

export interface RaterStateRow {
  project: number;
  rater: number;
  work: number;
  qualification: number;
  training: number;
  gold: number;
  repeats: number;
  swapped: number;
  /** Qualification items answered right. */
  qualified: number;
  /** `Totals.openings` when the rater was last found to have nothing left; −1 if never. */
  exhausted: number;
}

/** One rater at one item for one purpose. A seat that is neither answered nor reserved has no row. */
export interface SeatRow {
  project: number;
  rater: number;
  item: number;
  /** Index into `PURPOSES`. */
  purpose: number;
  /** Index into `ANSWERED`. */
  answered: number;
  /** Whether the known answer was given: 1, 0, or null where there is none to compare with. */
  right: number | null;
  /** When the reservation ends; null when there is none. */
  expires: number | null;
  /** JSON of the presentation that was reserved. */
  presentation: string | null;
}

/** Codes in the database: never reorder, only append. */
export const PURPOSES = ['work', 'qualification', 'training', 'gold', 'repeat', 'swapped-repeat'] as const;
PURPOSES satisfies readonly Purpose[];
export const purposeCode = (purpose: Purpose): number => PURPOSES.indexOf(purpose);
export const WORK = purposeCode('work');

/** How far a rater's answers on an item go. Codes in the database. */
export const ANSWERED = { none: 0, partly: 1, whole: 2, skipped: 3 } as const;

/** Column of `rater_state` that counts a purpose. */
export const PRESENTED = {
  work: 'work',
  qualification: 'qualification',
  training: 'training',
  gold: 'gold',
  repeat: 'repeats',
  'swapped-repeat': 'swapped',
} as const satisfies Record<Purpose, keyof RaterStateRow>;

/** Sums over a project, kept with it so that progress and quotas need no scan. */
export interface Totals {
  /** Items by role, those that were put away left out. */
  roles: Record<string, number>;
  /** Items that were put away. */
  archived: number;
  /** Over work items: judgments wanted, given, and reserved. */
  wanted: number;
  done: number;
  reserved: number;
  /** Open items by lane. */
  open: Record<string, number>;
  /** Quota attribute → value → work seats. */
  groups: Record<string, Record<string, number>>;
  /** Raters with work given or reserved. */
  active: number;
  /** Skips and flags that stand. */
  skips: number;
  flags: number;
  /** Records that belong to no item. */
  personal: number;
  /** Grows whenever an item opens. */
  openings: number;
}

export const emptyTotals = (): Totals => ({
  roles: {},
  archived: 0,
  wanted: 0,
  done: 0,
  reserved: 0,
  open: {},
  groups: {},
  active: 0,
  skips: 0,
  flags: 0,
  personal: 0,
  openings: 0,
});
