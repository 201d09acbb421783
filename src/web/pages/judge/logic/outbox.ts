import type { RequestOf, ResponseOf } from '../../../../server/index.ts';

/**
 * What a rater gave and the server has not acknowledged yet. Every entry is written to the browser's storage before it is
 * sent and removed once acknowledged, is sent in order, one at a time, and again under the same idempotency key until it
 * gets through: a reload, a lost connection or a lost answer neither loses nor doubles anything.
 */
export interface Kinds {
  readonly submit: 'POST /api/judge/{project}/submit';
  readonly skip: 'POST /api/judge/{project}/skip';
  readonly flag: 'POST /api/judge/{project}/flag';
  readonly undo: 'POST /api/judge/{project}/undo';
}
export type EntryKind = keyof Kinds;
export type BodyOf<K extends EntryKind> = Omit<RequestOf<Kinds[K]>['body'], 'idempotencyKey'>;
export type AnswerTo<K extends EntryKind> = ResponseOf<Kinds[K]>;

interface EntryOf<K extends EntryKind> {
  /** Idempotency key. */
  readonly key: string;
  readonly project: string;
  readonly kind: K;
  readonly body: BodyOf<K>;
  /** Times it was sent; more than 0 means that the server may have it. */
  readonly attempts: number;
  /** Why the server will never take it; such an entry waits for the person, not for the connection. */
  readonly refused: string | null;
}
export type Entry = { readonly [K in EntryKind]: EntryOf<K> }[EntryKind];

/** Part of `Storage` that is used. */
export interface KeyValues {
  readonly length: number;
  key(index: number): string | null;
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/** What an error of sending means. */
export type Verdict = 'retry' | 'sign-in' | { readonly refused: string };

export interface OutboxOptions {
  readonly storage: KeyValues;
  /** Whose answers these are: nobody else's session sends them. */
  readonly owner: string;
  readonly send: (entry: Entry) => Promise<AnswerTo<EntryKind>>;
  readonly verdict: (error: unknown) => Verdict;
  /** Calls `then` after `ms`; returns what cancels it. */
  readonly later: (ms: number, then: () => void) => () => void;
  /** Runs in one tab at a time. */
  readonly exclusive: (effect: () => Promise<void>) => Promise<void>;
}

export interface OutboxState {
  /** In the order of sending. */
  readonly entries: readonly Entry[];
  readonly sending: boolean;
  /** The last attempt did not get through. */
  readonly trouble: 'offline' | 'sign-in' | null;
  /** The browser keeps nothing: entries are lost when the page is closed. */
  readonly volatile: boolean;
}

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;
/** Doubling from one second to half a minute. */
export const waitBefore = (failures: number): number =>
  Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.max(0, failures - 1));

