import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { simulatedArena } from '../quality/arena.fake.ts';
import { runForTest } from './command.fake.ts';

const folder = mkdtempSync(join(tmpdir(), 'goodhart-leaderboard-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const jsonl = (rows: readonly unknown[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
const arena = simulatedArena(8, { judgments: 600, models: 4 });
writeFileSync(join(folder, 'items.jsonl'), jsonl(arena.items));
writeFileSync(join(folder, 'judgments.jsonl'), jsonl(arena.judgments));
const run = (...args: string[]) => runForTest('feedback', 'leaderboard', ...args);

describe('goodhart feedback leaderboard', () => {
  it('prints models with ranks and intervals, and what the controls add', async () => {
    const { code, out } = await run(folder);
    expect(code).toBe(0);
    for (const name of arena.names) expect(out).toContain(name);
    expect(out).toMatch(/shown first +-?\d/);
    expect(out).toMatch(/Spearman’s ρ/);
    expect(out).not.toMatch(/NaN|Infinity|\[object/);
  });
  it('every option changes what is found', async () => {
    const board = async (...more: string[]) => JSON.parse((await run(folder, '--json', ...more)).out);
    const [all, none, ridged] = [await board(), await board('--control', 'none'), await board('--ridge', '50')];
    expect(all.controls.map(({ control }: { control: string }) => control)).toEqual(['position', 'length']);
    expect(none.controls).toEqual([]);
    const spread = (b: { rows: { strength: { value: number } }[] }) =>
      b.rows[0]!.strength.value - b.rows.at(-1)!.strength.value;
    expect(spread(none)).not.toBeCloseTo(spread(all), 3);
    expect(spread(ridged)).toBeLessThan(spread(all));
    const page = join(folder, 'board.html');
    expect((await run(folder, '--html', page)).code).toBe(0);
    expect(readFileSync(page, 'utf8')).toMatch(/^<!doctype html>/);
  });
  it.each([
    ['an unknown control', ['--control', 'mood'], /--control mood: expected some of position, length/],
    ['a ridge below 0', ['--ridge', '-1'], /--ridge -1: expected a number of 0 or more/],
  ])('%s is one line and exit code 2', async (_, args, message) => {
    const { code, err } = await run(folder, ...args);
    expect({ code, lines: err.trim().split('\n').length }).toEqual({ code: 2, lines: 1 });
    expect(err).toMatch(message);
  });
  it('replies without models are one line', async () => {
    const plain = mkdtempSync(join(tmpdir(), 'goodhart-plain-'));
    const items = arena.items.map((one) => ({ ...one, replies: one.replies.map(({ id, text }) => ({ id, text })) }));
    writeFileSync(join(plain, 'items.jsonl'), jsonl(items));
    writeFileSync(join(plain, 'judgments.jsonl'), jsonl(arena.judgments));
    const { code, err } = await run(plain);
    rmSync(plain, { recursive: true });
    expect(code).toBe(2);
    expect(err).toMatch(/two models or more, got 0 models: name the model beside each reply/);
  });
});
