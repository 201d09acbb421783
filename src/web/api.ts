import type { KnownRoute, RequestOf, ResponseOf } from '../server/index.ts';
import { own } from '../run/index.ts';

/** A refusal of the server: what to tell the person, and a code to decide by. */
export class Refused extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** The server cannot be reached: the work stays here and can be sent again. */
export class Offline extends Error {}

interface Parts {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
}

/** URL and options of a request to a route. */
export function requestOf(route: string, { params = {}, query = {}, body }: Parts): [string, RequestInit] {
  const [method, pattern] = route.split(' ') as [string, string];
  const path = pattern.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(own(params, name) ?? ''));
  const search = new URLSearchParams(
    Object.entries(query).flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)]])),
  ).toString();
  return [
    search === '' ? path : `${path}?${search}`,
    {
      method,
      ...(body !== undefined && {
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      }),
    },
  ];
}

/**
 * Calls a route of the Studio's API: what it takes and gives is checked by the types of its contract.
 * Throws `Refused` with the server's own words, or `Offline`.
 */
export async function call<K extends KnownRoute>(route: K, input: RequestOf<K>): Promise<ResponseOf<K>> {
  const [url, init] = requestOf(route, input as Parts);
  let response: Response;
  try {
    response = await fetch(url, init);
  } catch (cause) {
    throw new Offline('the server cannot be reached; check the connection', { cause });
  }
  const answer = (await response.json().catch(() => undefined)) as
    | { error?: { code: string; message: string } }
    | undefined;
  if (response.ok) return answer as ResponseOf<K>;
  const { code = 'unknown', message = `the server answered ${response.status}` } = answer?.error ?? {};
  throw new Refused(response.status, code, message);
}
