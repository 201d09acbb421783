import { afterEach, describe, expect, it } from 'vitest';
import type { Item, Project } from '../feedback/index.ts';
import type { ResponseOf } from './contract/index.ts';
import { openTestStudio, type Person, type TestStudio, testItems, testProject } from './studio.fake.ts';

let studio: TestStudio;
afterEach(() => studio.close());

async function start(project: Project = testProject(), items: readonly Item[] = testItems(6)): Promise<Person> {
  studio = await openTestStudio();
  await studio.store.putProject(project);
  await studio.store.addItems('p', items);
  return studio.person('rater', ['p']);
}
const params = { project: 'p' };
const nextOf = async (rater: Person, count = 1, holding: string[] = []) =>
  rater.call('POST /api/judge/{project}/next', { params, body: { count, holding } });
const key = (n: number) => `key-000${n}`;
const submit = (rater: Person, taskId: string, n: number, outcome: unknown = 0) =>
  rater.call('POST /api/judge/{project}/submit', {
    params,
    body: {
      taskId,
      answers: [{ questionId: 'better', answer: { kind: 'comparison', outcome } }],
      activeMs: 1000,
      idempotencyKey: key(n),
    },
  });

describe('judging', () => {
  it('records the reply that stood at the place, with what was shown and for how long', async () => {
    const rater = await start();
    const task = (await nextOf(rater)).tasks[0]!;
    const receipt = await submit(rater, task.taskId, 1, 1);
    expect(receipt).toMatchObject({ stored: true, progress: { done: 1 } });
    const { judgments } = await studio.store.state('p');
    const { answer, presentation, activeMs, itemId } = judgments[0]!;
    const chosen = (answer as { outcome: number }).outcome;
    expect(presentation.order[1]).toBe(chosen);
    const item = (await studio.store.getItem('p', itemId))!;
    expect(task.replies[1]).toBe(item.replies[chosen]!.text);
    expect(activeMs).toBe(1000);
    expect(studio.events.map((event) => event.type)).toEqual(['judgment.created', 'item.completed']);
    expect(studio.events[1]!.data).toEqual({ itemId });
  });
  it('sent again, even later, nothing new is stored', async () => {
    const rater = await start();
    const task = (await nextOf(rater)).tasks[0]!;
    await submit(rater, task.taskId, 1);
    studio.advance(60_000);
    expect(await submit(rater, task.taskId, 1)).toMatchObject({ stored: false, id: key(1) });
    expect((await studio.store.state('p')).judgments.length).toBe(1);
  });
  it('refuses to take back what is not theirs, and takes nothing of it back', async () => {
    const rater = await start();
    const other = await studio.person('rater', ['p']);
    await submit(rater, (await nextOf(rater)).tasks[0]!.taskId, 1);
    const body = { id: key(1), idempotencyKey: key(2) };
    const refused = await other.send('POST /api/judge/{project}/undo', { params, body });
    expect(refused.status).toBe(404);
    expect(await refused.json()).toMatchObject({
      error: { code: 'record', message: expect.stringMatching(/nothing key-0001 of yours/) },
    });
    expect((await studio.store.state('p')).judgments.length).toBe(1);
    // Their own, sent twice after a lost answer, is taken back once.
    for (const _ of ['sent', 'sent again']) await rater.call('POST /api/judge/{project}/undo', { params, body });
    expect((await studio.store.state('p')).judgments).toEqual([]);
  });
  it('has one voice: a second tab with the same task hears plainly that it was answered', async () => {
    const rater = await start();
    const task = (await nextOf(rater)).tasks[0]!;
    await submit(rater, task.taskId, 1, 0);
    const answers = [{ questionId: 'better', answer: { kind: 'comparison', outcome: 1 } }];
    const second = await rater.send('POST /api/judge/{project}/submit', {
      params,
      body: { taskId: task.taskId, answers, activeMs: 1, idempotencyKey: key(2) },
    });
    expect(second.status).toBe(409);
    expect(await second.json()).toEqual({
      error: { code: 'answered', message: expect.stringMatching(/^you have answered this already, in another tab/) },
    });
    expect((await studio.store.state('p')).judgments.length).toBe(1);
  });
  it('names in its webhook what finds the records', async () => {
    const rater = await start();
    await submit(rater, (await nextOf(rater)).tasks[0]!.taskId, 1);
    const [event] = studio.events;
    if (event?.type !== 'judgment.created') throw new Error('expected judgment.created first');
    expect(event.data.records).toEqual((await studio.store.state('p')).judgments.map(({ id }) => id));
    const owner = await studio.person('owner');
    for (const ids of [[event.data.id], event.data.records]) {
      const query = { ids: JSON.stringify(ids) };
      const { records } = await owner.call('GET /api/projects/{project}/records', { params, query });
      expect(records.map(({ record }) => record.type)).toEqual(['judgment']);
    }
    const none = await owner.call('GET /api/projects/{project}/records', { params, query: { ids: '["key-000"]' } });
    expect(none.records).toEqual([]);
  });
  it('gives tasks ahead, each another, and the same ones again after a reload', async () => {
    const rater = await start();
    const { tasks } = await nextOf(rater, 3);
    expect(new Set(tasks.map((task) => task.prompt)).size).toBe(3);
    const again = await nextOf(rater);
    expect(tasks.map((task) => task.prompt)).toContain(again.tasks[0]!.prompt);
    const further = await nextOf(
      rater,
      1,
      tasks.map((task) => task.taskId),
    );
    expect(tasks.map((task) => task.prompt)).not.toContain(further.tasks[0]!.prompt);
  });
  it('takes back a submission and shows the same task in the same order, with the draft of before', async () => {
    const rater = await start();
    const task = (await nextOf(rater)).tasks[0]!;
    await rater.call('POST /api/judge/{project}/draft', {
      params,
      body: { taskId: task.taskId, content: { typed: 'half a thought' }, idempotencyKey: key(7) },
    });
    expect((await nextOf(rater)).tasks[0]!.draft).toEqual({ typed: 'half a thought' });
    let { taskId } = task;
    for (const [n, withTask] of [
      [1, true],
      [3, false],
    ] as const) {
      await submit(rater, taskId, n);
      const body = { id: key(n), ...(withTask && { taskId }), idempotencyKey: key(n + 1) };
      const undone = await rater.call('POST /api/judge/{project}/undo', { params, body });
      expect(undone.task).toMatchObject({ prompt: task.prompt, replies: task.replies });
      expect(undone.task!.draft).toEqual({ typed: 'half a thought' });
      expect((await studio.store.state('p')).judgments).toEqual([]);
      taskId = undone.task!.taskId;
    }
  });
  it('gives a task back beside those held ahead, a silent known answer like any other, and neither twice', async () => {
    const gold = testItems(1, { role: 'gold' }).map((item) => ({ ...item, id: 'SECRET-gold', prompt: 'Known?' }));
    const { distribution } = testProject();
    const rater = await start(testProject({ distribution: { ...distribution, gold: { every: 2, mode: 'gold' } } }), [
      ...testItems(9),
      ...gold,
    ]);
    const held = (await nextOf(rater, 3)).tasks;
    const seen: string[] = [];
    for (let n = 0; n < 6; n++) {
      const task = held.shift()!;
      seen.push(task.prompt);
      await submit(rater, task.taskId, 10 + 2 * n, 1);
      const undone = await rater.call('POST /api/judge/{project}/undo', {
        params,
        body: { id: key(10 + 2 * n), taskId: task.taskId, idempotencyKey: key(40 + n) },
      });
      expect(undone.task).toMatchObject({ prompt: task.prompt, replies: task.replies, purpose: 'work' });
      const open = [undone.task!, ...held];
      const more = await nextOf(
        rater,
        1,
        open.map((o) => o.taskId),
      );
      for (const { prompt } of more.tasks) expect(open.map((o) => o.prompt)).not.toContain(prompt);
      const receipt = await submit(rater, undone.task!.taskId, 11 + 2 * n, 1);
      // Nothing in the numbers tells a known answer from work.
      expect(receipt).toMatchObject({ stored: true, progress: { done: n + 1, left: 10 } });
      held.push(...more.tasks);
    }
    expect(seen).toContain('Known?');
    expect(new Set(seen).size).toBe(seen.length);
  });
  it('keeps a mixed form whole or not at all, and names the question in what a rater gave', async () => {
    const questions = testProject().questions.concat([
      { id: 'why', title: 'Why?', kind: 'critique', required: false },
      { id: 'right', title: 'What is right?', kind: 'correction', required: false },
      {
        id: 'kind',
        title: 'What kind?',
        kind: 'label',
        required: false,
        multiple: true,
        options: [{ id: 'l1', title: 'Vague' }],
      },
    ]);
    const rater = await start(testProject({ questions }));
    const task = (await nextOf(rater)).tasks[0]!;
    const better = { questionId: 'better', answer: { kind: 'comparison', outcome: 0 } };
    const why = (reply: number) => ({ questionId: 'why', answer: { kind: 'critique', reply, text: 'SECRET why' } });
    const sent = async (answers: unknown[], n: number) =>
      rater.send('POST /api/judge/{project}/submit', {
        params,
        body: { taskId: task.taskId, answers, activeMs: 1, idempotencyKey: key(n) },
      });
    for (const [n, wrong] of [
      [better, why(5)],
      [better, { questionId: 'right', answer: { kind: 'critique', reply: 0, text: 'x' } }],
      [better, { ...better, questionId: 'nothing' }],
      [better, why(0), why(0)],
    ].entries()) {
      expect((await sent(wrong, n)).status).toBe(400);
      expect((await studio.store.state('p')).judgments).toEqual([]);
    }
    const kind = { questionId: 'kind', answer: { kind: 'label', reply: 0, labels: ['l1'] } };
    // Each reply may have an answer of its own; sent again, nothing is added; one undo takes all of it back.
    for (const _ of ['sent', 'sent again']) {
      expect((await sent([better, why(1), why(0), kind], 8)).status).toBe(200);
      expect((await studio.store.state('p')).judgments.length).toBe(4);
    }
    await rater.call('POST /api/judge/{project}/undo', { params, body: { id: key(8), idempotencyKey: key(7) } });
    expect((await studio.store.state('p')).judgments).toEqual([]);
    expect((await sent([better, why(1), kind], 9)).status).toBe(200);
    const { records } = await rater.call('GET /api/judge/{project}/mine', { params });
    expect(
      records
        .filter((r) => r.standing)
        .map((r) => [r.question, r.text])
        .sort(),
    ).toEqual([
      ['What kind?', 'A: Vague'],
      ['Which reply is better?', 'A is better'],
      ['Why?', 'B: SECRET why'],
    ]);
  });
  it('skips with a reason, flags, and lets a rater see and withdraw what they gave', async () => {
    const rater = await start();
    const task = (await nextOf(rater)).tasks[0]!;
    const body = { taskId: task.taskId, idempotencyKey: key(1) };
    await rater.call('POST /api/judge/{project}/skip', { params, body: { ...body, reason: 'unclear', note: 'what?' } });
    await rater.call('POST /api/judge/{project}/flag', {
      params,
      body: { ...body, idempotencyKey: key(2), reason: 'rude' },
    });
    const other = (await nextOf(rater)).tasks[0]!;
    expect(other.prompt).not.toBe(task.prompt);
    await submit(rater, other.taskId, 3);
    const mine = await rater.call('GET /api/judge/{project}/mine', { params });
    expect(mine.records.map((r) => [r.type, r.text, r.standing])).toEqual([
      ['judgment', 'A is better', true],
      ['flag', 'rude', true],
      ['skip', 'skipped: unclear, what?', true],
    ]);
    const gone = await rater.call('POST /api/judge/{project}/withdraw', { params, body: { idempotencyKey: key(4) } });
    expect(gone.withdrawn).toBe(1);
    expect((await studio.store.state('p')).judgments).toEqual([]);
    const after = await rater.call('GET /api/judge/{project}/mine', { params });
    expect(after.records.map((r) => r.standing)).toEqual([false, false, false]);
  });
  it('takes a concern to the lead, from whoever was in, keeps it through a withdrawal, and lets only its author take it back', async () => {
    const rater = await start();
    const lead = await studio.person('lead', ['p']);
    const auditor = await studio.person('auditor', ['p']);
    const file = (n: number, text: string) =>
      rater.call('POST /api/judge/{project}/concern', { params, body: { about: 'pay', text, idempotencyKey: key(n) } });
    await file(1, 'too little');
    await file(1, 'too little');
    await file(2, 'and late');
    await rater.call('POST /api/judge/{project}/withdraw', { params, body: { idempotencyKey: key(3) } });
    const idOf = async (who: Person) => (await who.call('GET /api/session')).user!.raterId;
    const [raterId, leadId] = [await idOf(rater), await idOf(lead)];
    const read = async (who: Person) => (await who.call('GET /api/projects/{project}/raters', { params })).concerns;
    expect((await read(lead)).map(({ raterId: by, about, text }) => [by, about, text])).toEqual([
      [raterId, 'pay', 'and late'],
      [raterId, 'pay', 'too little'],
    ]);
    expect((await read(auditor)).map(({ name }) => name)).toEqual([null, null]);
    const { records } = await rater.call('GET /api/judge/{project}/mine', { params });
    expect(records.map(({ type, text, standing }) => [type, text, standing])).toEqual([
      ['concern', 'pay: and late', true],
      ['concern', 'pay: too little', true],
    ]);
    const undo = { params, body: { id: key(2), idempotencyKey: key(4) } };
    expect((await lead.send('POST /api/judge/{project}/undo', undo)).status).toBe(404);
    const lost = {
      type: 'undo',
      id: 'u',
      projectId: 'p',
      raterId: leadId,
      at: '2026-01-01T00:00:00Z',
      undoes: key(2),
    } as const;
    await studio.store.putRaters('p', [{ id: leadId, kind: 'human' }]);
    await expect(studio.store.submit(lost, { lead: true })).rejects.toThrow(/only who filed it/);
    expect((await rater.call('POST /api/judge/{project}/undo', undo)).task).toBeNull();
    expect((await read(lead)).map(({ text }) => text)).toEqual(['too little']);
    await studio.store.erase('p', raterId, { at: '2026-01-03T00:00:00Z' });
    expect((await read(lead)).map(({ about, text }) => [about, text])).toContainEqual(['erased', '']);
  });
  it('asks nobody before consent, and keeps what they said of themselves only among the choices', async () => {
    const rater = await start(testProject({ consent: { version: '1', text: 'We keep your votes.' } }));
    expect((await rater.send('POST /api/judge/{project}/next', { params, body: {} })).status).toBe(403);
    const consent = (version: string, demographics = {}) =>
      rater.send('POST /api/judge/{project}/consent', { params, body: { version, demographics } });
    expect((await consent('0')).status).toBe(409);
    expect((await consent('1', { age: 'SECRET' })).status).toBe(400);
    expect((await consent('1')).status).toBe(200);
    expect((await nextOf(rater)).tasks.length).toBe(1);
  });
  it('explains training items and no others', async () => {
    const training = testItems(2, { role: 'training' }).map((item, i) => ({ ...item, id: `SECRET-training-${i}` }));
    const { distribution } = testProject();
    const rater = await start(
      testProject({ distribution: { ...distribution, gold: { every: 2, mode: 'training' } } }),
      [...testItems(6), ...training],
    );
    const told: ResponseOf<'POST /api/judge/{project}/submit'>['explanation'][] = [];
    const purposes: string[] = [];
    for (let n = 0; n < 6; n++) {
      const [task] = (await nextOf(rater)).tasks;
      purposes.push(task!.purpose);
      told.push((await submit(rater, task!.taskId, n)).explanation);
    }
    expect(purposes).toContain('training');
    expect(told.map((explanation) => explanation !== null)).toEqual(purposes.map((purpose) => purpose === 'training'));
    const explained = told.find((explanation) => explanation !== null)!;
    expect(explained.text).toMatch(/Reply [AB] is the better one/);
    // Told the answer, nobody gives it again.
    const undo = (n: number) =>
      rater.send('POST /api/judge/{project}/undo', { params, body: { id: key(n), idempotencyKey: `undo-${key(n)}` } });
    for (const [n, purpose] of purposes.entries())
      expect((await undo(n)).status).toBe(purpose === 'training' ? 409 : 200);
  });
  it('refuses a task of somebody else, a made-up one, an unanswered question and a place not shown', async () => {
    const rater = await start();
    const task = (await nextOf(rater)).tasks[0]!;
    const other = await studio.person('rater', ['p']);
    const body = {
      taskId: task.taskId,
      answers: [{ questionId: 'better', answer: { kind: 'comparison', outcome: 0 } }],
      activeMs: 1,
      idempotencyKey: key(1),
    };
    const sent = async (who: Person, change: object) => {
      const response = await who.send('POST /api/judge/{project}/submit', { params, body: { ...body, ...change } });
      return [response.status, ((await response.json()) as { error: { code: string } }).error.code];
    };
    expect(await sent(other, {})).toEqual([404, 'task']);
    expect(await sent(rater, { taskId: 'made-up' })).toEqual([404, 'task']);
    expect(
      await sent(rater, { answers: [{ questionId: 'better', answer: { kind: 'comparison', outcome: 2 } }] }),
    ).toEqual([400, 'answers']);
    expect(
      await sent(rater, { answers: [{ questionId: 'other', answer: { kind: 'comparison', outcome: 0 } }] }),
    ).toEqual([400, 'answers']);
    expect((await studio.store.state('p')).judgments).toEqual([]);
  });
  it('never tells a rater ids, origins, known answers or what others said', async () => {
    const rater = await start();
    const other = await studio.person('rater', ['p']);
    const said: string[] = [];
    const spying = (person: Person): Person => ({
      ...person,
      async send(route, parts) {
        const response = await person.send(route, parts);
        said.push(await response.clone().text());
        return response;
      },
      async call(route, parts) {
        const answer = await person.call(route, parts);
        said.push(JSON.stringify(answer));
        return answer;
      },
    });
    const spied = spying(rater);
    for (const [n, who] of [other, spied, other, spied].entries()) {
      const task = (await nextOf(who)).tasks[0]!;
      await submit(who, task.taskId, n);
    }
    await spied.call('GET /api/judge', {});
    await spied.call('GET /api/judge/{project}', { params });
    await spied.call('GET /api/judge/{project}/mine', { params });
    await spied.call('GET /api/projects', {});
    for (const route of [
      'GET /api/projects/{project}',
      'GET /api/projects/{project}/items',
      'GET /api/people',
      'GET /api/runs',
    ]) {
      expect((await spied.send(route, { params })).status).toBe(403);
    }
    const theirs = (await studio.store.state('p')).judgments.find((j) => j.id.startsWith(key(0)))!.raterId;
    for (const text of said) expect(text).not.toMatch(new RegExp(`SECRET|gold|"order"|${theirs}`));
    expect(said.length).toBeGreaterThan(8);
  });
});
