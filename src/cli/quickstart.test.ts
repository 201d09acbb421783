import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { runForTest as run } from './command.fake.ts';

const folder = mkdtempSync(join(tmpdir(), 'goodhart-quickstart-'));
process.env.GOODHART_CACHE = join(folder, 'cache');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SMALL = [
  ...['base.vocabulary=400', 'base.width=16', 'base.layers=1', 'base.heads=2', 'base.feedForward=16'],
  ...['base.examples=300', 'base.steps=10', 'feedback.pairs=40', 'reward.members=2', 'reward.epochs=1'],
  ...['policy.steps=2', 'policy.evaluateEvery=2', 'policy.promptsPerStep=2', 'policy.samples=2', 'policy.bestOf=[2]'],
  ...['audit.prompts=6', 'audit.samples=2'],
];

it('the quickstart ends by itself with --no-serve; without it the Studio stays open (tests/e2e/first-start)', async () => {
  const out = join(folder, 'run');
  const sets = SMALL.flatMap((set) => ['--set', set]);
  const { code, out: said } = await run('quickstart', '--no-serve', '--out', out, '--quiet', ...sets);
  expect(code).toBe(0);
  expect(said).toMatch(/goodhart verify /);
  expect(said).not.toMatch(/http:/);
});

const COMMAND = fileURLToPath(new URL('../../bin/goodhart.js', import.meta.url));

/** Starts the quickstart in a folder, as `npm start` does; what it says first, and what it warned of until then. */
async function begun(cwd: string, ...args: string[]) {
  const child = spawn(process.execPath, [COMMAND, 'quickstart', '--json', ...args], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, GOODHART_CACHE: join(folder, 'cache') },
  });
  let warned = '';
  child.stderr.on('data', (bytes) => {
    warned += String(bytes);
  });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
  return { ...(JSON.parse(line) as { type: string; url: string; setupUrl: string | null }), warned };
}

it('serves the Studio at once on a run that one watches there, a second time on the same run, and says where a port is taken', async () => {
  const place = mkdtempSync(join(folder, 'start'));
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const at = ['--port', String(port)];
  try {
    const first = await begun(place, ...at, ...SMALL.flatMap((set) => ['--set', set]));
    expect(first.url).toMatch(/\/runs\/quickstart-1$/);
    expect(new URL(first.url).port).not.toBe(String(port));
    expect(first.warned).toMatch(new RegExp(`port ${port} is taken`));
    expect(first.setupUrl).toMatch(/\/setup\//);
    const second = await begun(place, ...at);
    expect(second.url).toMatch(/\/runs\/quickstart-1$/);
    expect(existsSync(join(place, 'runs/quickstart-2'))).toBe(false);
  } finally {
    server.close();
  }
});
