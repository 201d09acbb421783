import { type Context, Hono, type MiddlewareHandler } from 'hono';
import { compress } from 'hono/compress';
import { secureHeaders } from 'hono/secure-headers';
import { trustedProxies } from './access/addresses.ts';
import { onlyHosts } from './access/hosts.ts';
import { allows, READERS } from './access/roles.ts';
import { bindApi, errorResponse, type Handlers, isSecure, openApiDocument } from './api.ts';
import { deviceOf, identify } from './caller.ts';
import { ROUTES, type Routes } from './contract/index.ts';
import { judgingHandlers } from './handlers/judging.ts';
import { projectHandlers } from './handlers/projects.ts';
import { runHandlers } from './handlers/runs.ts';
import { sessionHandlers } from './handlers/session.ts';
import { createMetrics } from './metrics.ts';
import { seenRuns } from './run-access.ts';
import type { RunService } from './runs.ts';
import { mayEnter, type Services } from './services.ts';

/** A file for the browser. */
export interface StaticFile {
  readonly bytes: Uint8Array;
  readonly type: string;
}

export interface StudioOptions extends Services {
  readonly version: string;
  /** Hash of the one-time token that creates the first owner. */
  readonly setupTokenHash: string;
  readonly passwordCost?: number;
  /** Runs of the pipeline, where there is a folder for them. */
  readonly runs: RunService;
  /** The built pages, by path below the root; undefined for what is not there. */
  readonly pageFile: (path: string) => Promise<StaticFile | undefined>;
  /** Writes a defect down under an id. */
  readonly report: (id: string, error: unknown) => void;
  /** Multiplies every rate limit; 0 turns them off. */
  readonly rateScale?: number;
  /** Addresses or networks of proxies whose `X-Forwarded-For` and `-Proto` are believed; nobody's by default. */
  readonly proxies?: readonly string[];
  /** Names, besides those of the loopback interface, under which browsers reach this Studio. */
  readonly hosts?: readonly string[];
  /** Where browsers reach this Studio through a proxy: scheme, name and port. */
  readonly origins?: readonly string[];
  /** How a login that has to wait does so; tests do not. */
  readonly pause?: (ms: number) => Promise<void>;
}

/** No script but the Studio's own files; reports of runs carry their style with them and no script at all. */
const PAGES_POLICY = {
  defaultSrc: ["'self'"],
  imgSrc: ["'self'", 'data:'],
  objectSrc: ["'none'"],
  frameAncestors: ["'none'"],
  baseUri: ["'none'"],
  formAction: ["'self'"],
};

/** A report is a page of its own, made elsewhere: it has its style inside, and must not run anything. */
const REPORT_POLICY = {
  defaultSrc: ["'none'"],
  styleSrc: ["'unsafe-inline'"],
  imgSrc: ['data:'],
  frameAncestors: ["'none'"],
  sandbox: [],
};
/** The page that verifies in a browser names its own script and style by digest; no other policy lets it do more. */
const VERIFIER_POLICY = {
  defaultSrc: ["'none'"],
  scriptSrc: ["'unsafe-inline'"],
  styleSrc: ["'unsafe-inline'"],
  imgSrc: ['data:'],
  workerSrc: ['blob:'],
  frameAncestors: ["'none'"],
  baseUri: ["'none'"],
  formAction: ["'none'"],
};
const VERIFIER = '/verify.html';
const headersWith = (contentSecurityPolicy: typeof PAGES_POLICY | typeof REPORT_POLICY | typeof VERIFIER_POLICY) =>
  secureHeaders({
    contentSecurityPolicy,
    referrerPolicy: 'no-referrer',
    xFrameOptions: 'DENY',
    crossOriginResourcePolicy: 'same-origin',
    // For whoever ends https in front of this.
    strictTransportSecurity: false,
  });

