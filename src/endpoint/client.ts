import { z } from 'zod';
import { answerText, DataError, digestValue, parseJson } from '../run/index.ts';
import { EndpointError } from './endpoint-error.ts';
import { Pace } from './pace.ts';
import { type Answered, baseUrl, PROTOCOLS, type ProtocolId, type Question } from './protocol.ts';
import type { Send } from './send.ts';
import { type Prices, type Tally, TallyCounter } from './tally.ts';

/** Answers by the digest of what was asked, so that nothing is asked twice. */
export interface AnswerCache {
  get(digest: string): Answered | undefined;
  put(digest: string, answer: Answered): void;
}

export interface EndpointOptions {
  /** Base address, with or without the path of the protocol. */
  readonly url: string;
  readonly model: string;
  readonly protocol?: ProtocolId;
  /** Sent as a bearer token; it stands in nothing that this part hands out. */
  readonly key?: string | undefined;
  readonly send: Send;
  /** Milliseconds of a clock that does not go back. */
  readonly now: () => number;
  readonly wait: (ms: number) => Promise<void>;
  /** The date in milliseconds: of answers, and against which a server's `Retry-After` may be given. */
  readonly date: () => number;
  readonly concurrency?: number;
  readonly perMinute?: number | undefined;
  /** How often a question is sent before it counts as lost. */
  readonly attempts?: number;
  /** The first wait before asking again; it doubles up to thirty times as much. */
  readonly backoffMs?: number;
  readonly timeoutMs?: number;
  /** The longest that a server's `Retry-After` is obeyed. */
  readonly patienceMs?: number;
  readonly cache?: AnswerCache;
  readonly prices?: Prices | undefined;
}

/** A model behind an address. */
export interface Endpoint {
  /** Without the path of the protocol. */
  readonly url: string;
  readonly model: string;
  /** Requests under way at once. */
  readonly concurrency: number;
  /** @throws EndpointError */
  ask(question: Question): Promise<Answered>;
  tally(): Tally;
}

/** Of one answer, in bytes: replies of 8192 tokens and their log-probabilities fit. */
const ANSWER_BYTES = 4 * 1024 * 1024;
/** What may be otherwise when it is asked again. */
const AGAIN: ReadonlySet<number> = new Set([408, 409, 425, 429, 500, 502, 503, 504, 529]);
/** What every other question would be told as well. */
const STOPS: ReadonlySet<number> = new Set([401, 402, 403, 404, 405]);
/** What a server says to a setting that it does not have. */
const NOT_OFFERED: ReadonlySet<number> = new Set([400, 422, 501]);
/** So many questions in a row that nobody answered at all: the server is gone. */
const GONE = 3;
/** A shorter key is no secret, and could stand in a text by chance. */
const KEY_CHARACTERS = 8;

const line = (text: string): string => {
  const words = text.replaceAll(/\s+/g, ' ').trim();
  return words.length > 200 ? `${words.slice(0, 200)}…` : words;
};

const wordsSchema = z.union([
  z.object({ error: z.object({ message: z.string() }) }).transform(({ error }) => error.message),
  z.object({ error: z.string() }).transform(({ error }) => error),
  z.object({ detail: z.string() }).transform(({ detail }) => detail),
  z.object({ message: z.string() }).transform(({ message }) => message),
]);

/** The text of an answer, read no further than an answer may be long: the endpoint is whoever was named. */
const textOf = (response: Response): Promise<string> =>
  answerText(response, ANSWER_BYTES).catch((error: unknown) => {
    if (!(error instanceof DataError)) throw error;
    throw new EndpointError('unreadable', `the endpoint answered more than ${ANSWER_BYTES} bytes`);
  });

