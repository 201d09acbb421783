import { isIP } from 'node:net';
import { serve } from '@hono/node-server';
import type { Hono } from 'hono';
import { UsageError } from '../run/index.ts';

const KEEP_ALIVE_MS = 75_000;

/** Listens on the loopback interface unless another address is named. A taken port moves on to the next free one, up to ten. */
export async function listen(
  app: Hono,
  port: number,
  hostname = '127.0.0.1',
): Promise<{ url: string; close(): Promise<void> }> {
  for (let candidate = port; candidate < port + 10; candidate++) {
    const server = await new Promise<ReturnType<typeof serve> | undefined>((resolve, reject) => {
      const starting = serve({ fetch: app.fetch, port: candidate, hostname }, () => resolve(starting));
      starting.on('error', (error: NodeJS.ErrnoException) =>
        error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
      );
    });
    if (server !== undefined) {
      // Longer than browsers and proxies keep a connection that rests: they then never send on one that is being closed.
      if ('keepAliveTimeout' in server) server.keepAliveTimeout = KEEP_ALIVE_MS;
      return {
        url: `http://${isIP(hostname) === 6 ? `[${hostname}]` : hostname}:${candidate}/`,
        close: () => new Promise((resolve) => server.close(() => resolve())),
      };
    }
  }
  throw new UsageError('port', `ports ${port} to ${port + 9} are taken; choose another with --port`);
}
