import { own } from '../run/index.ts';
import type { KnownRoute, RequestOf, ResponseOf } from './contract/index.ts';

export type { KnownRoute, RequestOf, ResponseOf } from './contract/index.ts';

/** A refusal of the Studio, in its own words; `code` to decide by. */
export class StudioError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export interface ClientOptions {
  /** Where the Studio is, for example `http://127.0.0.1:4180`. */
  readonly url: string;
  /** An API key, as the Studio showed it once. */
  readonly key: string;
  /** The `fetch` of the platform by default. */
  readonly fetch?: (request: Request) => Promise<Response> | Response;
}

/** Calls of the Studio's API, by the routes that `/api/openapi.json` lists. */
export interface StudioClient {
  /**
   * Calls a route: what it takes and gives follows from its contract; files come as a `Blob`. Throws `StudioError` where
   * the Studio refuses, and what `fetch` throws where it cannot be reached.
   */
  call<K extends KnownRoute>(
    route: K,
    ...input: unknown extends RequestOf<K> ? [] : [input: RequestOf<K>]
  ): Promise<ResponseOf<K>>;
}

interface Parts {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
}

function requestOf(route: string, { params = {}, query = {}, body }: Parts, { url, key }: ClientOptions): Request {
  const [method, pattern] = route.split(' ') as [string, string];
  const path = pattern.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(own(params, name) ?? ''));
  const target = new URL(path, url);
  for (const [name, value] of Object.entries(query))
    if (value !== undefined) target.searchParams.set(name, String(value));
  return new Request(target, {
    method,
    headers: {
      authorization: `Bearer ${key}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}

/** A client of a Studio, for scripts: it acts with the role and the project of its key. */
export function createClient(options: ClientOptions): StudioClient {
  const send = options.fetch ?? fetch;
  return {
    async call(route, ...[input]) {
      const response = await send(requestOf(route, (input ?? {}) as Parts, options));
      const isJson = (response.headers.get('content-type') ?? '').startsWith('application/json');
      if (response.ok) return (isJson ? await response.json() : await response.blob()) as never;
      const refusal = (isJson ? await response.json() : {}) as { error?: { code: string; message: string } };
      const { code, message } = refusal.error ?? { code: 'unknown', message: `the server answered ${response.status}` };
      throw new StudioError(response.status, code, message);
    },
  };
}
