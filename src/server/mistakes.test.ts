import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { NO_RUNS, openTestStudio, type Person, type TestStudio, testItems, testProject } from './studio.fake.ts';

let studio: TestStudio;
afterEach(() => studio.close());
const params = { project: 'p' };
const HEADER = 'item_id,prompt,reply_a,reply_b,choice,rater';
const file = (text: string, more: object = {}) => ({
  layout: 'csv',
  fileName: 'votes.csv',
  text: `${HEADER}\n${text}`,
  ...more,
});

async function setUp(overlap = 2): Promise<Person> {
  studio = await openTestStudio();
  const { distribution } = testProject();
  await studio.store.putProject(testProject({ distribution: { ...distribution, overlap } }));
  return studio.person('owner');
}
const refusal = async (response: Response) => {
  const { error } = (await response.json()) as { error: { code: string; message: string } };
  return [response.status, error.code, error.message] as const;
};
const overview = (person: Person) => person.call('GET /api/projects/{project}/overview', { params });

describe('judgments in a file of items', () => {
  const rows = 'x,one,a,b,a,r1\ny,two,a,b,b,r1\nx,one,a,b,b,r2';
  it.each([
    ['beside', { judgments: 0, brought: 3, records: 3 }],
    ['count', { judgments: 3, brought: 0, records: 3 }],
    ['none', { judgments: 0, brought: 0, records: 0 }],
  ] as const)('%s: leave the project its own overlap, unless they are to count', async (judgments, expected) => {
    const owner = await setUp();
    const added = await owner.call('POST /api/projects/{project}/items', { params, body: file(rows, { judgments }) });
    expect(added).toMatchObject({ items: 2, judgments: expected.records });
    const { counts, brought } = await overview(owner);
    expect([counts.wanted, counts.judgments, brought]).toEqual([4, expected.judgments, expected.brought]);
    expect((await studio.store.progress('p')).records).toBe(expected.records);
    // Whoever judges is asked as often as the rules want.
    const rater = await studio.person('rater', ['p']);
    const { tasks } = await rater.call('POST /api/judge/{project}/next', { params, body: { count: 2 } });
    expect(tasks.length).toBe(judgments === 'count' ? 1 : 2);
    const { items } = await owner.call('GET /api/projects/{project}/items', { params });
    const x = items.find(({ id }) => id === 'x')!;
    expect([x.judgments, x.brought, x.wanted]).toEqual([
      judgments === 'count' ? 2 : 0,
      judgments === 'beside' ? 2 : 0,
      2,
    ]);
    // What was brought along counts for agreement all the same.
    expect(x.agreement).toBe(judgments === 'none' ? null : 0);
  });
  it('are beside where nothing is said', async () => {
    const owner = await setUp();
    await owner.call('POST /api/projects/{project}/items', { params, body: file(rows) });
    expect((await overview(owner)).counts.judgments).toBe(0);
  });
});

describe('a mistaken import', () => {
  it('is put away as one and brought back, and its records stay', async () => {
    const owner = await setUp();
    await studio.store.addItems('p', testItems(3));
    const added = await owner.call('POST /api/projects/{project}/items', {
      params,
      body: file('x,one,a,b,a,r1\ny,two,a,b,b,r1', { judgments: 'count' }),
    });
    const list = (query: Record<string, string> = {}) =>
      owner.call('GET /api/projects/{project}/items', { params, query });
    const archive = (archived: boolean, items: object, expected: number) =>
      owner.send('POST /api/projects/{project}/archive', { params, body: { archived, items, expected } });
    const mine = { import: added.import };
    expect((await list(mine)).total).toBe(2);
    expect(await refusal(await archive(true, mine, 5))).toEqual([
      409,
      'expected',
      'expected 5 items, the list holds 2 by now; look again',
    ]);
    expect((await archive(true, mine, 2)).status).toBe(200);
    expect(await list()).toMatchObject({ total: 3 });
    expect(await list({ show: 'archived' })).toMatchObject({
      total: 2,
      items: [{ archived: true }, { archived: true }],
    });
    expect(await owner.call('GET /api/projects/{project}/imports', { params })).toMatchObject({
      imports: [{ id: added.import, file: 'votes.csv', items: 2, archived: 2 }],
    });
    const { counts } = await overview(owner);
    expect(counts).toMatchObject({ items: 3, archived: 2, judgments: 0, wanted: 6 });
    const { records } = await owner.call('GET /api/projects/{project}/records', { params });
    expect(records.map(({ record, standing }) => [record.type, standing])).toEqual([
      ['judgment', false],
      ['judgment', false],
      ['archive', true],
      ['archive', true],
    ]);
    const exported = await owner.send('GET /api/projects/{project}/export/{layout}', {
      params: { ...params, layout: 'csv' },
    });
    expect(await exported.text()).not.toMatch(/one|two/);
    expect((await archive(false, { show: 'archived', ...mine }, 2)).status).toBe(200);
    expect((await overview(owner)).counts).toMatchObject({ items: 5, archived: 0, judgments: 2 });
    expect((await studio.store.check('p')).filter(({ ok }) => !ok)).toEqual([]);
  });
  it('cannot be put away by who only reads or judges', async () => {
    await setUp();
    await studio.store.addItems('p', testItems(1));
    for (const role of ['auditor', 'rater'] as const) {
      const person = await studio.person(role, ['p']);
      const body = { archived: true, items: {}, expected: 1 };
      expect((await person.send('POST /api/projects/{project}/archive', { params, body })).status).toBe(403);
    }
  });
});

