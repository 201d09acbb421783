import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyPipelineRun } from '../../src/pipeline/index.ts';
import { createMemory } from '../../src/pipeline/remember.ts';
import { honestRun, type Shape } from './forgery/honest-runs.ts';
import { runForgeries } from './forgery/run-forgeries.ts';
import { runSignedForgeries, SIGNED_KINDS, signedRun } from './forgery/signed-forgeries.ts';
import { openWorkshop } from './forgery/workshop.ts';

/** `npx tsx scripts/forgeries.ts 10000 1` makes more, of more runs. */
const CASES = 50;
/** Of those of claims and of public copies. */
const SIGNED_CASES = 20;
const SHAPES: readonly Shape[] = ['policy, variants and a monitor', 'a reward alone'];

const place = mkdtempSync(join(tmpdir(), 'goodhart-forgeries-'));
let folders: string[];
beforeAll(async () => {
  folders = [];
  for (const shape of SHAPES) folders.push(await honestRun(place, shape));
}, 120_000);
afterAll(() => rmSync(place, { recursive: true, force: true }));

describe('forged runs', () => {
  it('an honest run passes, and so does one whose JSON was written in another way', async () => {
    for (const folder of folders) {
      const remember = createMemory();
      const failed = async () => (await verifyPipelineRun(folder, { remember })).filter(({ ok }) => !ok);
      expect(await failed()).toEqual([]);
      const shop = openWorkshop(folder, remember);
      const json = shop.files.filter((file) => /^(run|data|findings|results|report|feedback\/.*)\.json$/.test(file));
      const again = json.map((file) => [file, JSON.stringify(JSON.parse(shop.honest(file).toString('utf8')))] as const);
      await shop.forge(new Map(again), 'recorded');
      expect(await failed()).toEqual([]);
      shop.restore();
      expect(await failed()).toEqual([]);
    }
  });
  it('none passes, and each is told by the place where it shows', async () => {
    const { faults, refused } = await runForgeries(folders, { count: CASES, seed: 1 });
    expect(faults).toEqual([]);
    expect([...refused.values()].reduce((sum, n) => sum + n, 0)).toBe(CASES);
  }, 300_000);
  it('none of what is signed or withheld passes with a reader who has the keys', async () => {
    const signed = await signedRun(join(place, 'signed'), folders[1]!);
    const { faults, refused } = await runSignedForgeries(signed, { count: SIGNED_CASES, seed: 1 });
    expect(faults).toEqual([]);
    expect([...refused.keys()].sort()).toEqual(Object.keys(SIGNED_KINDS).sort());
  }, 300_000);
});
