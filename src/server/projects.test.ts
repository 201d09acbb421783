import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Judgment } from '../feedback/index.ts';
import { openTestStudio, type TestStudio, testItems, testProject } from './studio.fake.ts';

let studio: TestStudio;
afterEach(() => studio.close());
const params = { project: 'p' };

/** A project of eight items, each judged by three raters; the third one always says the second reply. */
async function judged() {
  studio = await openTestStudio();
  const { distribution } = testProject();
  await studio.store.putProject(testProject({ distribution: { ...distribution, overlap: 4 } }));
  await studio.store.addItems('p', testItems(8));
  const raters = ['r1', 'r2', 'r3'];
  await studio.store.putRaters(
    'p',
    raters.map((id) => ({ id, kind: 'human' as const })),
  );
  for (let i = 0; i < 8; i++) {
    for (const [r, raterId] of raters.entries()) {
      const judgment: Judgment = {
        id: `${raterId}-${i}`,
        projectId: 'p',
        itemId: `SECRET-item-${i}`,
        raterId,
        presentation: { order: [0, 1], view: 'full', instructionsVersion: '1', shownAt: '2026-01-01T00:00:00.000Z' },
        questionId: 'better',
        answer: { kind: 'comparison', outcome: r === 2 ? 1 : i % 2 },
        activeMs: 30_000,
        submittedAt: new Date(Date.UTC(2026, 0, 1, i, r)).toISOString(),
        source: 'studio',
      };
      await studio.store.submit({ type: 'judgment', judgment });
    }
  }
  return studio.person('lead', ['p']);
}

