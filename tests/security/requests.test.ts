import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withoutPaths } from '../../src/server/api.ts';
import { openTestStudio, type Person, type TestStudio, testItems, testProject } from '../../src/server/studio.fake.ts';

/** Requests that nobody's browser sends: each is refused in one line, none is a defect. */
let studio: TestStudio;
let owner: Person;
const defects: unknown[] = [];
beforeAll(async () => {
  studio = await openTestStudio({ report: (_, error) => defects.push(error), hosts: ['studio.example.org'] });
  await studio.store.putProject(testProject());
  await studio.store.addItems('p', testItems(3));
  owner = await studio.person('owner');
});
afterAll(() => studio.close());

const errorOf = async (response: Response) => {
  const { error } = (await response.json()) as { error: { code: string } };
  return `${response.status} ${error.code}`;
};
const raw = (path: string, init: RequestInit) =>
  studio.app.request(path, { ...init, headers: { cookie: owner.cookie!, ...init.headers } });

describe('requests of no browser', () => {
  it('answers to its own names alone', async () => {
    const under = async (host: string) => (await studio.app.request('/api/session', { headers: { host } })).status;
    for (const host of ['localhost:4173', '127.0.0.1:4173', '[::1]:4173', 'STUDIO.example.org'])
      expect({ host, status: await under(host) }).toEqual({ host, status: 200 });
    for (const host of [
      'evil.example',
      'evil.example:4173',
      '127.0.0.1.evil.example',
      'localhost:4173:1',
      '169.254.169.254',
    ])
      expect({ host, status: await under(host) }).toEqual({ host, status: 421 });
    const page = await studio.app.request('/people', { headers: { host: 'evil.example' } });
    expect(page.status).toBe(421);
  });
  it('refuses odd origins', async () => {
    const from = async (origin: string) =>
      errorOf(await owner.send('POST /api/invites', { body: { role: 'rater' }, headers: { origin } }));
    for (const origin of ['nonsense', 'http://', '::', '/', 'http://[', '%'])
      expect({ origin, got: await from(origin) }).toEqual({ origin, got: '400 origin' });
    for (const origin of ['null', 'https://evil.example', 'file:///etc/passwd'])
      expect({ origin, got: await from(origin) }).toEqual({ origin, got: '403 origin' });
  });
  it('refuses JSON that is too deep, too long or none, before it is looked into', async () => {
    const post = async (body: string) =>
      errorOf(
        await raw('/api/projects/p/generate', {
          method: 'POST',
          body,
          headers: { 'content-type': 'application/json' },
        }),
      );
    const deep = (n: number) => `${'['.repeat(n)}${']'.repeat(n)}`;
    expect(await post(deep(65))).toBe('400 depth');
    expect(await post(deep(200_000))).toBe('400 depth');
    expect(await post(`{"a":${'{"a":'.repeat(100)}1${'}'.repeat(101)}`)).toBe('400 depth');
    expect(await post(deep(10))).toBe('400 body');
    expect(await post(`"${'['.repeat(500)}\\""`)).toBe('400 body');
    expect(await post('{"a')).toBe('400 json');
    expect(await post(JSON.stringify({ model: 'x'.repeat(3_000_000) }))).toBe('413 too-large');
  });
  it('takes odd names in paths and queries for names of nothing', async () => {
    for (const name of [
      '%00',
      '%ED%A0%80',
      '%',
      '%2e%2e%2f%2e%2e',
      '__proto__',
      'constructor',
      'x'.repeat(5000),
      '%F0%9F%92%A9',
    ]) {
      for (const path of [
        `/api/projects/${name}`,
        `/api/projects/p/items/${name}`,
        `/api/runs/${name}`,
        `/api/projects/p/tables/${name}`,
      ]) {
        const { status } = await raw(path, { method: 'GET' });
        expect({ path, refused: status === 404 || status === 400 }).toEqual({ path, refused: true });
      }
      expect((await raw(`/api/projects/p/items?search=${name.slice(0, 100)}`, { method: 'GET' })).status).toBe(200);
    }
  });
  it('bounds drafts', async () => {
    const rater = await studio.person('rater', ['p']);
    const params = { project: 'p' };
    const { tasks } = await rater.call('POST /api/judge/{project}/next', { params, body: {} });
    const draft = async (content: unknown) =>
      (
        await rater.send('POST /api/judge/{project}/draft', {
          params,
          body: { taskId: tasks[0]!.taskId, content, idempotencyKey: 'draft-0001' },
        })
      ).status;
    expect(await draft('x'.repeat(100_001))).toBe(400);
    expect(await draft('x'.repeat(1000))).toBe(200);
  });
  it('keeps to itself where its files are', async () => {
    expect(withoutPaths('/srv/goodhart/runs/a.yaml: no such file')).toBe('a.yaml: no such file');
    expect(withoutPaths('C:\\Users\\x\\store.db: locked')).toBe('store.db: locked');
    expect(withoutPaths("ENOENT, open '/srv/a/b.json' (/srv/c/)")).toBe("ENOENT, open 'b.json' (c)");
    expect(withoutPaths('/api is no file: /api')).toBe('/api is no file: /api');
    expect(withoutPaths('expected https://host/a/b and text/html or a/b')).toBe(
      'expected https://host/a/b and text/html or a/b',
    );
    const body = { layout: 'csv', fileName: 'items.csv', text: 'a,b\n"unclosed' };
    const response = await owner.send('POST /api/projects/{project}/items', { params: { project: 'p' }, body });
    const text = await response.text();
    expect(response.status).toBe(400);
    expect(text).not.toMatch(/\/(tmp|var|private)\b|goodhart-exchange/);
  });
  it('met no defect in all of this', () => {
    expect(defects).toEqual([]);
  });
});
