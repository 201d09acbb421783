import type { MiddlewareHandler } from 'hono';

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

/**
 * Answers to the names of this Studio only. A page elsewhere can give its own name the address of this machine (DNS
 * rebinding); to the browser the two are then one site, and only the name that it asks for tells them apart.
 */
export function onlyHosts(hosts: readonly string[]): MiddlewareHandler {
  const known = new Set([...LOOPBACK, ...hosts.map((host) => host.toLowerCase())]);
  return async (context, next) => {
    const host = (context.req.header('host') ?? new URL(context.req.url).host).toLowerCase();
    const name = host.replace(/:\d{1,5}$/, '');
    if (known.has(name)) return next();
    const message = 'this Studio does not answer to that name; whoever runs it can add it with --origin';
    return context.json({ error: { code: 'host', message } }, 421);
  };
}
