import { getConnInfo } from '@hono/node-server/conninfo';
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { rateLimiter } from 'hono-rate-limiter';
import { z } from 'zod';
import { GoodhartError, own, setOwn } from '../run/index.ts';
import { callerAddress, limitedAs, type TrustedProxies } from './access/addresses.ts';
import { type Access, allows } from './access/roles.ts';
import { newId } from './access/secrets.ts';
import { ApiError } from './api-error.ts';
import type { Caller } from './caller.ts';
import type { KnownRoute, Received, ResponseOf, RouteContract, Routes } from './contract/index.ts';
import { fileSchema } from './contract/index.ts';
import { FileAnswer } from './file-answer.ts';
import { firstIssue, parseBody } from './json-body.ts';
import { PageJson } from './page-json.ts';

export { ApiError };

/** What a handler is called with. `context` is for cookies and headers only: input comes validated. */
export type Call<K extends KnownRoute> = Received<K, Routes[K] & RouteContract> & {
  readonly caller: Caller;
  /** Whom limits count as one caller before anybody is signed in. */
  readonly address: string;
  readonly context: Context;
};
/** One handler for every route of a part of the table: a missing one is a type error. */
export type Handlers<R> = {
  readonly [K in keyof R & KnownRoute]: (call: Call<K>) => Promise<ResponseOf<K> | PageJson | FileAnswer>;
};

/** What a request carries from one step of its handling to the next. */
interface ApiEnv {
  Variables: { caller: Caller; address: string };
}

type AnyHandler = (call: {
  params: Record<string, string>;
  query: unknown;
  body: unknown;
  caller: Caller;
  address: string;
  context: Context;
}) => Promise<object>;

export const splitRoute = (key: string) => {
  const [method, path] = key.split(' ') as [string, string];
  return { method, path, pattern: path.replaceAll(/\{(\w+)\}/g, ':$1') };
};

/** The most that a body may hold where its route does not say: what anybody may send is small. */
const BODY_BYTES = { public: 64 * 1024, known: 2 * 1024 * 1024 };
const GENERAL_PER_MINUTE = 1200;

/** A message with paths of this machine cut down to the names of their files: where the server keeps them is its own. */
export const withoutPaths = (message: string): string =>
  message.replaceAll(/[^\s,;'"()]+/g, (word) => {
    const [path] = /^(?:[A-Za-z]:)?[/\\][^:]*/.exec(word) ?? [];
    if (path === undefined) return word;
    const names = path
      .slice(path.search(/[/\\]/))
      .split(/[/\\]/)
      .filter((name) => name !== '');
    return names.length < 2 ? word : `${names.at(-1)}${word.slice(path.length)}`;
  });

/** Errors as JSON `{ error: { code, message } }`. A defect gets an id that the log repeats; its message stays inside. */
export function errorResponse(
  context: Context,
  error: unknown,
  report: (id: string, error: unknown) => void,
): Response {
  if (error instanceof ApiError)
    return context.json({ error: { code: error.code, message: error.message } }, error.status);
  if (error instanceof GoodhartError && error.exitCode === 2)
    return context.json({ error: { code: error.code, message: withoutPaths(error.message) } }, 400);
  const id = newId('defect');
  report(id, error);
  return context.json(
    { error: { code: 'defect', message: `something is broken here; the log has it under ${id}` } },
    500,
  );
}

/** Refuses requests that a page of another origin could have made with this person's cookie. */
function checkOrigin(context: Context): void {
  const origin = context.req.header('origin');
  const site = context.req.header('sec-fetch-site');
  if (site !== undefined ? site === 'same-origin' || site === 'none' : origin === undefined) return;
  if (origin !== undefined && origin !== 'null') {
    if (!URL.canParse(origin)) throw new ApiError(400, 'origin', 'expected the origin of a page, such as https://host');
    if (new URL(origin).host === context.req.header('host')) return;
  }
  throw new ApiError(403, 'origin', 'the request comes from another site; open the Studio itself and try again');
}

/** A body as its route takes it: parsed, or unread as a stream of bytes. */
async function readBody(context: Context, { body: schema, unread }: RouteContract): Promise<unknown> {
  if (schema === undefined) return undefined;
  if (!(context.req.header('content-type') ?? '').startsWith('application/json'))
    throw new ApiError(415, 'content-type', 'expected content-type application/json');
  if (unread === true) return context.req.raw.body ?? new Blob([]).stream();
  return parseBody(await context.req.text(), schema);
}

