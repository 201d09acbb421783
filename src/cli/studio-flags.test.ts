import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { hashSecret } from '../server/node.ts';
import { openStore } from '../store/index.ts';
import { runForTest as run } from './command.fake.ts';
import { startStudio } from './studio.ts';

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
  use: (
    ask: (path: string, host: string, body?: object, to?: string) => Promise<IncomingMessage>,
    token: string,
  ) => Promise<T>,
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
    const ask = async (path: string, host: string, body?: object, to = '127.0.0.1') => {
      const headers = { host, 'x-forwarded-proto': 'https', 'content-type': 'application/json' };
      const sent = request({ port, host: to, path, method: body === undefined ? 'GET' : 'POST', headers });
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

it('--origin adds a name that browsers reach by https, and --proxy a proxy whose word is taken for TLS', async () => {
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
  const [plain, told] = await Promise.all([
    tried([]),
    tried(['--origin', 'https://studio.example.org', '--proxy', 'loopback']),
  ]);
  expect(plain).toEqual({ named: 421, other: 421, signed: 200, secure: false });
  expect(told).toEqual({ named: 200, other: 421, signed: 200, secure: true });
});

it('studio reset prints a link under --url that sets a new password for an account of the store', async () => {
  const path = join(place, 'reset.db');
  const store = await openStore(path, { create: true });
  const account = {
    id: 'a',
    name: 'Olga',
    role: 'owner',
    raterId: 'r',
    passwordHash: 'h',
    createdAt: '',
    disabled: false,
  };
  await store.accounts.createAccount(account);
  const reset = (...args: string[]) => run('studio', '--store', path, 'reset', ...args);
  const { code, out } = await reset('olga', '--url', 'https://studio.example.org');
  expect(code).toBe(0);
  const [, token] = /https:\/\/studio\.example\.org\/reset\/(\S+)/.exec(out)!;
  expect((await store.accounts.accountOfReset(hashSecret(token!), new Date().toISOString()))?.name).toBe('Olga');
  expect((await reset('Olga')).out).toMatch(/http:\/\/127\.0\.0\.1:4173\/reset\//);
  expect(await reset('Nobody')).toMatchObject({
    code: 2,
    err: expect.stringMatching(/no open account is called Nobody; there are Olga/),
  });
  await store.close();
});

it('--host listens on an address, and what is none is refused with what to give instead', async () => {
  await withStudio(['--host', '127.0.0.2'], async (ask) => ask('/healthz', '127.0.0.2', undefined, '127.0.0.2')).then(
    ({ statusCode }) => expect(statusCode).toBe(200),
  );
  for (const [args, why] of [
    [['--host', 'studio.example.org'], /expected an address to listen on.*--origin https:\/\/name/],
    [['--origin', 'https://studio.example.org/path'], /expected scheme and name alone/],
    [['--origin', 'studio.example.org'], /expected scheme and name alone/],
  ] as const)
    expect(await run('studio', ...args)).toMatchObject({ code: 2, err: expect.stringMatching(why) });
});

it('with --origin forms lead to no place of the machine, and to no private network but those of --allow-private', async () => {
  const at = { folder: mkdtempSync(join(place, 'fence')) };
  const tried = async (...allowed: string[]) => {
    const studio = await startStudio({
      store: join(at.folder, 'studio.db'),
      runs: at.folder,
      port: await freePort(),
      origins: ['https://studio.example.org'],
      allowPrivate: allowed,
      report: (_, error) => {
        throw error;
      },
    });
    try {
      const refused = async (yaml: string) =>
        studio.runs.start({ yaml, set: [] }, { mayRead: () => true }).then(
          () => 'taken',
          ({ message }: Error) => message,
        );
      const file = 'data: { layout: import, format: csv, path: /etc/passwd }\n';
      expect(await refused(`name: x\n${file}`)).toMatch(
        /data\.path \/etc\/passwd: this Studio takes no places of its own machine/,
      );
      // Nor where the server would train, which would also be sent the server's key.
      const ground = 'name: x\ndata: { layout: ground, ground: harbour }\nbase: {}\n';
      expect(
        await refused(`${ground}engine: { policy: tinker, tinker: { url: 'http://169.254.169.254/' } }\n`),
      ).toMatch(
        /engine\.tinker\.url http:\/\/169\.254\.169\.254\/: this Studio .* start the Studio with TINKER_BASE_URL/,
      );
      // A folder that somebody made elsewhere says what its run would read: it is asked the same.
      const told = { command: '', versions: {}, startedAt: '2026-01-01T00:00:00Z' };
      mkdirSync(join(at.folder, 'sent'), { recursive: true });
      const config = { name: 'sent', seed: 1, data: { layout: 'import', format: 'csv', path: '/etc/passwd' } };
      writeFileSync(join(at.folder, 'sent', 'run.json'), JSON.stringify({ ...told, config }));
      await expect(studio.runs.resume('sent')).rejects.toThrow(/data\.path \/etc\/passwd: this Studio takes no places/);
      return studio.setupUrl;
    } finally {
      await studio.close();
    }
  };
  expect(await tried()).toMatch(/^https:\/\/studio\.example\.org\/setup\//);
  await tried('10.0.0.0/8');
  await expect(tried('10.0.0.0/99')).rejects.toThrow(/proxy 10\.0\.0\.0\/99: expected an address/);
});
