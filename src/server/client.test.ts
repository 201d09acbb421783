import { existsSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { createClient, type StudioClient, StudioError } from './client.ts';
import { openTestStudio, type TestStudio, testItems, testProject } from './studio.fake.ts';

let studio: TestStudio;
afterEach(() => studio.close());

/** A client with a key of a role. */
async function clientOf(role: string): Promise<StudioClient> {
  studio = await openTestStudio();
  const owner = await studio.person('owner');
  const { secret } = await owner.call('POST /api/keys', { body: { name: 'script', role } });
  return createClient({ url: 'http://localhost', key: secret, fetch: (request) => studio.app.request(request) });
}

describe('the typed client', () => {
  it('sets up a project, reads pages of it, and fetches files', async () => {
    const client = await clientOf('lead');
    const { createdAt: _, ...project } = testProject();
    const made = await client.call('POST /api/projects', { body: { project } });
    expect(made.project.name).toBe('Harbour replies');
    await studio.store.addItems('p', testItems(60));
    const params = { project: 'p' };
    const first = await client.call('GET /api/projects/{project}/items', { params });
    expect(first.items.length).toBe(50);
    const second = await client.call('GET /api/projects/{project}/items', { params, query: { after: first.next! } });
    expect([second.items.length, second.next]).toEqual([10, null]);
    expect((await client.call('GET /api/projects')).projects.map(({ counts }) => counts?.items)).toEqual([60]);
    const file: Blob = await client.call('GET /api/projects/{project}/tables/{table}', {
      params: { ...params, table: 'items' },
      query: { format: 'jsonl' },
    });
    expect((await file.text()).trim().split('\n').length).toBe(60);
  });
  it('with a key of one project does what the documentation shows, and sees that project', async () => {
    studio = await openTestStudio();
    const owner = await studio.person('owner');
    for (const id of ['p', 'q']) await studio.store.putProject(testProject({ id }));
    const { secret } = await owner.call('POST /api/keys', {
      body: { name: 'script', role: 'auditor', projectId: 'q' },
    });
    const client = createClient({
      url: 'http://localhost',
      key: secret,
      fetch: (request) => studio.app.request(request),
    });
    const { projects } = await client.call('GET /api/projects');
    expect(projects.map(({ id }) => id)).toEqual(['q']);
    for (const { id: project } of projects)
      expect(
        (await client.call('GET /api/projects/{project}/overview', { params: { project } })).counts.judgments,
      ).toBe(0);
    await expect(client.call('GET /api/runs', {})).rejects.toMatchObject({ status: 404 });
  });
  it('throws what the Studio says', async () => {
    const client = await clientOf('auditor');
    const refused = client.call('GET /api/projects/{project}', { params: { project: 'a/../b' } });
    await expect(refused).rejects.toBeInstanceOf(StudioError);
    await expect(refused).rejects.toMatchObject({ status: 404, code: 'project' });
    await expect(
      client.call('PATCH /api/projects/{project}', { params: { project: 'p' }, body: { name: 'x' } }),
    ).rejects.toMatchObject({ status: 403, code: 'role' });
  });
  it('refuses at compile time what a contract does not know', async () => {
    const client = await clientOf('auditor');
    // @ts-expect-error a route that is not there
    await expect(client.call('GET /api/nothing')).rejects.toMatchObject({ status: 404 });
    // @ts-expect-error a parameter is missing
    await expect(client.call('GET /api/projects/{project}', {})).rejects.toMatchObject({ status: 404 });
    // @ts-expect-error no such format
    await expect(client.call('GET /api/projects/{project}/tables/{table}', { params: { project: 'p', table: 'items' }, query: { format: 'exe' } })).rejects.toMatchObject({ status: 400 }); // biome-ignore format: one line
  });
  it('is what goodhart/client leads to', async () => {
    studio = await openTestStudio();
    const { exports } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      exports: Record<string, { types: string; default: string }>;
    };
    const { types, default: code } = exports['./client']!;
    const source = (built: string, ending: RegExp) => built.replace('./dist/', 'src/').replace(ending, '.ts');
    expect(existsSync(source(types, /\.d\.ts$/))).toBe(true);
    expect(source(code, /\.js$/)).toBe(source(types, /\.d\.ts$/));
  });
});