/** The Studio as a whole: pages and API. */
export function createStudio(options: StudioOptions): Hono {
  const { accounts, now, version, pageFile, report, rateScale } = options;
  const app = new Hono();
  const proxies = trustedProxies(options.proxies);
  const metrics = createMetrics(version);
  app.use(metrics.count);
  const origins = (options.origins ?? []).map((text) => new URL(text));
  app.use(onlyHosts([...(options.hosts ?? []), ...origins.map(({ hostname }) => hostname)]));
  /** A name that browsers reach by https only says so, whatever the proxy in front does. */
  const secureHosts = new Set(origins.filter(({ protocol }) => protocol === 'https:').map(({ host }) => host));
  const [ofPages, ofReports, ofVerifier] = [PAGES_POLICY, REPORT_POLICY, VERIFIER_POLICY].map(headersWith) as [
    MiddlewareHandler,
    MiddlewareHandler,
    MiddlewareHandler,
  ];
  app.use((context, next) => {
    const { path } = context.req;
    const headers = path === VERIFIER ? ofVerifier : /^\/runs\/[^/]+\/files\//.test(path) ? ofReports : ofPages;
    return headers(context, next);
  });
  const handlers: Handlers<Routes> = {
    ...sessionHandlers({
      ...options,
      isSecure: (context) => secureHosts.has(context.req.header('host') ?? '') || isSecure(context, proxies),
    }),
    ...judgingHandlers(options),
    ...projectHandlers(options),
    ...runHandlers(options),
  };
  app.get('/api/openapi.json', (context) => context.json(openApiDocument(ROUTES, version)));
  app.get('/healthz', (context) => context.text('ok'));
  /** Whether the store answers, and in what time. */
  const storeState = async () => {
    const started = performance.now();
    const up = await accounts.setting('first-account').then(
      () => true,
      () => false,
    );
    return { up, seconds: (performance.now() - started) / 1000 };
  };
  app.get('/readyz', async (context) =>
    (await storeState()).up ? context.text('ready') : context.text('the store does not answer', 503),
  );
  app.get('/metrics', async (context) => {
    const caller = await identify(context, accounts, now);
    // For a scraper with a key for everything: counts say who works when.
    if (!allows(READERS, caller.role) || caller.projectId !== null)
      return context.text('expected a key of an auditor for all projects, as a bearer token', 401);
    return context.text(metrics.text(await storeState()), 200, { 'content-type': 'text/plain; version=0.0.4' });
  });
  app.route(
    '/',
    bindApi(ROUTES, handlers, {
      identify: (context) => identify(context, accounts, now),
      device: (context) => deviceOf(context, options.sealer),
      mayEnter,
      proxies,
      report,
      ...(rateScale !== undefined && { rateScale }),
    }),
  );
  /** A file of a run for whoever may see the run. */
  const runFile = async (context: Context, read: (run: string) => Promise<StaticFile | undefined>, headers = {}) => {
    const caller = await identify(context, accounts, now);
    if (!allows(READERS, caller.role) || caller.projectId !== null) return context.redirect('/login');
    const run = context.req.param('run')!;
    const seen = (await seenRuns(options, caller, [run])).has(run);
    const file = seen ? await read(run) : undefined;
    if (file === undefined) return context.text('there is no such file in this run', 404);
    return context.body(Uint8Array.from(file.bytes).buffer, 200, { 'content-type': file.type, ...headers });
  };
  app.get('/runs/:run/files/:path{.+}', (context) =>
    runFile(context, (run) => options.runs.file(run, context.req.param('path'))),
  );
  app.get('/runs/:run/archive', (context) =>
    runFile(context, options.runs.archive, { 'content-disposition': 'attachment' }),
  );
  app.onError((error, context) => errorResponse(context, error, report));
  app.all('/api/*', (context) => context.json({ error: { code: 'route', message: 'there is no such route' } }, 404));
  // The pages' own files only: what the API answers is small, and secrets in it are not to be compressed with guesses.
  app.use('/assets/*', compress());
  app.get('*', async (context) => {
    const path = context.req.path.slice(1);
    const file = (await pageFile(path)) ?? (/\.\w+$/.test(path) ? undefined : await pageFile('index.html'));
    if (file === undefined) return context.text('not found', 404);
    const send = ({ bytes }: StaticFile, headers: Record<string, string>) =>
      context.body(Uint8Array.from(bytes).buffer, 200, { 'content-type': file.type, ...headers });
    if (!path.startsWith('assets/')) return send(file, { 'cache-control': 'no-cache' });
    // Names of built files carry a hash of their content.
    const kept = { 'cache-control': 'public, max-age=31536000, immutable', vary: 'accept-encoding' };
    const packed = /\bbr\b/.test(context.req.header('accept-encoding') ?? '') && (await pageFile(`${path}.br`));
    return packed ? send(packed, { ...kept, 'content-encoding': 'br' }) : send(file, kept);
  });
  return app;
}
