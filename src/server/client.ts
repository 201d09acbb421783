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
  /** Where the Studio is, for example `http://127.0.0.1:4180`; a page of the Studio leaves it out. */
  readonly url?: string;
  /** An API key, as the Studio showed it once; a page of the Studio has its session instead. */
  readonly key?: string;
  /** The `fetch` of the platform by default. */
  readonly fetch?: (request: Request) => Promise<Response> | Response;
}

/** What a call takes: nothing where the route takes nothing. */
export type CallInput<K extends KnownRoute> = unknown extends RequestOf<K> ? [] : [input: RequestOf<K>];

/** Calls of the Studio's API, by the routes that `/api/openapi.json` lists. */
export interface StudioClient {
  /**
   * Calls a route: what it takes and gives follows from its contract; files come as a `Blob`. Throws `StudioError` where
   * the Studio refuses, and what `fetch` throws where it cannot be reached.
   */
  call<K extends KnownRoute>(route: K, ...input: CallInput<K>): Promise<ResponseOf<K>>;
}

interface Parts {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
}

function requestOf(route: string, { params = {}, query = {}, body }: Parts, { url, key }: ClientOptions): Request {
  const [method, pattern] = route.split(' ') as [string, string];
  const path = pattern.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(own(params, name) ?? ''));
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value));
  const target = String(search) === '' ? path : `${path}?${search}`;
  return new Request(url === undefined ? target : new URL(target, url), {
    method,
    headers: {
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}

/** A client of a Studio: for scripts, which act with the role and the project of their key, and for the Studio's pages. */
export function createClient(options: ClientOptions = {}): StudioClient {
  const send = options.fetch ?? fetch;
  return {
    async call<K extends KnownRoute>(route: K, ...[input]: CallInput<K>) {
      const response = await send(requestOf(route, (input ?? {}) as Parts, options));
      const isJson = (response.headers.get('content-type') ?? '').startsWith('application/json');
      if (response.ok) return (isJson ? await response.json() : await response.blob()) as ResponseOf<K>;
      const refusal = (isJson ? await response.json().catch(() => ({})) : {}) as {
        error?: { code: string; message: string };
      };
      const { code, message } = refusal.error ?? { code: 'unknown', message: `the server answered ${response.status}` };
      throw new StudioError(response.status, code, message);
    },
  };
}
