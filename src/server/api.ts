import { getConnInfo } from '@hono/node-server/conninfo';
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { rateLimiter } from 'hono-rate-limiter';
import { z } from 'zod';
import { GoodhartError, own, setOwn } from '../run/index.ts';
import { type Access, allows } from './access/roles.ts';
import { newId } from './access/secrets.ts';
import type { Caller } from './caller.ts';
import type { KnownRoute, Received, ResponseOf, RouteContract, Routes } from './contract/index.ts';
import { fileSchema } from './contract/index.ts';
import { FileAnswer } from './file-answer.ts';
import { PageJson } from './page-json.ts';

/** A refusal with its HTTP status; the message says what to do. */
export class ApiError extends Error {
  readonly status: ContentfulStatusCode;
  readonly code: string;

  constructor(status: ContentfulStatusCode, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** What a handler is called with. `context` is for cookies and headers only: input comes validated. */
export type Call<K extends KnownRoute> = Received<K, Routes[K] & RouteContract> & {
  readonly caller: Caller;
  readonly context: Context;
};
/** One handler for every route of a part of the table: a missing one is a type error. */
export type Handlers<R> = {
  readonly [K in keyof R & KnownRoute]: (call: Call<K>) => Promise<ResponseOf<K> | PageJson | FileAnswer>;
};

/** What a request carries from one step of its handling to the next. */
interface ApiEnv {
  Variables: { caller: Caller };
}

type AnyHandler = (call: {
  params: Record<string, string>;
  query: unknown;
  body: unknown;
  caller: Caller;
  context: Context;
}) => Promise<object>;

export const splitRoute = (key: string) => {
  const [method, path] = key.split(' ') as [string, string];
  return { method, path, pattern: path.replaceAll(/\{(\w+)\}/g, ':$1') };
};

/** The most that a body may hold: what anybody may send is small. */
const BODY_BYTES = { public: 64 * 1024, known: 64 * 1024 * 1024 };
const GENERAL_PER_MINUTE = 1200;

/** One line of what is wrong with an input. */
function firstIssue(error: z.ZodError, where: string): string {
  const [issue] = error.issues;
  const path = issue!.path.join('.');
  return `${where}${path === '' ? '' : `.${path}`}: ${issue!.message}`;
}

/** Errors as JSON `{ error: { code, message } }`. A defect gets an id that the log repeats; its message stays inside. */
export function errorResponse(
  context: Context,
  error: unknown,
  report: (id: string, error: unknown) => void,
): Response {
  if (error instanceof ApiError)
    return context.json({ error: { code: error.code, message: error.message } }, error.status);
  if (error instanceof GoodhartError && error.exitCode === 2)
    return context.json({ error: { code: error.code, message: error.message } }, 400);
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
  if (origin !== undefined && new URL(origin).host === context.req.header('host')) return;
  throw new ApiError(403, 'origin', 'the request comes from another site; open the Studio itself and try again');
}

async function readBody(context: Context, schema: z.ZodType | undefined): Promise<unknown> {
  if (schema === undefined) return undefined;
  if (!(context.req.header('content-type') ?? '').startsWith('application/json'))
    throw new ApiError(415, 'content-type', 'expected content-type application/json');
  let raw: unknown;
  try {
    raw = await context.req.json();
  } catch {
    throw new ApiError(400, 'json', 'expected a JSON body');
  }
  const parsed = schema.safeParse(raw);
  if (!parsed.success) throw new ApiError(400, 'body', firstIssue(parsed.error, 'body'));
  return parsed.data;
}

export interface ApiOptions {
  /** Who calls, from cookie or key. */
  identify(context: Context): Promise<Caller>;
  /** Whether a caller belongs to a project. */
  mayEnter(caller: Caller, projectId: string): boolean;
  /** Writes a defect down under an id. */
  report(id: string, error: unknown): void;
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

/** Counts by caller, by address for who is signed out, or by what `by` takes from the body. */
function limiter(
  key: string,
  perMinute: number,
  by?: NonNullable<RouteContract['perMinuteBy']>,
): ReturnType<typeof rateLimiter<ApiEnv>> {
  return rateLimiter<ApiEnv>({
    windowMs: 60_000,
    limit: perMinute,
    standardHeaders: 'draft-7',
    keyGenerator: async (context) => {
      if (by !== undefined) return `${key}/${by.of(await context.req.json().catch(() => undefined)) ?? 'none'}`;
      return `${key}/${context.get('caller').id ?? addressOf(context)}`;
    },
    handler: (context) =>
      context.json({ error: { code: 'rate', message: 'too many requests; wait a minute and try again' } }, 429),
  });
}

const LOOPBACK = /^(127\.|::1$|::ffff:127\.)/;
/**
 * The caller's address; requests made in process have none. The Studio listens on the loopback interface, so that whoever
 * comes from elsewhere comes through a proxy on this machine, which names them last.
 */
function addressOf(context: Context): string {
  try {
    const address = getConnInfo(context).remote.address ?? 'unknown';
    const forwarded = context.req.header('x-forwarded-for')?.split(',').at(-1)?.trim();
    return LOOPBACK.test(address) && forwarded ? forwarded : address;
  } catch {
    return 'in-process';
  }
}

/** Binds contracts to handlers: access, origin, limits, validation, errors. */
export function bindApi(
  routes: Readonly<Record<string, RouteContract>>,
  handlers: Readonly<Record<string, unknown>>,
  { identify, mayEnter, report, rateScale = 1 }: ApiOptions,
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
        await next();
      },
      ...(limit > 0 ? [limiter(key, limit)] : []),
      // Nothing of a body is read before its sender may call, nor more of it than is allowed.
      async (context, next) => {
        const caller = context.get('caller');
        refuse(contract.allow, caller, context);
        const { project } = context.req.param() as { project?: string };
        if (project === undefined ? caller.projectId !== null : !mayEnter(caller, project)) {
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
        : [bodyBound(contract.allow === 'public' ? BODY_BYTES.public : BODY_BYTES.known)]),
      ...(limit > 0 && contract.perMinuteBy !== undefined
        ? [limiter(`by/${key}`, contract.perMinuteBy.limit * rateScale, contract.perMinuteBy)]
        : []),
      async (context) => {
        const caller = context.get('caller');
        const params = context.req.param() as Record<string, string>;
        const parsed = contract.query?.safeParse(context.req.query());
        if (parsed !== undefined && !parsed.success)
          throw new ApiError(400, 'query', firstIssue(parsed.error, 'query'));
        const body = await readBody(context, contract.body);
        const answer = await handler({ params, query: parsed?.data, body, caller, context });
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
          ...(allow !== 'public' && { 401: refusal('Not signed in'), 403: refusal('Not for this role') }),
          ...(body !== undefined && { 413: refusal('Too large'), 415: refusal('Not JSON') }),
          429: refusal('Too many requests'),
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
