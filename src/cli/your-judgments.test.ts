import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import type { Item } from '../feedback/index.ts';
import { runForTest as run } from './command.fake.ts';
import { saveTinyProject, TINY_ON_JUDGMENTS } from './tiny-run.fake.ts';

const folder = mkdtempSync(join(tmpdir(), 'goodhart-judgments-'));
process.env.GOODHART_CACHE = join(folder, 'cache');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const RECIPE = fileURLToPath(new URL('../../recipes/your-judgments/run.yaml', import.meta.url));
const SMALL = TINY_ON_JUDGMENTS.flatMap((setting) => ['--set', setting]);

describe('a run on one’s own judgments', () => {
  it('goes from a store to a sealed disclosure, and its policy back into the store', async () => {
    const [project, store, out] = [join(folder, 'mine'), join(folder, 'team.db'), join(folder, 'run')];
    saveTinyProject(project);
    expect((await run('store', 'create', project, '--store', store)).code).toBe(0);
    const data = ['--set', 'data={ layout: project, project: mine, groups: region }'];
    const first = await run('run', RECIPE, '--out', out, '--store', store, '--quiet', ...data, ...SMALL);
    expect({ code: first.code, err: first.err }).toEqual({ code: 0, err: '' });
    expect(first.out).toMatch(/Judgments +24 by 1 raters/);
    expect(first.out).toMatch(/Judgments not used +24 withdrawn \(raters: 1\); 24 without consent \(raters: 1\)/);
    expect((await run('verify', out)).code).toBe(0);
    const read = (file: string) => JSON.parse(readFileSync(join(out, file), 'utf8'));
    expect(read('data.json')).toMatchObject({ projectId: 'mine', prompts: { train: 18, evaluation: 6, deploy: 0 } });
    expect(read('reward/evaluation.json').byRaterGroup).toMatchObject({ north: { n: 6 } });
    expect(read('results.json').ends[0].after.map(({ split }: { split: string }) => split)).toEqual(['evaluation']);
    // The way back: the policy's replies become items of the project, and the next run knows whose they are.
    const asked = await run(
      'policy',
      'sample',
      out,
      '--prompts',
      '4',
      '--project',
      'mine',
      '--store',
      store,
      '--quiet',
    );
    expect(asked.out).toMatch(/4 items added to project mine/);
    const again = join(folder, 'again');
    const more = await run('run', RECIPE, '--out', again, '--store', store, '--quiet', ...data, ...SMALL);
    expect({ code: more.code, err: more.err }).toEqual({ code: 0, err: '' });
    const items = readFileSync(join(again, 'feedback/items.jsonl'), 'utf8').trimEnd().split('\n');
    const origins = items.map((line) => (JSON.parse(line) as Item).source.origin);
    expect(origins.filter((origin) => origin === 'policy of run your-judgments, step 2').length).toBe(4);
    expect(JSON.parse(readFileSync(join(again, 'data.json'), 'utf8')).digest).not.toBe(read('data.json').digest);
  });
  it('says what is missing in one line', async () => {
    const ask = (...set: string[]) => run('run', RECIPE, '--out', join(folder, 'none'), '--quiet', ...set);
    const none = await ask('--store', join(folder, 'team.db'), '--set', 'data={ layout: project, project: theirs }');
    expect(none.err).toMatch(/no project theirs; it has mine/);
    expect((await ask('--set', `data.folder=${join(folder, 'nowhere')}`)).code).toBe(2);
    expect((await ask('--set', 'data.project=mine')).err).toMatch(/either project .* or folder/);
  });
  it('refuses what a recipe says of other data', async () => {
    const recipe = fileURLToPath(new URL('../../recipes/harmless-dialogues/run.yaml', import.meta.url));
    const data = ['--set', `data={ layout: project, folder: ${join(folder, 'mine')} }`];
    const out = join(folder, 'borrowed');
    const { code, err } = await run('run', recipe, '--out', out, '--quiet', ...data);
    expect(code).toBe(2);
    expect(err).toMatch(/declarations\.D2: is about data [0-9a-f]+, but the data of this run are [0-9a-f]+/);
  });
});
