import { GoodhartError } from '../run/index.ts';
import { ProtocolError } from './protocol-error.ts';

/** What a request came to: JSON, and for passes and samples protobuf too, made when it is asked for. */
export interface Result {
  readonly json: () => object;
  readonly protobuf?: () => Uint8Array;
  /** About how much memory it holds. */
  readonly bytes?: number;
}
/** What an array takes besides its numbers. */
export const ROW_BYTES = 128;
export const jsonResult = (value: object): Result => ({ json: () => value });

/** Whose fault a failure is, as the protocol has it. */
export type Category = 'user' | 'server';
export interface Failure {
  readonly error: string;
  readonly category: Category;
}
export type Settled = { readonly result: Result } | { readonly failure: Failure };

/** What a request is asked by: how large it was is how much memory it holds until its turn has come. */
export interface Asked {
  readonly digest: string;
  readonly bytes: number;
}

interface Entry {
  readonly ended: Promise<void>;
  settled: Settled | undefined;
}

export interface FutureOptions {
  /** Prefix of ids, another at every start of the server. */
  readonly start: string;
  /** Most requests that wait; more are told to come again. */
  readonly mostWaiting: number;
  /** Most bytes of requests that wait. */
  readonly mostWaitingBytes: number;
  /** Most results kept for clients that ask again, and most bytes of them; the oldest go first. */
  readonly mostKept: number;
  readonly mostBytes: number;
  /** Writes a defect down and returns what to tell the client. */
  readonly defect: (error: unknown) => string;
}

const ID = /^[0-9a-f]{16}-\d{1,15}$/;

/** Requests that are being worked on, and their results until they are let go. */
export class Futures {
  readonly #options: FutureOptions;
  readonly #entries = new Map<string, Entry>();
  #count = 0;
  #waiting = 0;
  #waitingBytes = 0;
  #bytes = 0;

  constructor(options: FutureOptions) {
    this.#options = options;
  }

  /** Refuses, before anything is begun, what would be one request too many. */
  requireRoom(bytes = 0): void {
    const { mostWaiting, mostWaitingBytes } = this.#options;
    const full =
      this.#waiting >= mostWaiting ? '' : this.#waitingBytes + bytes > mostWaitingBytes ? 'large ' : undefined;
    if (full !== undefined)
      throw new ProtocolError(429, `${this.#waiting} ${full}requests wait already; send this one again later`);
  }

  /** Takes on work and returns the id to ask for it. `bytes` is the size of the request that it keeps. */
  submit(work: Promise<Result>, bytes = 0): string {
    this.#count += 1;
    const id = `${this.#options.start}-${this.#count}`;
    this.#waiting += 1;
    this.#waitingBytes += bytes;
    const settle = (settled: Settled) => {
      entry.settled = settled;
      this.#waiting -= 1;
      this.#waitingBytes -= bytes;
      this.#bytes += bytesOf(settled);
      this.#letGo();
    };
    const entry: Entry = {
      settled: undefined,
      ended: work.then(
        (result) => settle({ result }),
        (error) => settle({ failure: this.#failureOf(error) }),
      ),
    };
    this.#entries.set(id, entry);
    return id;
  }

  #failureOf(error: unknown): Failure {
    if (error instanceof GoodhartError || error instanceof ProtocolError)
      return { error: error.message, category: 'user' };
    return { error: this.#options.defect(error), category: 'server' };
  }

  #letGo(): void {
    const { mostKept, mostBytes } = this.#options;
    for (const [id, { settled }] of this.#entries) {
      if (this.#entries.size - this.#waiting <= mostKept && this.#bytes <= mostBytes) return;
      if (settled === undefined) continue;
      this.#bytes -= bytesOf(settled);
      this.#entries.delete(id);
    }
  }

  /** Whether a result can still be asked for. */
  has(id: string): boolean {
    return this.#entries.has(id);
  }

  /** What a request came to, or undefined where it is still being worked on after `waitMs`. */
  async retrieve(id: string, waitMs: number): Promise<Settled | undefined> {
    const entry = this.#entries.get(id);
    if (entry === undefined) {
      if (!ID.test(id)) throw new ProtocolError(404, 'there is no such request');
      throw new ProtocolError(410, 'this result is gone: it was let go, or the server was started again; send it anew');
    }
    if (entry.settled === undefined) {
      let timer: NodeJS.Timeout | undefined;
      const later = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, waitMs);
      });
      await Promise.race([entry.ended, later]);
      clearTimeout(timer);
    }
    return entry.settled;
  }
}

const bytesOf = (settled: Settled): number => ('result' in settled ? (settled.result.bytes ?? 0) : 0);
