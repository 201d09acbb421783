import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
