import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runForTest as run } from './command.fake.ts';
import { chooseRun } from './quickstart.ts';
import { TINY_QUICKSTART } from './tiny-run.fake.ts';

const folder = mkdtempSync(join(tmpdir(), 'goodhart-quickstart-'));
process.env.GOODHART_CACHE = join(folder, 'cache');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('the quickstart ends by itself with --no-serve; without it the Studio stays open (tests/e2e/quickstart)', async () => {
  const out = join(folder, 'run');
  const sets = TINY_QUICKSTART.flatMap((set) => ['--set', set]);
  const { code, out: said } = await run('quickstart', '--no-serve', '--out', out, '--quiet', ...sets);
  expect(code).toBe(0);
  expect(said).toMatch(/goodhart verify /);
  expect(said).not.toMatch(/http:/);
});

describe('the run that a start is about', () => {
  const free = { set: [], again: false, taken: () => false };
  const row = (id: string, status: Parameters<typeof chooseRun>[0][number]['status'], name = 'quickstart') => ({
    id,
    name,
    status,
  });
  it('is a new one where there is none, under a name that nothing has', () => {
    expect(chooseRun([], 'quickstart', free)).toEqual({ run: 'quickstart-1', todo: 'begin' });
    const others = [row('quickstart-1', 'complete', 'rounds'), row('quickstart-2', 'unreadable')];
    expect(chooseRun(others, 'quickstart', free)).toEqual({ run: 'quickstart-3', todo: 'begin' });
    const taken = (name: string) => name === 'quickstart-1';
    expect(chooseRun([], 'quickstart', { ...free, taken })).toEqual({ run: 'quickstart-2', todo: 'begin' });
  });
  it('is the newest that is there, which is opened where it is done or under way and gone on with otherwise', () => {
    for (const [status, todo] of [
      ['complete', 'open'],
      ['running', 'open'],
      ['stopped', 'resume'],
      ['failed', 'resume'],
      ['unfinished', 'resume'],
    ] as const)
      expect(chooseRun([row('quickstart-2', status), row('quickstart-1', 'complete')], 'quickstart', free)).toEqual({
        run: 'quickstart-2',
        todo,
      });
  });
  it('may have been ended before it wrote anything, when it is called by its id', () => {
    const rows = [row('quickstart-2', 'stopped', 'quickstart-2'), row('quickstart-1', 'complete')];
    expect(chooseRun(rows, 'quickstart', free)).toEqual({ run: 'quickstart-2', todo: 'resume' });
  });
  it('is a new one where another is asked for, by word or by what is overridden', () => {
    const there = [row('quickstart-1', 'complete')];
    const made = { run: 'quickstart-2', todo: 'begin' };
    expect(chooseRun(there, 'quickstart', { ...free, again: true })).toEqual(made);
    expect(chooseRun(there, 'quickstart', { ...free, set: ['seed=2'] })).toEqual(made);
  });
});