describe('a question with answers', () => {
  const label = { id: 'better', title: 'Which?', kind: 'label', options: [{ id: 'a', title: 'A' }] };
  const other = { id: 'more', title: 'More?', kind: 'critique', required: false };
  it('keeps its kind and its place; one without may change and go', async () => {
    const owner = await setUp();
    const [first] = testProject().questions;
    const patch = (questions: unknown[]) =>
      owner.send('PATCH /api/projects/{project}', { params, body: { questions } });
    expect((await patch([first, other])).status).toBe(200);
    await owner.call('POST /api/projects/{project}/items', { params, body: file('x,one,a,b,a,r1') });
    expect(await owner.call('GET /api/projects/{project}/question-answers', { params })).toMatchObject({
      questions: [
        { id: 'better', answers: 1 },
        { id: 'more', answers: 0 },
      ],
    });
    for (const [questions, why] of [
      [[label, other], /its kind cannot change/],
      [[other], /it cannot be taken away/],
    ] as const)
      expect(await refusal(await patch([...questions]))).toEqual([409, 'answered', expect.stringMatching(why)]);
    expect((await studio.store.getProject('p'))!.questions.map(({ id, kind }) => [id, kind])).toEqual([
      ['better', 'comparison'],
      ['more', 'critique'],
    ]);
    expect((await patch([first])).status).toBe(200);
  });
});

describe('a project', () => {
  it('is put away: in no list of those who judge, nobody is asked, and it comes back', async () => {
    const owner = await setUp();
    await studio.store.addItems('p', testItems(2));
    const rater = await studio.person('rater', ['p']);
    const archive = (archived: boolean) =>
      owner.call('PATCH /api/projects/{project}', { params, body: { settings: { archived } } });
    await archive(true);
    expect((await rater.call('GET /api/judge')).projects).toEqual([]);
    expect(await rater.call('POST /api/judge/{project}/next', { params, body: {} })).toMatchObject({ tasks: [] });
    expect((await owner.call('GET /api/projects')).projects).toMatchObject([{ id: 'p', archived: true }]);
    await archive(false);
    expect((await rater.call('GET /api/judge')).projects.map(({ id }) => id)).toEqual(['p']);
  });
  it('is deleted for good by an owner who has a backup of it as it is, and that is written down', async () => {
    const owner = await setUp();
    await studio.store.addItems('p', testItems(2));
    const rater = await studio.person('rater', ['p']);
    await owner.call('POST /api/keys', { body: { name: 'script', role: 'lead', projectId: 'p' } });
    const backUp = async () => {
      const response = await owner.send('GET /api/projects/{project}/backup', { params });
      return { digest: response.headers.get('x-goodhart-digest')!, bytes: Buffer.from(await response.arrayBuffer()) };
    };
    const first = await backUp();
    expect(gunzipSync(first.bytes).toString('utf8')).toMatch(/"id":"SECRET-item-1"/);
    await studio.store.addItems('p', testItems(3));
    const remove = (body: object, who = owner) => who.send('POST /api/projects/{project}/delete', { params, body });
    expect(await refusal(await remove({ confirm: 'q', digest: first.digest }))).toMatchObject([
      400,
      'confirm',
      expect.stringMatching(/nothing was deleted/),
    ]);
    expect(await refusal(await remove({ confirm: 'p', digest: first.digest }))).toMatchObject([
      409,
      'digest',
      expect.stringMatching(/has changed since/),
    ]);
    const { digest } = await backUp();
    const lead = await studio.person('lead', ['p']);
    expect((await remove({ confirm: 'p', digest }, lead)).status).toBe(403);
    expect((await remove({ confirm: 'p', digest })).status).toBe(200);
    expect(await studio.store.getProject('p')).toBeUndefined();
    expect((await owner.call('GET /api/projects')).projects).toEqual([]);
    expect((await rater.call('GET /api/judge')).projects).toEqual([]);
    expect((await owner.call('GET /api/keys')).keys).toEqual([]);
    expect(await studio.store.accounts.setting('deletions')).toMatchObject([{ what: 'project', id: 'p', digest }]);
    const { createdAt: _, ...again } = testProject();
    expect(await refusal(await owner.send('POST /api/projects', { body: { project: again } }))).toMatchObject([
      409,
      'project',
      expect.stringMatching(/was a project’s that is deleted/),
    ]);
  });
});

describe('a run', () => {
  it('is put away and brought back, and deleted by an owner who types its id', async () => {
    const removed: string[] = [];
    const row = {
      id: 'r-1',
      name: 'r',
      project: null,
      status: 'complete',
      startedAt: '',
      verdicts: {},
      reason: null,
    } as const;
    studio = await openTestStudio({
      runs: {
        ...NO_RUNS,
        list: async () => [row],
        has: async (run) => run === 'r-1',
        remove: async (run) => {
          removed.push(run);
        },
      },
    });
    const owner = await studio.person('owner');
    const run = { run: 'r-1' };
    const listed = async (archived: string) =>
      (await owner.call('GET /api/runs', { query: { archived } })).runs.map(({ id }) => id);
    await owner.call('POST /api/runs/{run}/archive', { params: run, body: { archived: true } });
    expect([await listed('no'), await listed('yes')]).toEqual([[], ['r-1']]);
    await owner.call('POST /api/runs/{run}/archive', { params: run, body: { archived: false } });
    expect([await listed('no'), await listed('yes')]).toEqual([['r-1'], []]);
    const remove = (confirm: string) => owner.send('POST /api/runs/{run}/delete', { params: run, body: { confirm } });
    expect((await remove('r-2')).status).toBe(400);
    expect(removed).toEqual([]);
    expect((await remove('r-1')).status).toBe(200);
    expect(removed).toEqual(['r-1']);
    expect(await studio.store.accounts.setting('deletions')).toMatchObject([{ what: 'run', id: 'r-1' }]);
  });
});