describe('leading a project', () => {
  it('is created with its rules, changed with a new version of instructions, and its creator belongs to it', async () => {
    studio = await openTestStudio();
    const lead = await studio.person('lead');
    const { createdAt: _, ...project } = testProject();
    const pay = { amount: 12, currency: 'EUR', per: 'hour' as const };
    await lead.call('POST /api/projects', { body: { project, settings: { pay } } });
    expect((await lead.send('POST /api/projects', { body: { project } })).status).toBe(409);
    const changed = await lead.call('PATCH /api/projects/{project}', { params, body: { instructions: 'Be kind.' } });
    expect(changed.project.instructions.map(({ version, text }) => [version, text])).toEqual([
      ['1', 'Choose the more helpful reply.'],
      ['2', 'Be kind.'],
    ]);
    const again = await lead.call('PATCH /api/projects/{project}', { params, body: { instructions: 'Be kind.' } });
    expect(again.project.instructions.length).toBe(2);
    expect((await lead.call('GET /api/projects/{project}', { params })).settings.pay).toEqual(pay);
  });
  it('shows progress, pace, cost and days', async () => {
    const lead = await judged();
    const pay = { amount: 12, currency: 'EUR', per: 'hour' as const };
    await lead.call('PATCH /api/projects/{project}', { params, body: { settings: { pay } } });
    const overview = await lead.call('GET /api/projects/{project}/overview', { params });
    expect(overview.counts).toMatchObject({ items: 8, wanted: 32, judgments: 24 });
    expect(overview.activeHours).toBeCloseTo((24 * 30) / 3600, 9);
    expect(overview.cost!.spent).toBeCloseTo(2.4, 9);
    expect(overview.cost!.expected).toBeCloseTo(3.2, 9);
    expect(overview.perHour).toBeCloseTo(24 / (7 + 2 / 60), 6);
    expect(overview.etaHours).toBeCloseTo(8 / overview.perHour!, 9);
    expect(overview.byDay).toEqual([{ day: '2026-01-01', judgments: 24 }]);
  });
  it('takes the consent text away, or keeps it where nothing is said of it; counts flags and skips in the list', async () => {
    const lead = await judged();
    const patch = async (body: object) =>
      (await lead.call('PATCH /api/projects/{project}', { params, body })).project.consent;
    const consent = { version: '1', text: 'We keep your votes.' };
    expect(await patch({ consent })).toEqual(consent);
    expect(await patch({ name: 'Other' })).toEqual(consent);
    expect(await patch({ consent: null })).toBeUndefined();
    expect((await studio.store.getProject('p'))!.consent).toBeUndefined();
    const by = { projectId: 'p', raterId: 'r1', at: '2026-01-02T00:00:00.000Z' };
    await studio.store.submit({ type: 'flag', id: 'f', ...by, itemId: 'SECRET-item-0', reason: 'odd' });
    const { projects } = await lead.call('GET /api/projects');
    expect(projects.map(({ counts }) => [counts!.flags, counts!.skips, counts!.judgments])).toEqual([[1, 0, 24]]);
  });
  it('lists disagreement worst first, pages, searches, and decides with a reason', async () => {
    const lead = await judged();
    const list = (show: string) => lead.call('GET /api/projects/{project}/items', { params, query: { show } });
    const { items } = await list('disagreement');
    expect(items.map(({ id }) => id).sort()).toEqual([0, 2, 4, 6].map((i) => `SECRET-item-${i}`));
    expect(items[0]!.agreement).toBeCloseTo(1 / 3, 9);
    expect(items[0]!.mostSaid).toEqual({ text: 'A is better', raters: 2, of: 3 });
    const decide = (answer: unknown) =>
      lead.send('POST /api/projects/{project}/items/{item}/adjudication', {
        params: { ...params, item: 'SECRET-item-0' },
        body: { answer, reason: 'fact', note: 'see the timetable', idempotencyKey: 'decision-1' },
      });
    expect((await decide({ kind: 'comparison', outcome: 7 })).status).toBe(400);
    expect((await decide({ kind: 'comparison', outcome: 0 })).status).toBe(200);
    expect((await list('adjudicated')).items.map(({ id }) => id)).toEqual(['SECRET-item-0']);
    expect((await list('disagreement')).items.length).toBe(3);
    const shown = await lead.call('GET /api/projects/{project}/items/{item}', {
      params: { ...params, item: 'SECRET-item-0' },
    });
    expect(shown.records.map(({ text }) => text)).toEqual([
      'A is better',
      'A is better',
      'B is better',
      'decided: A is better (fact)',
    ]);
    expect(
      (await lead.call('GET /api/projects/{project}/items', { params, query: { search: 'ferry 3' } })).items.length,
    ).toBe(1);
  });
  it('shows raters with intervals and reasons, pauses one, and keeps names from auditors', async () => {
    const lead = await judged();
    const { raters, rates } = await lead.call('GET /api/projects/{project}/raters', { params });
    expect(raters.find(({ raterId }) => raterId === 'r3')!.firstShown).toMatchObject({ value: 0, n: 8 });
    expect(Object.keys(rates).length).toBeGreaterThan(5);
    const rater = await studio.person('rater', ['p']);
    const { user } = await rater.call('GET /api/session');
    await rater.call('GET /api/judge');
    const named = async (who: typeof lead) =>
      (await who.call('GET /api/projects/{project}/raters', { params })).raters.find(
        ({ raterId }) => raterId === user!.raterId,
      )!.name;
    await studio.store.addItems('p', testItems(9).slice(8));
    expect(await named(lead)).toBe(user!.name);
    expect(await named(await studio.person('auditor', ['p']))).toBeNull();
    await lead.call('PATCH /api/projects/{project}/raters/{rater}', {
      params: { ...params, rater: user!.raterId },
      body: { paused: true },
    });
    const next = await rater.call('POST /api/judge/{project}/next', { params, body: {} });
    expect(next).toMatchObject({ tasks: [], none: 'judging is paused here' });
  });
  it('gives the quality report, the history in pages, and exports that import again', async () => {
    const lead = await judged();
    const report = await lead.call('GET /api/projects/{project}/quality', { params });
    expect(report.judgments).toBe(24);
    const { records } = await lead.call('GET /api/projects/{project}/records', { params, query: { ids: 'r1-0,r2-5' } });
    expect(records.map(({ seq, standing }) => [seq, standing])).toEqual([
      [1, true],
      [17, true],
    ]);
    // An id may hold a comma: the pages name them as a JSON array.
    const asJson = { ids: JSON.stringify(['r1-0', 'a, b']) };
    const named = await lead.call('GET /api/projects/{project}/records', { params, query: asJson });
    expect(named.records.map(({ seq }) => seq)).toEqual([1]);
    const response = await studio.app.request('/api/projects/p/export/trl-preference', {
      headers: { cookie: lead.cookie! },
    });
    expect(response.headers.get('content-disposition')).toMatch(/attachment/);
    const rows = (await response.text())
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { chosen: string });
    expect(rows.length).toBe(24);
    const text = rows.map((row) => JSON.stringify(row)).join('\n');
    await lead.call('POST /api/projects', {
      body: { project: { id: 'q', name: 'Again', questions: testProject().questions } },
    });
    const imported = await lead.call('POST /api/projects/{project}/items', {
      params: { project: 'q' },
      body: { layout: 'trl-preference', fileName: 'rows.jsonl', text: `${text}\n{"chosen": 3}` },
    });
    // Rows on the same replies are judgments of one item.
    expect(imported).toMatchObject({ items: 8, judgments: 24, rejectedCount: 1, rejected: [{ line: 25 }] });
  });
  it('asks an OpenAI-compatible endpoint for replies, and says which prompts failed', async () => {
    studio = await openTestStudio();
    await studio.store.putProject(testProject());
    const lead = await studio.person('lead', ['p']);
    let calls = 0;
    const server = createServer((request, response) => {
      calls += 1;
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        const { messages } = JSON.parse(body) as { messages: { content: string }[] };
        const { content } = messages[0]!;
        response.statusCode = content === 'fails' ? 500 : 200;
        const reply = content === 'floods' ? 'x'.repeat(5_000_000) : `${content}: reply ${calls}`;
        response.end(JSON.stringify({ choices: [{ message: { content: reply } }] }));
      });
    });
    await new Promise<void>((done) => {
      server.listen(0, '127.0.0.1', () => done());
    });
    try {
      const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
      const made = await lead.call('POST /api/projects/{project}/generate', {
        params,
        body: { endpoint, model: 'm', prompts: ['one', 'fails', 'floods'], replies: 3 },
      });
      expect(made.items).toBe(1);
      expect(new Map(made.failed.map(({ prompt, reason }) => [prompt, reason]))).toEqual(
        new Map([
          ['fails', 'the endpoint answered 500'],
          ['floods', 'expected an answer of at most 4194304 bytes, got more'],
        ]),
      );
      for await (const item of studio.store.items('p')) {
        expect(item.replies.length).toBe(3);
        expect(item.source.origin).toBe('m');
      }
    } finally {
      server.close();
    }
  });
});
