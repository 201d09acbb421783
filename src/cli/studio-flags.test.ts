import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';

const COMMAND = fileURLToPath(new URL('../../bin/goodhart.js', import.meta.url));
const place = mkdtempSync(join(tmpdir(), 'goodhart-studio-flags-'));
afterAll(() => rmSync(place, { recursive: true, force: true }));

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** A Studio in a process of its own; asks it by a name, through a proxy that says the browser came by TLS. */
async function withStudio<T>(
  flags: readonly string[],
  use: (ask: (path: string, host: string, body?: object) => Promise<IncomingMessage>, token: string) => Promise<T>,
): Promise<T> {
  const port = await freePort();
  const folder = mkdtempSync(join(place, 's'));
  const where = ['--store', join(folder, 'studio.db'), '--runs', folder, '--port', String(port)];
  const child = spawn(process.execPath, [COMMAND, 'studio', '--json', ...where, ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, GOODHART_CACHE: folder },
  });
  try {
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    const { setupUrl } = JSON.parse(line) as { setupUrl: string };
    const ask = async (path: string, host: string, body?: object) => {
      const headers = { host, 'x-forwarded-proto': 'https', 'content-type': 'application/json' };
      const sent = request({ port, host: '127.0.0.1', path, method: body === undefined ? 'GET' : 'POST', headers });
      sent.end(body === undefined ? undefined : JSON.stringify(body));
      const [answer] = (await once(sent, 'response')) as [IncomingMessage];
      answer.resume();
      return answer;
    };
    return await use(ask, new URL(setupUrl).pathname.split('/').at(-1)!);
  } finally {
    const gone = once(child, 'exit');
    child.kill('SIGTERM');
    await gone;
  }
}

it('--host adds a name, and --proxy a proxy whose word is taken for TLS', async () => {
  const owner = { name: 'Owner', password: 'a long enough password of words' };
  const tried = (flags: readonly string[]) =>
    withStudio(flags, async (ask, token) => {
      const named = await ask('/api/session', 'studio.example.org');
      const other = await ask('/api/session', 'other.example.org');
      const signed = await ask('/api/setup', 'localhost', { token, ...owner });
      const cookie = String(signed.headers['set-cookie']);
      return {
        named: named.statusCode,
        other: other.statusCode,
        signed: signed.statusCode,
        secure: /; secure/i.test(cookie),
      };
    });
  const [plain, told] = await Promise.all([tried([]), tried(['--host', 'studio.example.org', '--proxy', 'loopback'])]);
  expect(plain).toEqual({ named: 421, other: 421, signed: 200, secure: false });
  expect(told).toEqual({ named: 200, other: 421, signed: 200, secure: true });
});
