import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { simulatedPool } from '../quality/simulated-pool.fake.ts';
import { runForTest } from './command.fake.ts';

const folder = mkdtempSync(join(tmpdir(), 'goodhart-feedback-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const write = (name: string, text: string) => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
const jsonl = (rows: readonly unknown[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');

const run = (...args: string[]) => runForTest('feedback', 'report', ...args);

const pool = simulatedPool({ seed: 9, items: 150, planted: { kind: 'position-preference', strength: 0.9 } });
write('items.jsonl', jsonl(pool.items));
write('judgments.jsonl', jsonl(pool.judgments));
const consent = { version: '1', at: '2026-01-01' };
const profiles = [...new Set(pool.judgments.map((j) => j.raterId))].map((id, i) => ({
  id,
  kind: 'human',
  demographics: { age: i % 4 === 0 ? 'old' : 'young' },
  consent,
}));
write('raters.jsonl', jsonl(profiles));

describe('goodhart feedback report', () => {
  it('fits a screen, names what it flags with the evidence, and how often each detector is right', async () => {
    const { code, out } = await run(folder, '--replicates', '20');
    expect(code).toBe(0);
    expect(out.split('\n').length).toBeLessThan(65);
    expect(out).toMatch(/Judgments +\d+ on \d+ items by 16 raters/);
    expect(out).toMatch(/position-preference +▲ 2 +16 raters +\d+\.\d % at 0\.3 … \d+\.\d % at 0\.8 +\d+ of 100 pools/);
    for (const rater of pool.planted) expect(out).toContain(`${rater}: share of choices that stood first`);
    expect(out).not.toMatch(/NaN|Infinity|\[object/);
    const all = await run(folder, '--replicates', '20', '--all');
    expect(all.out.split('\n').length).toBeGreaterThan(out.split('\n').length + 20);
    expect(all.out).toContain('Where raters disagree most');
    expect(all.out).not.toMatch(/Items below the 50 wanted/);
    expect((await run(folder, '--replicates', '20', '--all', '--wanted', '50')).out).toMatch(
      /Items below the 50 wanted/,
    );
  });
  it('as JSON is one line, the same for the same seed, and follows the seed', async () => {
    const json = async (seed: string) => (await run(folder, '--json', '--replicates', '20', '--seed', seed)).out;
    const [one, again, other] = [await json('1'), await json('1'), await json('2')];
    expect(one.trim().split('\n').length).toBe(1);
    expect(again).toBe(one);
    const report = JSON.parse(one);
    expect(report).toMatchObject({ version: 1, seed: 1, replicates: 20, raters: 16 });
    expect(JSON.parse(other).alphaNominal.value).toBe(report.alphaNominal.value);
    expect(other).not.toBe(one);
  });
  it('writes the page, and weights raters to a population', async () => {
    const page = join(folder, 'page.html');
    const weights = write('population.yaml', 'targets: { age: { young: 0.4, old: 0.6 } }');
    const { code, out } = await run(folder, '--replicates', '20', '--html', page, '--weights', weights);
    expect(code).toBe(0);
    expect(readFileSync(page, 'utf8')).toMatch(/^<!doctype html>/);
    expect(out).toMatch(/age +old +4 .*60\.0 %/);
    expect(out).toMatch(/Weights 0\.\d+ to 2\.\d+, design effect \d/);
  });
  it('--class-prior uniform gives every class the same share in estimates of truth, and says so', async () => {
    const json = async (...more: string[]) =>
      JSON.parse((await run(folder, '--json', '--replicates', '20', ...more)).out).truth[0];
    const [free, uniform] = [await json(), await json('--class-prior', 'uniform')];
    expect([free.classPrior, uniform.classPrior]).toEqual(['estimated', 'uniform']);
    expect(uniform.assumes.map(({ id }: { id: string }) => id)).toContain('uniform-classes');
    expect(uniform.disputed).not.toBe(free.disputed);
    const { out } = await run(folder, '--replicates', '20', '--class-prior', 'uniform');
    expect(out).toContain('every class that was given has the same share');
  });
  const mistakes: [string, () => string[], RegExp][] = [
    ['a seed that is no number', () => ['--seed', 'x'], /--seed x: expected a whole number of 0 or more/],
    ['too few replicates', () => ['--replicates', '3'], /--replicates 3: expected a whole number of 20 or more/],
    ['missing targets', () => ['--weights', join(folder, 'none.yaml')], /none\.yaml: no such file/],
    [
      'targets under another key',
      () => ['--weights', write('bad.yaml', 'target: { age: { young: 1 } }')],
      /unknown key target; did you mean targets|targets/,
    ],
    [
      'a share above 1',
      () => ['--weights', write('worse.yaml', 'targets: { age: { young: 60 } }')],
      /targets\.age\.young/,
    ],
    ['a folder in place of the page', () => ['--html', folder], /a folder stands where a file is needed/],
  ];
  it.each(mistakes)('%s is one line and exit code 2', async (_, args, message) => {
    const { code, err } = await run(folder, '--replicates', '20', ...args());
    expect({ code, lines: err.trim().split('\n').length }).toEqual({ code: 2, lines: 1 });
    expect(err).toMatch(message);
  });
  it('a project that is not there is one line, and help has examples', async () => {
    expect((await run(join(folder, 'nowhere'))).code).toBe(2);
    expect((await run('--help')).out).toMatch(/Examples:[\s\S]*--weights/);
    expect(existsSync(join(folder, 'nowhere'))).toBe(false);
  });
});
