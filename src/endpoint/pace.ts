/** When the next request may leave: so many at once, so many a minute, and none while the server asked to be left alone. */

export interface PaceOptions {
  /** Requests under way at once. */
  readonly concurrency: number;
  /** Requests a minute; any number when absent. */
  readonly perMinute?: number | undefined;
  /** Milliseconds of any clock that does not go back. */
  readonly now: () => number;
  readonly wait: (ms: number) => Promise<void>;
}

export class Pace {
  readonly #options: PaceOptions;
  readonly #waiting: (() => void)[] = [];
  #free: number;
  /** When a bucket that holds one token for each place would have the next. */
  #due = Number.NEGATIVE_INFINITY;
  #closedUntil = Number.NEGATIVE_INFINITY;

  constructor(options: PaceOptions) {
    this.#options = options;
    this.#free = options.concurrency;
  }

  /** Nothing leaves for so long. */
  close(ms: number): void {
    this.#closedUntil = Math.max(this.#closedUntil, this.#options.now() + ms);
  }

  /** Does something in a place of its own. */
  async inPlace<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((done) => this.#waiting.push(done));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }

  /** Waits until one request may leave, and counts it. */
  async turn(): Promise<void> {
    const { now, wait, perMinute, concurrency } = this.#options;
    for (let left = this.#closedUntil - now(); left > 0; left = this.#closedUntil - now()) await wait(left);
    if (perMinute === undefined) return;
    const apart = 60_000 / perMinute;
    const at = Math.max(this.#due, now() - (concurrency - 1) * apart);
    this.#due = at + apart;
    if (at > now()) await wait(at - now());
  }
}
