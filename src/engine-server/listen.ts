import { randomBytes, randomInt } from 'node:crypto';
import { serve } from '@hono/node-server';
import type { Engine } from '../engine/index.ts';
import { UsageError } from '../run/index.ts';
import { createEngineApp } from './app.ts';
import type { ServedBase } from './bases.ts';
import { EngineService, type ServiceOptions } from './service.ts';

export interface ServeEngineOptions
  extends Partial<
    Pick<
      ServiceOptions,
      'sessionMs' | 'mostParameters' | 'mostModels' | 'mostSamplers' | 'mostWaiting' | 'mostWaitingBytes'
    >
  > {
  readonly engine: Engine;
  readonly bases: readonly ServedBase[];
  /** Where saved states are kept. */
  readonly folder: string;
  /** 0 takes one that is free. */
  readonly port: number;
  /** The address to listen on; the loopback interface by default. Any other needs a key. */
  readonly host?: string;
  readonly key?: string | undefined;
  /** Names besides those of the loopback interface and `host` that requests may be addressed to. */
  readonly names?: readonly string[];
  readonly pollMs?: number;
  readonly now?: () => number;
  /** Receives defects, each under an id. */
  readonly report: (id: string, error: unknown) => void;
}

const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', '::1', 'localhost']);
const LEAST_KEY = 16;
/** How often silent sessions are looked for. */
const SWEEP_MS = 10_000;

function requireKey(host: string, key: string | undefined): void {
  if (key !== undefined && key.length < LEAST_KEY)
    throw new UsageError('key', `the key has ${key.length} characters; expected at least ${LEAST_KEY}`);
  if (key === undefined && !LOOPBACK.has(host)) {
    throw new UsageError(
      'key',
      `${host} is reached from other machines: set GOODHART_ENGINE_KEY to a key that clients send`,
    );
  }
}

export interface ServedEngine {
  readonly url: string;
  readonly service: EngineService;
  /** Ends every connection; the engine is the caller's. */
  close(): Promise<void>;
}

/** Serves an engine by the Tinker protocol. */
export async function serveEngine(options: ServeEngineOptions): Promise<ServedEngine> {
  const { engine, bases, folder, port, host = '127.0.0.1', key, names = [], pollMs, report } = options;
  requireKey(host, key);
  const now = options.now ?? Date.now;
  const newId = () => randomBytes(8).toString('hex');
  const defect = (error: unknown) => {
    const id = newId();
    report(id, error);
    return `a defect of the server, written down there as ${id}`;
  };
  const service = new EngineService({
    ...options,
    engine,
    bases,
    folder,
    now,
    newId,
    random: () => randomInt(2 ** 31 - 1),
    defect,
  });
  const app = createEngineApp({
    service,
    key,
    hosts: LOOPBACK.has(host) ? names : [host, ...names],
    now,
    defect,
    ...(pollMs !== undefined && { pollMs }),
  });
  const server = await new Promise<ReturnType<typeof serve>>((resolve, reject) => {
    const starting = serve({ fetch: app.fetch, port, hostname: host }, () => resolve(starting));
    starting.on('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? new UsageError('port', `port ${port} is taken; choose another with --port`)
          : error,
      ),
    );
  });
  const sweep = setInterval(() => void service.expire(), SWEEP_MS);
  sweep.unref();
  const address = server.address() as { port: number };
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`,
    service,
    close: () =>
      new Promise((resolve) => {
        clearInterval(sweep);
        server.close(() => resolve());
        if ('closeAllConnections' in server) server.closeAllConnections();
      }),
  };
}
