import { z } from 'zod';
import { answerBytes, answerText, DataError, EngineError, JSON_BOUNDS, overBounds } from '../run/index.ts';
import { RemoteError } from './remote-error.ts';

/** One server of the Tinker protocol, asked again until it answers: what is lost on the way is sent anew, and done there once. */

export interface TransportOptions {
  /** Without `/api/v1`. */
  readonly url: string;
  /** Sent as `X-API-Key`. */
  readonly key?: string | undefined;
  readonly fetch: typeof fetch;
  readonly wait: (ms: number) => Promise<void>;
  /** The first wait before asking again; it doubles up to thirty times as much. */
  readonly backoffMs: number;
  /** How often a request is sent in vain before the call fails. */
  readonly attempts: number;
  /** How long one answer may take. */
  readonly timeoutMs: number;
}

/** A body and how its answer is wanted. */
export interface Message {
  readonly body: object | Uint8Array;
  /** Whether the answer may come as protobuf. */
  readonly protobuf?: boolean;
}

/** What came back. */
export type Reply =
  | { readonly kind: 'protobuf'; readonly bytes: Uint8Array }
  | { readonly kind: 'json'; readonly value: unknown };

const PROTOBUF = 'application/x-protobuf';
/** Most bytes of an answer: log-probabilities of the largest request are some megabytes. */
const ANSWER_BYTES = 256 * 1024 * 1024;
/** Of the words of a refusal. */
const WORDS_BYTES = 64 * 1024;
/** What may be otherwise when it is asked again. */
const AGAIN: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504]);

const detailSchema = z.object({ detail: z.unknown() });

/** A server's own words, as one line. */
function wordsOf(text: string): string {
  const words = (() => {
    try {
      const parsed = detailSchema.safeParse(JSON.parse(text));
      if (!parsed.success) return text;
      return typeof parsed.data.detail === 'string' ? parsed.data.detail : JSON.stringify(parsed.data.detail);
    } catch {
      return text;
    }
  })();
  const line = words.replaceAll(/\s+/g, ' ').trim();
  return line.length > 300 ? `${line.slice(0, 300)}…` : line;
}

const wordsIn = (response: Response): Promise<string> =>
  answerText(response, WORDS_BYTES).catch((error: unknown) => {
    if (error instanceof DataError) return 'more words than are read';
    throw error;
  });

/** Whether a reason was cut short on its way: asked again, it comes whole. */
function isCutShort(text: string): boolean {
  if (!text.trimStart().startsWith('{')) return false;
  try {
    JSON.parse(text);
    return false;
  } catch {
    return true;
  }
}

/** The server refused: asking again changes nothing. */
export class RefusedError extends RemoteError {
  readonly status: number;

  constructor(status: number, message: string) {
    super('remote', message);
    this.status = status;
  }
}

export class Transport {
  readonly #options: TransportOptions;

  constructor(options: TransportOptions) {
    this.#options = options;
  }

  get url(): string {
    return this.#options.url;
  }

  /** Asks until there is an answer that `read` can read. @throws RefusedError, or EngineError `unreachable`. */
  async ask<T>(path: string, message: Message | undefined, read: (reply: Reply) => T): Promise<T> {
    const { attempts, backoffMs, wait, url } = this.#options;
    let reason = '';
    for (let attempt = 0; attempt < attempts; attempt++) {
      if (attempt > 0) await wait(backoffMs * Math.min(2 ** (attempt - 1), 30));
      const got = await this.#once(path, message);
      if ('lost' in got) {
        reason = got.lost;
        continue;
      }
      try {
        return read(got.reply);
      } catch (error) {
        // Cut short or garbled on the way: asked again it comes whole.
        if (error instanceof EngineError) throw error;
        reason = `an answer that cannot be read (${wordsOf((error as Error).message)})`;
      }
    }
    throw new RemoteError(
      'unreachable',
      `${url}: ${path} was sent ${attempts} times in vain (last: ${reason}); see that the server runs, then resume from the last saved state`,
      { retryable: true },
    );
  }

  async #once(path: string, message: Message | undefined): Promise<{ reply: Reply } | { lost: string }> {
    const { url, key, timeoutMs } = this.#options;
    const { body, protobuf = false } = message ?? {};
    try {
      const response = await this.#options.fetch(`${url}/api/v1/${path}`, {
        method: body === undefined ? 'GET' : 'POST',
        headers: {
          ...(body !== undefined && { 'content-type': body instanceof Uint8Array ? PROTOBUF : 'application/json' }),
          ...(protobuf && { accept: PROTOBUF }),
          ...(key !== undefined && { 'x-api-key': key }),
        },
        ...(body !== undefined && { body: body instanceof Uint8Array ? Uint8Array.from(body) : JSON.stringify(body) }),
        signal: AbortSignal.timeout(timeoutMs),
        redirect: 'error',
      });
      requireReadable(response, url);
      if (response.ok) return await replyOf(response);
      const text = await wordsIn(response);
      const words = wordsOf(text);
      if (AGAIN.has(response.status) || isCutShort(text)) return { lost: `${response.status} ${words}` };
      throw new RefusedError(response.status, `${url}: ${path} was refused (${response.status}): ${words}`);
    } catch (error) {
      if (error instanceof EngineError) throw error;
      // Too much is too much when it is asked for again.
      if (error instanceof DataError) throw new RemoteError('remote', `${url}: ${path}: ${error.message}`);
      const cause = (error as Error).cause;
      return { lost: wordsOf(cause instanceof Error ? cause.message : (error as Error).message) };
    }
  }
}

/** What `fetch` undoes by itself. Bodies are sent as they are, and zstd, which Node 20 cannot read, is never asked for. */
const READABLE: ReadonlySet<string> = new Set(['identity', 'gzip', 'x-gzip', 'deflate', 'br']);

function requireReadable({ headers }: Response, url: string): void {
  const encoding = (headers.get('content-encoding') ?? 'identity').toLowerCase();
  if (encoding.split(',').every((each) => READABLE.has(each.trim()))) return;
  throw new RemoteError(
    'remote',
    `${url}: an answer came with content-encoding ${encoding.slice(0, 40)}, which was not asked for and cannot be read; have the server, or the proxy before it, send it as it is`,
  );
}

async function replyOf(response: Response): Promise<{ reply: Reply } | { lost: string }> {
  if ((response.headers.get('content-type') ?? '').includes(PROTOBUF))
    return { reply: { kind: 'protobuf', bytes: await answerBytes(response, ANSWER_BYTES) } };
  const text = await answerText(response, ANSWER_BYTES);
  if (text === '') return { reply: { kind: 'json', value: null } };
  const over = overBounds(text, { ...JSON_BOUNDS, levels: 32 });
  if (over !== undefined) throw new DataError('answer', `expected an answer of fewer ${over}`);
  try {
    return { reply: { kind: 'json', value: JSON.parse(text) } };
  } catch {
    return { lost: 'an answer that was cut short' };
  }
}

/** Reads a JSON answer of a schema. */
export const jsonOf =
  <T>(schema: z.ZodType<T>) =>
  (reply: Reply): T => {
    if (reply.kind !== 'json') throw new TypeError('expected JSON, got protobuf');
    return schema.parse(reply.value);
  };
