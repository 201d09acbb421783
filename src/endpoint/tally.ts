import type { Answered } from './protocol.ts';

/** What tokens cost, in one currency, a million of them. */
export interface Prices {
  readonly prompt: number;
  readonly reply: number;
}
export interface Tokens {
  readonly prompt: number;
  readonly reply: number;
}

/** What was asked of an endpoint, and what came of it. */
export interface Tally {
  /** Questions answered by the server now, and from answers that were kept. */
  readonly answered: { readonly now: number; readonly kept: number };
  /** Requests that were sent, those sent again included. */
  readonly requests: number;
  /** Questions without an answer, by the reason. */
  readonly failed: Readonly<Record<string, number>>;
  /** Tokens of the answers, as the server counts them; requests that were lost on the way are in no count. */
  readonly tokens: { readonly now: Tokens; readonly kept: Tokens };
  /** Answers of a server that did not count their tokens. */
  readonly uncounted: number;
  /** At the prices stated, of what is counted; null where none were stated. */
  readonly cost: { readonly now: number; readonly kept: number } | null;
}

/** A tally as it grows. */
export class TallyCounter {
  requests = 0;
  readonly #answered = { now: 0, kept: 0 };
  readonly #failed = new Map<string, number>();
  readonly #tokens = { now: { prompt: 0, reply: 0 }, kept: { prompt: 0, reply: 0 } };
  #uncounted = 0;

  answer({ usage }: Answered, from: 'now' | 'kept'): void {
    this.#answered[from] += 1;
    if (usage === null) {
      this.#uncounted += 1;
      return;
    }
    this.#tokens[from].prompt += usage.prompt;
    this.#tokens[from].reply += usage.reply;
  }

  failure(reason: string): void {
    this.#failed.set(reason, (this.#failed.get(reason) ?? 0) + 1);
  }

  total(prices: Prices | undefined): Tally {
    const costOf = ({ prompt, reply }: Tokens) => (prompt * prices!.prompt + reply * prices!.reply) / 1e6;
    const { now, kept } = this.#tokens;
    return {
      answered: { ...this.#answered },
      requests: this.requests,
      failed: Object.fromEntries([...this.#failed].sort(([a], [b]) => (a < b ? -1 : 1))),
      tokens: { now: { ...now }, kept: { ...kept } },
      uncounted: this.#uncounted,
      cost: prices === undefined ? null : { now: costOf(now), kept: costOf(kept) },
    };
  }
}
