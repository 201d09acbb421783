import { RemoteError } from './remote-error.ts';

/** Tokens that a server was asked to work on: what is paid for. */
export interface Spent {
  /** Of passes with a gradient. */
  readonly trained: number;
  /** Read without one: passes forward, prompts, sequences to score. */
  readonly read: number;
  /** Written. */
  readonly sampled: number;
}

/** Counts tokens before they are asked for, and refuses what would go beyond a budget. */
export class Meter {
  readonly #budget: number | undefined;
  readonly #spent = { trained: 0, read: 0, sampled: 0 };

  constructor(budget: number | undefined) {
    this.#budget = budget;
  }

  get spent(): Spent {
    return { ...this.#spent };
  }

  get total(): number {
    return this.#spent.trained + this.#spent.read + this.#spent.sampled;
  }

  /** @throws RemoteError `budget` before anything is sent. */
  take(kind: keyof Spent, tokens: number): void {
    if (this.#budget !== undefined && this.total + tokens > this.#budget) {
      throw new RemoteError(
        'budget',
        `the budget of ${this.#budget} tokens is used up: ${this.total} were spent and the next call takes ${tokens}; raise it and resume`,
      );
    }
    this.#spent[kind] += tokens;
  }

  /** Gives back what was taken for more than came. */
  giveBack(kind: keyof Spent, tokens: number): void {
    this.#spent[kind] -= tokens;
  }
}
