import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { honestRun } from './forgery/honest-runs.ts';
import { signedRun } from './forgery/signed-forgeries.ts';
import { MUTATION_IDS } from './mutations/kinds.ts';
import { runMutations } from './mutations/run-mutations.ts';

/** `npx tsx scripts/forgeries.ts 10000 1 mutations` makes more. */
const CASES = 200;

const place = mkdtempSync(join(tmpdir(), 'goodhart-mutations-'));
afterAll(() => rmSync(place, { recursive: true, force: true }));

describe('mutated folders', () => {
  it('none passes, of any kind', async () => {
    const signed = await signedRun(join(place, 'signed'), await honestRun(place, 'a reward alone'));
    const { told, faults } = await runMutations(signed, { count: CASES, seed: 1 });
    expect(faults).toEqual([]);
    const counts = [...told].map(([id, { failed, refused }]) => [id, failed + refused] as const);
    expect(counts.reduce((sum, [, n]) => sum + n, 0)).toBe(CASES);
    expect(counts.filter(([, n]) => n === 0)).toEqual([]);
    expect(counts.map(([id]) => id)).toEqual(MUTATION_IDS);
  }, 300_000);
});
