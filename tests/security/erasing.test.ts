import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  NO_RUNS,
  openTestStudio,
  type Person,
  type TestStudio,
  testItems,
  testProject,
} from '../../src/server/studio.fake.ts';

/** Taking back what one gave, and erasing it for good. */
let studio: TestStudio;
let owner: Person;
const params = { project: 'p' };
const row = {
  ...{ id: 'run-1', name: 'run-1', project: 'p', status: 'complete' as const },
  ...{ startedAt: '2026-01-01T00:00:00.000Z', verdicts: {}, reason: null },
};

beforeAll(async () => {
  const detail = { run: row, config: null, command: '', versions: {}, progress: null, error: null };
  const runs = {
    ...NO_RUNS,
    has: async () => true,
    list: async () => [row],
    projectOf: async () => 'p',
    detail: async () => ({ ...detail, summary: [], files: [], asks: [] }),
  };
  studio = await openTestStudio({ runs });
  const question = testProject().questions[0]!;
  await studio.store.putProject(testProject({ questions: ['better', 'safer'].map((id) => ({ ...question, id })) }));
  const items = testItems(6).map(({ gold: _, ...item }) => item);
  await studio.store.addItems('p', items);
  owner = await studio.person('owner');
});
afterAll(() => studio.close());

const answers = ['better', 'safer'].map((questionId) => ({ questionId, answer: { kind: 'comparison', outcome: 0 } }));
const next = async (rater: Person) =>
  (await rater.call('POST /api/judge/{project}/next', { params, body: {} })).tasks[0]!;
async function given(rater: Person, key: string): Promise<void> {
  const { taskId } = await next(rater);
  const body = { taskId, answers, activeMs: 1000, idempotencyKey: key, reason: `reason of ${key}` };
  await rater.call('POST /api/judge/{project}/submit', { params, body });
}
async function drafted(rater: Person, key: string): Promise<void> {
  const { taskId } = await next(rater);
  const body = { taskId, content: { typed: `words of ${key}` }, idempotencyKey: key };
  await rater.call('POST /api/judge/{project}/draft', { params, body });
}
const idOf = async (person: Person) => (await person.call('GET /api/session')).user!.raterId;
const shown = async () => JSON.stringify((await owner.call('GET /api/projects/{project}/records', { params })).records);

describe('a form', () => {
  it('of which one answer is refused is stored not at all', async () => {
    const rater = await studio.person('rater', ['p']);
    const { taskId } = await next(rater);
    // What the second answer would be called is taken.
    const flag = { taskId, reason: 'odd', idempotencyKey: 'whole-form/safer' };
    await rater.call('POST /api/judge/{project}/flag', { params, body: flag });
    const before = (await studio.store.progress('p')).records;
    const body = { taskId, answers, activeMs: 1, idempotencyKey: 'whole-form' };
    expect((await rater.send('POST /api/judge/{project}/submit', { params, body })).status).toBe(400);
    expect((await studio.store.progress('p')).records).toBe(before);
  });
});

describe('a withdrawal', () => {
  it('says before and after exactly what goes and what stays', async () => {
    const rater = await studio.person('rater', ['p']);
    await given(rater, 'withdrawn-1');
    await drafted(rater, 'draft-of-1');
    const told = { withdrawn: 2, skips: 0, flags: 0, draftsErased: 1, recordsKept: 2 };
    expect(await rater.call('GET /api/judge/{project}/withdrawal', { params })).toEqual(told);
    const body = { idempotencyKey: 'withdrawal-1' };
    expect(await rater.call('POST /api/judge/{project}/withdraw', { params, body })).toEqual({ ok: true, ...told });
    let kept = '';
    for await (const { record } of studio.store.history('p')) kept += JSON.stringify(record);
    expect(kept).not.toContain('words of draft-of-1');
    expect(kept).toContain('reason of withdrawn-1');
    const after = await rater.call('GET /api/judge/{project}/withdrawal', { params });
    expect(after).toEqual({ withdrawn: 0, skips: 0, flags: 0, draftsErased: 0, recordsKept: 3 });
  });
});

describe('erasing', () => {
  it('is an owner’s alone, who types whom it is about, and is told to runs', async () => {
    const rater = await studio.person('rater', ['p']);
    const raterId = await idOf(rater);
    await given(rater, 'to-be-erased');
    const route = 'POST /api/projects/{project}/raters/{rater}/erase';
    const of = { project: 'p', rater: raterId };
    const body = { confirm: raterId };
    for (const role of ['lead', 'auditor', 'rater'] as const)
      expect((await (await studio.person(role, ['p'])).send(route, { params: of, body })).status).toBe(403);
    expect((await owner.send(route, { params: of, body: { confirm: 'yes' } })).status).toBe(400);
    expect(await shown()).toContain('reason of to-be-erased');
    const detail = () => owner.call('GET /api/runs/{run}', { params: { run: 'run-1' } });
    expect((await detail()).erased).toBeNull();
    const done = await owner.call(route, { params: of, body });
    expect(done).toMatchObject({ erased: { judgment: 2 }, runs: ['run-1'] });
    expect(done.outside.join()).toMatch(/backups/);
    // A page that was read before forgets it too.
    const text = await shown();
    expect(text).not.toContain('reason of to-be-erased');
    expect(text).toContain('erased: a judgment was here');
    expect(text).toContain('an owner erased 2 records');
    expect((await studio.store.erasures('p'))[0]).toMatchObject({ raterId, by: await idOf(owner), judgments: 2 });
    expect((await detail()).erased).toEqual({ raters: 1, judgments: 2 });
    expect((await studio.store.check()).filter(({ ok }) => !ok)).toEqual([]);
    const nobody = { params: { ...of, rater: 'nobody' }, body: { confirm: 'nobody' } };
    expect((await owner.send(route, nobody)).status).toBe(400);
  });
});
