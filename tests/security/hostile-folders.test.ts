import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { honestRun } from './forgery/honest-runs.ts';
import { runHostileFolders } from './hostile-folders.ts';

/** `npx tsx scripts/hostile.ts 2000 1 folders` makes more. */
const CASES = 40;

const place = mkdtempSync(join(tmpdir(), 'goodhart-hostile-'));
let honest: string;
beforeAll(async () => {
  honest = await honestRun(place, 'a reward alone');
}, 120_000);
afterAll(() => rmSync(place, { recursive: true, force: true }));

describe.skipIf(process.platform === 'win32')('hostile run folders', () => {
  it('are read rightly or refused in one line by every reader, and hide no other run', async () => {
    const { faults, answers } = await runHostileFolders(honest, { count: CASES, seed: 1 });
    expect(faults).toEqual([]);
    for (const { given, refused } of answers.values()) expect(given + refused).toBeGreaterThan(0);
    expect(answers.get('detail')).toEqual({ given: CASES, refused: 0 });
    expect(answers.get('findings')!.refused).toBeGreaterThan(0);
  }, 300_000);
});
