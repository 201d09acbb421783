import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { TINY_QUICKSTART } from '../../src/cli/tiny-run.fake.ts';
import { startServing } from './command.ts';
import { freePort } from './free-port.ts';

/** A run gives way to everything else on a machine. */
const PATIENCE_MS = 600_000;

const folder = mkdtempSync(join(tmpdir(), 'goodhart-watched-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const start = async (...args: readonly string[]) =>
  startServing(['quickstart', '--port', String(await freePort()), ...args], folder);
const runsThere = () => readdirSync(join(folder, 'runs')).filter((name) => /^quickstart-\d+$/.test(name));

it(
  'serves the Studio before the run begins, and opens on what is there when started again',
  async () => {
    const sets = TINY_QUICKSTART.flatMap((set) => ['--set', set]);
    const first = await start(...sets);
    try {
      expect(first.url).toMatch(/\/runs\/quickstart-1$/);
      expect(first.said[0]?.type).toBe('serving');
      await first.heard('progress');
      await first.heard('result');
      const { status } = await fetch(new URL('/readyz', first.url));
      expect(status).toBe(200);
    } finally {
      await first.kill('SIGINT');
    }
    const second = await start();
    try {
      expect(second.url).toMatch(/\/runs\/quickstart-1$/);
    } finally {
      await second.kill('SIGINT');
    }
    expect(second.said.map(({ type }) => type)).toEqual(['serving']);
    expect(runsThere()).toEqual(['quickstart-1']);
  },
  PATIENCE_MS,
);

it(
  'ends the run with the Studio, and goes on with it at the next start',
  async () => {
    const first = await start('--again', ...TINY_QUICKSTART.flatMap((set) => ['--set', set]), '--set', 'seed=5');
    await first.heard('progress');
    await first.kill('SIGINT');
    const second = await start();
    try {
      expect(second.url).toMatch(/\/runs\/quickstart-2$/);
      await second.heard('result');
    } finally {
      await second.kill('SIGINT');
    }
    expect(runsThere().sort()).toEqual(['quickstart-1', 'quickstart-2']);
  },
  PATIENCE_MS,
);