function parsed(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

/** A server's own words about what went wrong, as one line; nothing where it has none. */
function wordsIn(text: string): string {
  const words = wordsSchema.safeParse(parsed(text));
  return words.success ? `: ${line(words.data)}` : '';
}

/** How long a server asks to be left alone, in seconds or until a date; undefined where it does not say. */
export function retryAfterMs(header: string | null, date: number): number | undefined {
  if (header === null || header.trim() === '') return undefined;
  const seconds = Number(header);
  const ms = Number.isFinite(seconds) ? 1000 * seconds : Date.parse(header) - date;
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

type Got =
  | { readonly answer: Answered }
  | { readonly lost: string; readonly reached: boolean; readonly afterMs?: number | undefined }
  | { readonly notOffered: EndpointError };

class Client implements Endpoint {
  readonly url: string;
  readonly model: string;
  readonly concurrency: number;
  readonly #options: EndpointOptions;
  readonly #protocol: ProtocolId;
  readonly #pace: Pace;
  readonly #counter = new TallyCounter();
  /** Questions under way: who asks the same waits for the same answer. */
  readonly #open = new Map<string, Promise<Answered>>();
  /** Until the server refuses them. */
  #logprobs = true;
  #gone = 0;
  #stopped: EndpointError | undefined;

  constructor(options: EndpointOptions) {
    const { concurrency = 4, perMinute, now, wait } = options;
    this.#options = options;
    this.#protocol = options.protocol ?? 'chat';
    this.url = baseUrl(options.url);
    this.model = options.model;
    this.concurrency = concurrency;
    this.#pace = new Pace({ concurrency, perMinute, now, wait });
  }

  tally(): Tally {
    return this.#counter.total(this.#options.prices);
  }

  ask(question: Question): Promise<Answered> {
    const body = PROTOCOLS[this.#protocol].body(question);
    const digest = digestValue([this.url, this.#protocol, { model: this.model, ...body }, question.nth ?? 0]);
    const kept = this.#options.cache?.get(digest);
    if (kept !== undefined) {
      this.#counter.answer(kept, 'kept');
      return Promise.resolve(kept);
    }
    const open = this.#open.get(digest);
    if (open !== undefined) return open;
    const asked = this.#pace.inPlace(() => this.#asked(question, digest)).finally(() => this.#open.delete(digest));
    this.#open.set(digest, asked);
    return asked;
  }

  async #asked(question: Question, digest: string): Promise<Answered> {
    try {
      const answer = await this.#untilAnswered(question);
      this.#options.cache?.put(digest, answer);
      this.#counter.answer(answer, 'now');
      return answer;
    } catch (error) {
      if (error instanceof EndpointError) this.#counter.failure(error.message);
      throw error;
    }
  }

  async #untilAnswered(question: Question): Promise<Answered> {
    const { attempts = 6, backoffMs = 1000, patienceMs = 300_000, wait } = this.#options;
    let lost = { lost: 'it was never asked', reached: false };
    for (let attempt = 0; attempt < attempts; attempt++) {
      if (this.#stopped !== undefined) throw this.#stopped;
      await this.#pace.turn();
      let got = await this.#once(question, this.#logprobs);
      if ('notOffered' in got) {
        // Log-probabilities are wanted where they are offered: without them the question may be a good one.
        got = await this.#once(question, false);
        if ('notOffered' in got) throw got.notOffered;
        if ('answer' in got) this.#logprobs = false;
      }
      if ('answer' in got) {
        this.#gone = 0;
        return got.answer;
      }
      lost = got;
      const { afterMs } = got;
      if (afterMs !== undefined && afterMs > patienceMs)
        throw this.#stop(`${got.lost}, and asks to be left alone for ${Math.ceil(afterMs / 1000)} s; start again then`);
      if (afterMs !== undefined) this.#pace.close(afterMs);
      else if (attempt + 1 < attempts) await wait(backoffMs * Math.min(2 ** attempt, 30));
    }
    this.#gone = lost.reached ? 0 : this.#gone + 1;
    if (this.#gone >= GONE) throw this.#stop(`${lost.lost}; see that the server runs, then start again`);
    throw new EndpointError('lost', lost.lost);
  }

  #stop(why: string): EndpointError {
    this.#stopped ??= new EndpointError('stopped', `${this.url}: ${why}`);
    return this.#stopped;
  }

  async #once(question: Question, logprobs: boolean): Promise<Got> {
    const { key, send, timeoutMs = 120_000 } = this.#options;
    const { path, body, read } = PROTOCOLS[this.#protocol];
    const wantsLogprobs = question.logprobs !== undefined && logprobs;
    const { logprobs: _, ...plain } = question;
    this.#counter.requests += 1;
    try {
      const response = await send(`${this.url}${path}`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(key !== undefined && { authorization: `Bearer ${key}` }),
        },
        body: JSON.stringify({ model: this.model, ...body(wantsLogprobs ? question : plain) }),
        signal: AbortSignal.timeout(timeoutMs),
      });
      const text = this.#withoutKey(await textOf(response));
      if (!response.ok) return this.#refusal(response, text, wantsLogprobs);
      const json = parsed(text);
      if (json === undefined) return { lost: 'the endpoint answered something other than JSON', reached: true };
      return { answer: this.#readAs(read, json) };
    } catch (error) {
      if (error instanceof EndpointError) throw error;
      const { cause } = error as Error;
      const why = this.#withoutKey(line(cause instanceof Error ? cause.message : (error as Error).message));
      return { lost: `no answer (${why})`, reached: false };
    }
  }

  #readAs(read: (json: unknown) => Omit<Answered, 'at'>, json: unknown): Answered {
    try {
      return { ...read(this.#cleaned(json)), at: new Date(this.#options.date()).toISOString() };
    } catch (error) {
      if (!(error instanceof z.ZodError)) throw error;
      const what = this.#protocol === 'chat' ? 'chat completions' : 'completions';
      throw new EndpointError('unreadable', `the endpoint answered something other than ${what}`, { cause: error });
    }
  }

  #refusal(response: Response, text: string, wantsLogprobs: boolean): Got {
    const { status } = response;
    const why = `the endpoint answered ${status}${this.#withoutKey(wordsIn(text))}`;
    if (AGAIN.has(status)) {
      const afterMs = retryAfterMs(response.headers.get('retry-after'), this.#options.date());
      return { lost: why, reached: true, afterMs };
    }
    if (STOPS.has(status)) throw this.#stop(`${why}; check the address, the model and the key`);
    const refused = new EndpointError('refused', why);
    if (wantsLogprobs && NOT_OFFERED.has(status)) return { notOffered: refused };
    throw refused;
  }

  /** A text without the key, which a server may have said back. */
  #withoutKey(text: string): string {
    const { key } = this.#options;
    return key === undefined || key.length < KEY_CHARACTERS ? text : text.replaceAll(key, '[key]');
  }

  /** The same in a value: JSON may write a letter in several ways. */
  #cleaned(value: unknown): unknown {
    if (typeof value === 'string') return this.#withoutKey(value);
    if (Array.isArray(value)) return value.map((one) => this.#cleaned(one));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [this.#withoutKey(name), this.#cleaned(one)]));
  }
}

/**
 * A model behind an OpenAI-compatible address. What is lost on the way (dropped connections, 408, 429, 5xx, JSON that is cut short)
 * is asked again, later where the server says when; what was answered once is never asked again.
 */
export const createEndpoint = (options: EndpointOptions): Endpoint => new Client(options);

/** What all come to. Where one fails the others are waited for first: what they are answered is paid for, and kept. */
export async function allOf<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  const settled = await Promise.allSettled(promises);
  return settled.map((one) => {
    if (one.status === 'rejected') throw one.reason;
    return one.value;
  });
}

/** Does something with each of many, so many at once, in their order; stops at the first that fails. */
export async function eachOf<T, R>(
  values: readonly T[],
  { at: lanes, onDone }: { readonly at: number; readonly onDone?: (done: number) => void },
  work: (value: T, i: number) => Promise<R>,
): Promise<R[]> {
  const results = new Array<R>(values.length);
  let [next, done, failed] = [0, 0, false];
  const lane = async () => {
    while (next < values.length && !failed) {
      const i = next++;
      try {
        results[i] = await work(values[i]!, i);
      } catch (error) {
        failed = true;
        throw error;
      }
      done += 1;
      onDone?.(done);
    }
  };
  await allOf(Array.from({ length: Math.min(lanes, values.length) }, lane));
  return results;
}
