import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runForTest } from '../../src/cli/command.fake.ts';
import { redactionSchema } from '../../src/disclosure/node.ts';
import { redactRun, verifyPipelineRun } from '../../src/pipeline/index.ts';
import { createMemory } from '../../src/pipeline/remember.ts';
import { openRecordLog } from '../../src/run/node.ts';
import { honestRun, type Shape } from './forgery/honest-runs.ts';
import { runForgeries } from './forgery/run-forgeries.ts';
import { resealCopy, runSignedForgeries, SIGNED_KINDS, signedRun } from './forgery/signed-forgeries.ts';
import { openWorkshop } from './forgery/workshop.ts';

/** `npx tsx scripts/forgeries.ts 10000 1` makes more, of more runs. */
const CASES = 200;
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
    // Three of four are of the run that is verified in a third of the time; what it has, the other has too.
    const [whole, alone] = folders as [string, string];
    const { faults, refused } = await runForgeries([whole, alone, alone, alone], { count: CASES, seed: 1 });
    expect(faults).toEqual([]);
    expect([...refused.values()].reduce((sum, n) => sum + n, 0)).toBe(CASES);
  }, 300_000);
  it('a file that is withheld excuses no fault elsewhere, whatever words the fault holds', async () => {
    const withheld = 'policy/best-of-n.json';
    const copy = join(place, 'copy');
    const grounds = {
      reason: 'trade-secret',
      justification: 'ours',
      custodian: 'we',
      retainUntil: '2031-01-01',
      materialToConclusion: false,
    };
    const redaction = redactionSchema.parse({ rules: [{ file: withheld, ...grounds }] });
    await redactRun(folders[0]!, { redaction, out: copy, allowRepeats: true });
    const failed = async () =>
      (await verifyPipelineRun(copy)).filter(({ ok, aspect }) => !ok && aspect !== 'origin').map(({ name }) => name);
    resealCopy(copy);
    expect(await failed()).toEqual([]);
    const path = join(copy, 'feedback/judgments.jsonl');
    const [first, ...rest] = readFileSync(path, 'utf8').split('\n');
    const forged = { ...(JSON.parse(first!) as object), id: `/${withheld}: gone` };
    writeFileSync(path, [JSON.stringify(forged), ...rest].join('\n'));
    resealCopy(copy);
    expect(await failed()).toContain('feedback/judgments.jsonl recomputed');
  });
  it('one that is taken up has nothing removed, read or written beside it', async () => {
    const folder = join(place, 'taken-up');
    const victim = join(place, 'victim');
    mkdirSync(victim);
    writeFileSync(join(victim, 'mine.txt'), 'mine');
    cpSync(folders[0]!, folder, { recursive: true });
    // The result of the policy is said to lie elsewhere, and the stage to have begun with other inputs: it would start anew.
    const evaluation = join(folder, 'policy/evaluation.json');
    const path = JSON.parse(readFileSync(evaluation, 'utf8')) as object;
    writeFileSync(evaluation, JSON.stringify({ ...path, checkpoint: '../victim' }));
    const log = openRecordLog(join(folder, 'records.jsonl'), () => '2026-01-01T00:00:00.000Z');
    log.append('stage-begun', { name: 'policy', inputs: {} });
    log.close();
    const config = join(place, 'taken-up.yaml');
    writeFileSync(
      config,
      JSON.stringify((JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8')) as { config: object }).config),
    );
    for (const args of [
      ['run', config, '--out', folder, '--resume'],
      ['policy', 'sample', folder, '--out', join(place, 'said.jsonl'), '--split', 'deploy', '--prompts', '1'],
    ]) {
      const { code, err } = await runForTest(...args, '--quiet');
      expect({ code, err }).toMatchObject({
        code: 2,
        err: expect.stringMatching(/checkpoint: expected checkpoints\/policy-\d+, got "\.\.\/victim"/),
      });
      expect(readFileSync(join(victim, 'mine.txt'), 'utf8')).toBe('mine');
    }
  });
  it('none of what is signed or withheld passes with a reader who has the keys', async () => {
    const signed = await signedRun(join(place, 'signed'), folders[1]!);
    const { faults, refused } = await runSignedForgeries(signed, { count: SIGNED_CASES, seed: 1 });
    expect(faults).toEqual([]);
    expect([...refused.keys()].sort()).toEqual(Object.keys(SIGNED_KINDS).sort());
  }, 300_000);
});