export class Outbox {
  readonly #options: OutboxOptions;
  readonly #prefix: string;
  readonly #listeners = new Set<() => void>();
  readonly #acknowledged = new Set<(entry: Entry, answer: AnswerTo<EntryKind>) => void>();
  /** Entries that storage would not take. */
  readonly #unkept = new Map<string, string>();
  #state: OutboxState;
  #failures = 0;
  #cancel: (() => void) | null = null;
  #running = false;

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#prefix = `goodhart/outbox/${options.owner}/`;
    this.#state = { entries: [], sending: false, trouble: null, volatile: false };
    this.#changed({});
  }

  /** The same object until something changes. */
  readonly state = (): OutboxState => this.#state;
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
  /** Tells what the server answered to an entry of this tab or of an earlier page. */
  onAcknowledged(listener: (entry: Entry, answer: AnswerTo<EntryKind>) => void): () => void {
    this.#acknowledged.add(listener);
    return () => this.#acknowledged.delete(listener);
  }

  /** Keeps something to send and starts sending. */
  add<K extends EntryKind>(kind: K, { project, key, body }: { project: string; key: string; body: BodyOf<K> }): void {
    const last = this.#slots().at(-1)?.number ?? 0;
    const entry = { key, project, kind, body, attempts: 0, refused: null } as unknown as Entry;
    // The key makes the name unique even where two tabs add at once.
    this.#write(`${this.#prefix}${String(last + 1).padStart(9, '0')}/${key}`, entry);
    this.#changed({});
    this.retry();
  }

  /** Takes an entry out that was never sent; false when the server may have it already. */
  takeBack(key: string): boolean {
    const slot = this.#slots().find(({ entry }) => entry.key === key);
    if (slot === undefined || slot.entry.attempts > 0) return false;
    this.#remove(slot.name);
    this.#changed({});
    return true;
  }

  /** Drops an entry that the server refused; the person has read why. */
  discard(key: string): void {
    const slot = this.#slots().find(({ entry }) => entry.key === key && entry.refused !== null);
    if (slot !== undefined) this.#remove(slot.name);
    this.#changed({});
  }

  /** Sends now instead of waiting: the connection is back, or the person asks. */
  retry(): void {
    this.#cancel?.();
    this.#cancel = null;
    if (this.#running) return;
    this.#running = true;
    void this.#options
      .exclusive(() => this.#sendAll())
      .finally(() => {
        this.#running = false;
        const waiting = this.#next() !== undefined;
        this.#changed({ sending: false, ...(!waiting && { trouble: null }) });
        if (waiting && this.#cancel === null) {
          const wait = this.#failures === 0 ? 0 : waitBefore(this.#failures);
          this.#cancel = this.#options.later(wait, () => this.retry());
        }
      });
  }

  /** Reads storage again: another tab may have changed it. */
  refresh(): void {
    this.#changed({});
  }

  async #sendAll(): Promise<void> {
    for (let slot = this.#next(); slot !== undefined; slot = this.#next()) {
      const { name } = slot;
      const entry = { ...slot.entry, attempts: slot.entry.attempts + 1 };
      this.#write(name, entry);
      this.#changed({ sending: true });
      try {
        const answer = await this.#options.send(entry);
        this.#failures = 0;
        this.#remove(name);
        this.#changed({ trouble: null });
        for (const listener of this.#acknowledged) listener(entry, answer);
      } catch (error) {
        const verdict = this.#options.verdict(error);
        if (typeof verdict === 'string') {
          this.#failures += 1;
          this.#changed({ trouble: verdict === 'retry' ? 'offline' : 'sign-in' });
          return;
        }
        this.#write(name, { ...entry, refused: verdict.refused });
        this.#changed({});
      }
    }
  }

  #next() {
    return this.#slots().find(({ entry }) => entry.refused === null);
  }

  #slots(): { readonly name: string; readonly number: number; readonly entry: Entry }[] {
    const { storage } = this.#options;
    const names = new Set(this.#unkept.keys());
    for (let i = 0; i < storage.length; i++) {
      const name = storage.key(i);
      if (name?.startsWith(this.#prefix) === true) names.add(name);
    }
    return [...names].sort().flatMap((name) => {
      const text = this.#unkept.get(name) ?? storage.getItem(name);
      return text === null
        ? []
        : [{ name, number: Number(name.slice(this.#prefix.length).split('/')[0]), entry: JSON.parse(text) as Entry }];
    });
  }
  #write(name: string, entry: Entry): void {
    const text = JSON.stringify(entry);
    try {
      this.#options.storage.setItem(name, text);
      this.#unkept.delete(name);
    } catch {
      // Full, or forbidden: kept in memory, and said.
      this.#unkept.set(name, text);
    }
  }
  #remove(name: string): void {
    this.#unkept.delete(name);
    this.#options.storage.removeItem(name);
  }
  #changed(change: Partial<Pick<OutboxState, 'sending' | 'trouble'>>): void {
    this.#state = {
      ...this.#state,
      ...change,
      entries: this.#slots().map(({ entry }) => entry),
      volatile: this.#unkept.size > 0,
    };
    for (const listener of this.#listeners) listener();
  }
}
