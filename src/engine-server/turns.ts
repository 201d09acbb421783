import type { Asked, Futures, Result } from './futures.ts';
import { ProtocolError } from './protocol-error.ts';

/** How far ahead of the next request one may come. */
const MOST_AHEAD = 1024;
/** Numbers that are remembered after their requests, so that one sent again is not done again. */
const REMEMBERED = 4096;

/** A request in the order of its model; its place is left to arrival where `seq` is undefined. */
export interface Turn extends Asked {
  readonly seq: number | undefined;
}

interface Waiting {
  readonly begin: () => void;
  readonly refuse: (error: Error) => void;
}

/**
 * The requests of one model: each is done once, in the order of their numbers, however often and in whatever order they come.
 * Requests without a number are done as they come.
 */
export class Turns {
  readonly #futures: Futures;
  readonly #known = new Map<number, { readonly digest: string; readonly id: string }>();
  readonly #waiting = new Map<number, Waiting>();
  #next = 1;
  #before: Promise<unknown> = Promise.resolve();
  #ended: Error | undefined;

  constructor(futures: Futures) {
    this.#futures = futures;
  }

  /** `work` is begun when all before it has ended. Returns the id of its result. */
  submit({ seq, digest, bytes }: Turn, work: () => Promise<Result>): string {
    if (this.#ended !== undefined) throw this.#ended;
    const number = seq ?? this.#next + this.#waiting.size;
    const known = this.#known.get(number);
    if (known !== undefined) {
      if (known.digest === digest) return known.id;
      throw new ProtocolError(400, `seq_id ${number} was used for another request; number requests 1, 2, 3, …`);
    }
    if (number < this.#next) throw new ProtocolError(400, `seq_id ${number} has passed; the next is ${this.#next}`);
    if (number > this.#next + MOST_AHEAD)
      throw new ProtocolError(400, `seq_id ${number} is too far ahead; the next is ${this.#next}`);
    this.#futures.requireRoom(bytes);
    const turn = new Promise<void>((begin, refuse) => this.#waiting.set(number, { begin, refuse }));
    const result = turn.then(() => this.#inOrder(work));
    const id = this.#futures.submit(result, bytes);
    this.#known.set(number, { digest, id });
    this.#begin();
    return id;
  }

  #inOrder(work: () => Promise<Result>): Promise<Result> {
    const result = this.#before.then(work);
    this.#before = result.catch(() => {});
    return result;
  }

  #begin(): void {
    for (let waiting = this.#waiting.get(this.#next); waiting !== undefined; waiting = this.#waiting.get(this.#next)) {
      this.#waiting.delete(this.#next);
      this.#known.delete(this.#next - REMEMBERED);
      this.#next += 1;
      waiting.begin();
    }
  }

  /** Refuses what still waits and all that comes, then waits for what was begun. */
  async end(why: string): Promise<void> {
    this.#ended = new ProtocolError(404, why);
    for (const { refuse } of this.#waiting.values()) refuse(this.#ended);
    this.#waiting.clear();
    await this.#before;
  }
}
