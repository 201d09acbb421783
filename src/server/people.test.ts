import { afterEach, describe, expect, it } from 'vitest';
import { openTestStudio, PASSWORD, type Person, type TestStudio, testItems, testProject } from './studio.fake.ts';

let studio: TestStudio;
afterEach(() => studio.close());
const refusal = async (response: Response) => {
  const { error } = (await response.json()) as { error: { code: string; message: string } };
  return [response.status, error.code, error.message] as const;
};
const tokenOf = ({ path }: { readonly path: string }) => path.split('/').at(-1)!;
async function twoProjects() {
  studio = await openTestStudio();
  for (const id of ['p', 'q']) await studio.store.putProject(testProject({ id }));
  return studio.person('owner');
}
const projectsOf = async (person: Person) => (await person.call('GET /api/judge')).projects.map(({ id }) => id);
const userOf = async (person: Person) => (await person.call('GET /api/session')).user!;

describe('one person in many projects', () => {
  it('takes up an invitation with the account that they have, under one pseudonym; the link works once', async () => {
    const owner = await twoProjects();
    const rater = await studio.person('rater', ['p']);
    const made = await owner.call('POST /api/invites', {
      body: { role: 'rater', projectId: 'q', note: ' night shift ' },
    });
    expect((await owner.call('GET /api/invites')).invites).toMatchObject([{ note: 'night shift', projectId: 'q' }]);
    const params = { token: tokenOf(made) };
    expect(await rater.call('GET /api/invites/{token}', { params })).toMatchObject({ note: 'night shift' });
    const before = await userOf(rater);
    expect(await rater.call('POST /api/invites/{token}/accept', { params })).toEqual({ project: 'q' });
    expect(await projectsOf(rater)).toEqual(['p', 'q']);
    expect(await userOf(rater)).toEqual(before);
    expect((await rater.send('POST /api/invites/{token}/accept', { params })).status).toBe(404);
    expect((await owner.call('GET /api/invites')).invites).toEqual([]);
  });
  it('becomes nothing else by a link, and needs to be signed in', async () => {
    const owner = await twoProjects();
    const rater = await studio.person('rater', ['p']);
    const lead = await studio.person('lead', ['p']);
    const nobody = await studio.person(null);
    const link = async (role: 'auditor' | 'rater', projectId: string | null = 'q') => ({
      token: tokenOf(await owner.call('POST /api/invites', { body: { role, projectId } })),
    });
    expect(
      await refusal(await rater.send('POST /api/invites/{token}/accept', { params: await link('auditor') })),
    ).toEqual([409, 'role', expect.stringMatching(/for the role auditor, and you are here as rater; ask an owner/)]);
    expect((await rater.send('POST /api/invites/{token}/accept', { params: await link('rater', null) })).status).toBe(
      409,
    );
    const params = await link('rater');
    expect((await nobody.send('POST /api/invites/{token}/accept', { params })).status).toBe(401);
    // Who leads may judge too.
    await lead.call('POST /api/invites/{token}/accept', { params });
    expect((await lead.call('GET /api/projects')).projects.map(({ id }) => id)).toEqual(['p', 'q']);
  });
  it('is put in a project by its lead, by name, and taken out; what they judged stays', async () => {
    await twoProjects();
    const lead = await studio.person('lead', ['q']);
    const rater = await studio.person('rater', ['p']);
    const { name, id } = await userOf(rater);
    const add = (who: string, project = 'q') =>
      lead.send('POST /api/projects/{project}/people', { params: { project }, body: { name: who } });
    expect((await add(name, 'p')).status).toBe(404);
    expect(await refusal(await add('Nobody'))).toEqual([
      404,
      'person',
      'nobody here is called Nobody; invite them with a link',
    ]);
    expect((await add((await userOf(await studio.person('lead'))).name)).status).toBe(403);
    expect((await add(name.toUpperCase())).status).toBe(200);
    expect(await projectsOf(rater)).toEqual(['p', 'q']);
    await lead.call('DELETE /api/projects/{project}/people/{id}', { params: { project: 'q', id } });
    expect(await projectsOf(rater)).toEqual(['p']);
    expect(
      (await lead.send('DELETE /api/projects/{project}/people/{id}', { params: { project: 'q', id } })).status,
    ).toBe(404);
  });
});

describe('a forgotten password', () => {
  it('is set anew by a link that an owner makes: once, for a day, and ends what stood under the old one', async () => {
    const owner = await twoProjects();
    const lead = await studio.person('lead', ['p']);
    const nobody = await studio.person(null);
    const { id, name } = await userOf(lead);
    await lead.call('POST /api/keys', { body: { name: 'script', role: 'lead', projectId: 'p' } });
    expect((await lead.send('POST /api/people/{id}/reset', { params: { id } })).status).toBe(403);
    const link = async () => ({ token: tokenOf(await owner.call('POST /api/people/{id}/reset', { params: { id } })) });
    const params = await link();
    expect(await nobody.call('GET /api/resets/{token}', { params })).toEqual({ name });
    const set = (where: { token: string }, password: string) =>
      nobody.send('POST /api/resets/{token}', { params: where, body: { password } });
    expect((await set(params, 'short')).status).toBe(400);
    expect((await set(params, 'another horse 22')).status).toBe(200);
    expect(await refusal(await set(params, 'a third horse 333'))).toMatchObject([
      404,
      'reset',
      expect.stringMatching(/was used/),
    ]);
    expect((await lead.call('GET /api/session')).user).toBeNull();
    const login = async (password: string) =>
      (await nobody.send('POST /api/login', { body: { name, password } })).status;
    expect([await login(PASSWORD), await login('another horse 22')]).toEqual([401, 200]);
    expect((await owner.call('GET /api/keys')).keys).toEqual([]);
    const late = await link();
    studio.advance(24 * 3_600_000);
    expect((await nobody.send('GET /api/resets/{token}', { params: late })).status).toBe(404);
  });
});

describe('an account', () => {
  it('is deleted by an owner who types its name; what it judged stays under its pseudonym', async () => {
    const owner = await twoProjects();
    await studio.store.addItems('p', testItems(1));
    const rater = await studio.person('rater', ['p']);
    const { id, name, raterId } = await userOf(rater);
    const { tasks } = await rater.call('POST /api/judge/{project}/next', { params: { project: 'p' }, body: {} });
    await rater.call('POST /api/judge/{project}/submit', {
      params: { project: 'p' },
      body: {
        taskId: tasks[0]!.taskId,
        idempotencyKey: 'key-0001',
        answers: [{ questionId: 'better', answer: { kind: 'comparison', outcome: 0 } }],
        activeMs: 1,
      },
    });
    const remove = (confirm: string, who = id) =>
      owner.send('DELETE /api/people/{id}', { params: { id: who }, body: { confirm } });
    expect((await remove('Someone')).status).toBe(400);
    expect((await remove('Olga', (await userOf(owner)).id)).status).toBe(400);
    expect((await remove(name)).status).toBe(200);
    expect((await rater.call('GET /api/session')).user).toBeNull();
    expect((await owner.call('GET /api/people')).people.map((person) => person.name)).toEqual(['Olga']);
    expect((await studio.store.state('p')).judgments.map((judgment) => judgment.raterId)).toEqual([raterId]);
    expect(await studio.store.accounts.setting('deletions')).toMatchObject([{ what: 'account', id, name }]);
  });
});
