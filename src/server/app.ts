import { Hono } from 'hono';
import type { RunSummary } from '../pipeline/index.ts';
import { START_PAGE, START_STYLE } from './page.ts';

export interface RunsResponse {
  readonly runs: readonly RunSummary[];
}

export interface VerifyResponse {
  readonly ok: boolean;
  readonly checks: number;
  readonly failures: readonly string[];
}

/** What the server needs from outside: runs to list and read, a verifier, and the browser script. Handed in, never imported by name. */
export interface ServerOptions {
  listRuns(): Promise<readonly RunSummary[]>;
  /** Bytes of a file of a run, or undefined. Must refuse paths that leave the run's folder. */
  readRunFile(runId: string, path: string): Promise<Uint8Array | undefined>;
  verify(runId: string): Promise<VerifyResponse>;
  webScript(): Promise<string>;
}

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  json: 'application/json; charset=utf-8',
  jsonl: 'application/x-ndjson; charset=utf-8',
};

/** The local server: start page, report of each run, and the verifier behind a button. No inline script is allowed anywhere. */
export function createApp(options: ServerOptions): Hono {
  const app = new Hono();
  app.use(async (context, next) => {
    await next();
    context.header(
      'content-security-policy',
      "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:",
    );
    context.header('x-content-type-options', 'nosniff');
    context.header('referrer-policy', 'no-referrer');
  });
  app.get('/', (context) => context.html(START_PAGE));
  app.get('/style.css', (context) => context.body(START_STYLE, 200, { 'content-type': 'text/css; charset=utf-8' }));
  app.get('/web/main.js', async (context) =>
    context.body(await options.webScript(), 200, { 'content-type': 'text/javascript; charset=utf-8' }),
  );
  app.get('/api/runs', async (context) => context.json({ runs: await options.listRuns() } satisfies RunsResponse));
  app.post('/api/runs/:id/verify', async (context) => {
    const { id } = context.req.param();
    if (!(await options.listRuns()).some((run) => run.id === id)) return context.json({ error: `no run ${id}` }, 404);
    return context.json((await options.verify(id)) satisfies VerifyResponse);
  });
  app.get('/runs/:id/*', async (context) => {
    const { id } = context.req.param();
    const path = decodeURIComponent(context.req.path.split('/').slice(3).join('/'));
    const bytes = await options.readRunFile(id, path);
    if (bytes === undefined) return context.text(`no file ${path} in run ${id}`, 404);
    const type = CONTENT_TYPES[path.split('.').pop() ?? ''] ?? 'application/octet-stream';
    return context.body(Uint8Array.from(bytes).buffer, 200, { 'content-type': type });
  });
  return app;
}