/** Half a character pair, or NUL: no database keeps them. */
const UNSTORABLE = /[\0\p{Surrogate}]/u;
const MAX_PARAM = 500;

/** Parts of a path, as texts that something may be named. */
function paramsOf(context: Context): Record<string, string> {
  const params = context.req.param() as Record<string, string>;
  for (const [name, value] of Object.entries(params))
    if (value.length > MAX_PARAM || UNSTORABLE.test(value))
      throw new ApiError(400, 'path', `${name}: expected a text of at most ${MAX_PARAM} characters`);
  return params;
}

export interface ApiOptions {
  /** Who calls, from cookie or key. */
  identify(context: Context): Promise<Caller>;
  /** Whom a browser that is signed out was last signed in as; limits then count it apart from its address. */
  device(context: Context): string | null;
  /** Whether a caller belongs to a project. */
  mayEnter(caller: Caller, projectId: string): boolean;
  /** Writes a defect down under an id. */
  report(id: string, error: unknown): void;
  /** Whose word about the caller's address is believed. */
  proxies: TrustedProxies;
  /** Multiplies every rate limit; 0 turns them off. */
  rateScale?: number;
}

/** Bounds a body by its bytes as they come: one that is sent in chunks does not say its length. */
const bodyBound = (maxSize: number) =>
  bodyLimit({
    maxSize,
    onError: () => {
      throw new ApiError(413, 'too-large', `expected at most ${maxSize} bytes; split the file`);
    },
  });

/** Counts by caller; of who is signed out by the browser that somebody was signed in with, or by address. */
function limiter(
  key: string,
  perMinute: number,
  device: (context: Context) => string | null,
): ReturnType<typeof rateLimiter<ApiEnv>> {
  return rateLimiter<ApiEnv>({
    windowMs: 60_000,
    limit: perMinute,
    standardHeaders: 'draft-7',
    keyGenerator: (context) => `${key}/${context.get('caller').id ?? device(context) ?? context.get('address')}`,
    handler: (context) =>
      context.json({ error: { code: 'rate', message: 'too many requests; wait a minute and try again' } }, 429),
  });
}

/** The caller's address, as limits count; requests made in process have none. */
function addressOf(context: Context, proxies: TrustedProxies): string {
  let connection: string | undefined;
  try {
    connection = getConnInfo(context).remote.address;
  } catch {
    return 'in-process';
  }
  return limitedAs(callerAddress(connection ?? 'unknown', context.req.header('x-forwarded-for'), proxies));
}

/** Whether the caller's browser speaks https, to here or to a trusted proxy. */
export function isSecure(context: Context, proxies: TrustedProxies): boolean {
  if (new URL(context.req.url).protocol === 'https:') return true;
  try {
    const { address } = getConnInfo(context).remote;
    return address !== undefined && proxies.has(address) && context.req.header('x-forwarded-proto') === 'https';
  } catch {
    return false;
  }
}

/** Binds contracts to handlers: access, origin, limits, validation, errors. */
export function bindApi(
  routes: Readonly<Record<string, RouteContract>>,
  handlers: Readonly<Record<string, unknown>>,
  { identify, device, mayEnter, report, proxies, rateScale = 1 }: ApiOptions,
): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();
  app.onError((error, context) => errorResponse(context, error, report));
  for (const [key, contract] of Object.entries(routes)) {
    const { method, pattern } = splitRoute(key);
    const handler = own(handlers, key) as AnyHandler;
    const limit = (contract.perMinute ?? GENERAL_PER_MINUTE) * rateScale;
    app.on(
      method,
      pattern,
      async (context, next) => {
        context.set('caller', await identify(context));
        context.set('address', addressOf(context, proxies));
        await next();
      },
      ...(limit > 0 ? [limiter(key, limit, device)] : []),
      // Nothing of a body is read before its sender may call, nor more of it than is allowed.
      async (context, next) => {
        const caller = context.get('caller');
        refuse(contract.allow, caller, context);
        const { project } = paramsOf(context);
        const foreign =
          project === undefined ? caller.projectId !== null && !contract.perProject : !mayEnter(caller, project);
        if (foreign) {
          throw new ApiError(
            404,
            'project',
            `there is no project ${project ?? 'here'} that you belong to; ask its lead`,
          );
        }
        await next();
      },
      ...(contract.body === undefined
        ? []
        : [bodyBound(contract.maxBytes ?? (contract.allow === 'public' ? BODY_BYTES.public : BODY_BYTES.known))]),
      async (context) => {
        const caller = context.get('caller');
        const params = paramsOf(context);
        const parsed = contract.query?.safeParse(context.req.query());
        if (parsed !== undefined && !parsed.success)
          throw new ApiError(400, 'query', firstIssue(parsed.error, 'query'));
        const body = await readBody(context, contract);
        const address = context.get('address');
        const answer = await handler({ params, query: parsed?.data, body, caller, address, context });
        context.header('cache-control', 'no-store');
        if (answer instanceof PageJson) return context.body(answer.bytes, 200, { 'content-type': 'application/json' });
        if (answer instanceof FileAnswer) return answer.respond();
        return context.json(answer);
      },
    );
  }
  return app;
}

/** 401 without a person, 403 with one who may not. */
function refuse(access: Access, caller: Caller, context: Context): void {
  if (context.req.method !== 'GET' && (caller.via === 'session' || access === 'public')) checkOrigin(context);
  if (allows(access, caller.role)) return;
  if (caller.role === null) throw new ApiError(401, 'signed-out', 'sign in first');
  throw new ApiError(403, 'role', `this is not for the role ${caller.role}; ask an owner`);
}

/** The API as an OpenAPI 3.1 document, made from the contracts. */
export function openApiDocument(routes: Readonly<Record<string, RouteContract>>, version: string): object {
  const paths: Record<string, Record<string, unknown>> = {};
  const json = (schema: z.ZodType, io: 'input' | 'output') => ({
    'application/json': { schema: z.toJSONSchema(schema, { io, unrepresentable: 'any' }) },
  });
  const file = { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } };
  for (const [key, { summary, allow, query, body, response }] of Object.entries(routes)) {
    const { method, path } = splitRoute(key);
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
      name,
      in: 'path',
      required: true,
      schema: { type: 'string' },
    }));
    const inQuery = Object.entries(query?.shape ?? {}).map(([name, schema]) => ({
      name,
      in: 'query',
      required: !(schema as z.ZodType).safeParse(undefined).success,
      schema: z.toJSONSchema(schema as z.ZodType, { io: 'input', unrepresentable: 'any' }),
    }));
    const refusal = (description: string) => ({ description, content: json(ERROR, 'output') });
    setOwn(paths, path, {
      ...own(paths, path),
      [method.toLowerCase()]: {
        summary,
        operationId: `${method.toLowerCase()}${path.replaceAll(/[/{}]+(\w?)/g, (_, c: string) => c.toUpperCase())}`,
        parameters: [...inPath, ...inQuery],
        ...(body !== undefined && { requestBody: { required: true, content: json(body, 'input') } }),
        responses: {
          200: { description: 'Done', content: response === fileSchema ? file : json(response, 'output') },
          400: refusal('Something to mend in the request'),
          401: refusal(allow === 'public' ? 'Not let in' : 'Not signed in'),
          403: refusal('Not for this role, this key, or a page of another site'),
          404: refusal('Not there, or not for this caller to know of'),
          ...(method !== 'GET' && { 409: refusal('Not as things stand') }),
          ...(body !== undefined && { 413: refusal('Too large'), 415: refusal('Not application/json') }),
          421: refusal('Sent to a name that this Studio does not answer to'),
          429: refusal('Too many requests'),
          500: refusal('A defect; the log has it under the id'),
          503: refusal('Too much at this moment'),
        },
        security: allow === 'public' ? [] : [{ session: [] }, { key: [] }],
        'x-roles': allow === 'public' ? ['anyone'] : [...allow],
      },
    });
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Goodhart Studio', version, description: 'Errors are { error: { code, message } }.' },
    paths,
    components: {
      securitySchemes: {
        session: { type: 'apiKey', in: 'cookie', name: 'goodhart_session' },
        key: { type: 'http', scheme: 'bearer' },
      },
    },
  };
}
const ERROR = z.object({ error: z.object({ code: z.string(), message: z.string() }) });
