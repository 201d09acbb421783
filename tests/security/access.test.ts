import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sendAnywhere } from '../../src/server/access/outgoing.ts';
import type { RunAsk, RunService } from '../../src/server/runs.ts';
import {
  NO_RUNS,
  openTestStudio,
  PASSWORD,
  type Person,
  type TestStudio,
  testProject,
} from '../../src/server/studio.fake.ts';
import { createNotifier } from '../../src/server/webhooks.ts';

/** Access is asked of each object, and what somebody gave ends with what they could give. */
const hook = { url: 'https://hooks.example/secret-path', events: ['judgment.created'] };
let studio: TestStudio;
let owner: Person;
let lead: Person;
let other: Person;
const rowOf = (id: string) => ({
  id,
  name: id,
  project: projects.get(id) ?? null,
  status: 'complete' as const,
  startedAt: '',
  verdicts: {},
  reason: null,
});
/** Runs by the project they read, as a folder of them would say. */
const projects = new Map<string, string | null>();
const askOf = (project: string): RunAsk => ({
  id: project,
  project,
  ...{ prompts: 1, replies: 2, split: 'train', seed: 1, added: 1, known: 0, passedOver: 0, batch: `to ${project}` },
  ...{ status: 'complete', progress: null, error: null },
});
const asked: ({ readonly run: string } & Parameters<RunService['ask']>[1])[] = [];
const runs: RunService = {
  ...NO_RUNS,
  has: async (run) => projects.has(run),
  list: async () => [...projects.keys()].map(rowOf),
  projectOf: async (run) => projects.get(run) ?? null,
  detail: async (run) => ({
    run: rowOf(run),
    config: null,
    command: '',
    versions: {},
    progress: null,
    error: null,
    summary: [],
    files: [],
    asks: ['p', 'q'].map(askOf),
  }),
  start: async (wanted, { mayRead }) => {
    const yaml = 'yaml' in wanted ? wanted.yaml : wanted.project;
    if (yaml !== '' && !mayRead(yaml)) throw new Error(`may not read ${yaml}`);
    const id = `run-${projects.size}`;
    projects.set(id, yaml === '' ? null : yaml);
    return id;
  },
  ask: async (run, wanted) => {
    asked.push({ run, ...wanted });
    return '1';
  },
  file: async () => ({ bytes: new Uint8Array([1]), type: 'text/plain' }),
};

beforeAll(async () => {
  studio = await openTestStudio({ runs });
  for (const id of ['p', 'q']) await studio.store.putProject(testProject({ id }));
  owner = await studio.person('owner');
  lead = await studio.person('lead', ['p']);
  other = await studio.person('lead', ['q']);
});
afterAll(() => studio.close());

const status = async (who: Person, route: string, parts: object = {}) => (await who.send(route, parts)).status;

describe('a lead', () => {
  it('sees and takes back only the keys, invitations and webhooks of their own; an owner all', async () => {
    const made = async (who: Person, projectId: string) => ({
      keys: (await who.call('POST /api/keys', { body: { name: 'k', role: 'auditor', projectId } })).key.id,
      invites: (await who.call('POST /api/invites', { body: { role: 'rater', projectId } })).id,
      webhooks: (await who.call('POST /api/webhooks', { body: { ...hook, projectId } })).webhook.id,
    });
    const [mine, theirs, owners] = [await made(lead, 'p'), await made(other, 'q'), await made(owner, 'p')];
    for (const kind of ['keys', 'invites', 'webhooks'] as const) {
      const seen = async (who: Person) => JSON.stringify(await (await who.send(`GET /api/${kind}`)).json());
      const [byLead, byOwner] = [await seen(lead), await seen(owner)];
      expect(byLead).toContain(mine[kind]);
      for (const id of [theirs[kind], owners[kind]]) {
        expect(byLead).not.toContain(id);
        expect(byOwner).toContain(id);
        expect(await status(lead, `DELETE /api/${kind}/{id}`, { params: { id } })).toBe(404);
        expect(await seen(owner)).toContain(id);
      }
      expect(await status(lead, `DELETE /api/${kind}/{id}`, { params: { id: mine[kind] } })).toBe(200);
      expect(await status(owner, `DELETE /api/${kind}/{id}`, { params: { id: theirs[kind] } })).toBe(200);
      expect(await seen(owner)).not.toContain(theirs[kind]);
    }
  });
  it('sees the people of their projects and nobody else', async () => {
    await studio.person('rater', ['p']);
    await studio.person('rater', ['q']);
    const { people } = await lead.call('GET /api/people');
    expect(people.length).toBe(2);
    for (const { projects: of } of people) expect(of).toContain('p');
    expect((await owner.call('GET /api/people')).people.length).toBeGreaterThan(people.length);
  });
  it('sees, reads and stops the runs they started or of their projects, and no others', async () => {
    projects.clear();
    projects.set('of-the-terminal', null);
    const started = await lead.call('POST /api/runs', { body: { yaml: '' } });
    const onP = await lead.call('POST /api/runs', { body: { yaml: 'p' } });
    const onQ = await owner.call('POST /api/runs', { body: { yaml: 'q' } });
    const listed = async (who: Person) => (await who.call('GET /api/runs')).runs.map(({ id }) => id).sort();
    expect(await listed(lead)).toEqual([started.id, onP.id].sort());
    expect(await listed(other)).toEqual([onQ.id]);
    expect(await listed(owner)).toEqual([...projects.keys()].sort());
    const auditor = await studio.person('auditor', ['p']);
    expect(await listed(auditor)).toEqual(['of-the-terminal', started.id, onP.id].sort());
    for (const run of ['of-the-terminal', onQ.id]) {
      for (const route of ['GET /api/runs/{run}', 'GET /api/runs/{run}/samples', 'GET /api/runs/{run}/disclosure'])
        expect({ route, status: await status(lead, route, { params: { run } }) }).toEqual({ route, status: 404 });
      for (const route of ['POST /api/runs/{run}/stop', 'POST /api/runs/{run}/resume', 'POST /api/runs/{run}/verify'])
        expect({ route, status: await status(lead, route, { params: { run } }) }).toEqual({ route, status: 404 });
      const file = await studio.app.request(`/runs/${run}/files/run.json`, { headers: { cookie: lead.cookie! } });
      expect(file.status).toBe(404);
    }
    const mine = await studio.app.request(`/runs/${onP.id}/files/run.json`, { headers: { cookie: lead.cookie! } });
    expect(mine.status).toBe(200);
  });
});

describe('the policy of a run', () => {
  const ask = (who: Person, run: string, project: string) =>
    who.send('POST /api/runs/{run}/ask', { params: { run }, body: { prompts: 2, project } });
  const codeOf = async (response: Response) => {
    const { error } = (await response.json()) as { error?: { code: string } };
    return [response.status, error?.code];
  };
  it('is asked by who may see the run, into a project that they belong to and that compares', async () => {
    projects.set('of-p', 'p');
    const questions = testProject().questions.map(({ id, title, required }) => ({
      id,
      title,
      required,
      kind: 'critique' as const,
    }));
    await studio.store.putProject(testProject({ id: 'other-form', questions }));
    expect((await ask(lead, 'of-p', 'p')).status).toBe(200);
    expect(asked.at(-1)).toMatchObject({ run: 'of-p', prompts: 2, replies: 2, split: 'train', project: 'p' });
    expect(asked.at(-1)!.seed).toBeGreaterThanOrEqual(0);
    expect(await codeOf(await ask(lead, 'of-p', 'q'))).toEqual([404, 'project']);
    expect(await codeOf(await ask(other, 'of-p', 'q'))).toEqual([404, 'run']);
    expect(await codeOf(await ask(owner, 'of-p', 'nowhere'))).toEqual([404, 'project']);
    expect(await codeOf(await ask(owner, 'of-p', 'other-form'))).toEqual([400, 'form']);
    expect(asked.length).toBe(1);
    expect((await ask(await studio.person('auditor', ['p']), 'of-p', 'p')).status).toBe(403);
  });
  it('and what it was asked for projects of others is not shown, nor their runs', async () => {
    const seen = async (who: Person) => {
      const { asks } = await who.call('GET /api/runs/{run}', { params: { run: 'of-p' } });
      return asks.map(({ project }) => project);
    };
    expect(await seen(lead)).toEqual(['p']);
    expect(await seen(owner)).toEqual(['p', 'q']);
    projects.set('of-q', 'q');
    const listed = async (who: Person, project: string): Promise<string[]> =>
      (await who.call('GET /api/runs', { query: { project } })).runs.map(({ id }) => id);
    expect(await listed(lead, 'p')).toContain('of-p');
    expect(await listed(lead, 'q')).toEqual([]);
    expect(await listed(other, 'q')).toContain('of-q');
  });
  it('a run is started on a project by who belongs to it', async () => {
    const start = (who: Person) => who.send('POST /api/runs', { body: { project: 'p' } });
    expect((await start(lead)).status).toBe(200);
    const before = projects.size;
    await expect(start(other)).rejects.toThrow('may not read p');
    expect(projects.size).toBe(before);
  });
});

describe('what somebody gave', () => {
  const fresh = async () => {
    const person = await studio.person('lead', ['p']);
    const { user } = await person.call('GET /api/session');
    const { secret } = await person.call('POST /api/keys', { body: { name: 'k', role: 'lead', projectId: 'p' } });
    const { path } = await person.call('POST /api/invites', { body: { role: 'rater', projectId: 'p' } });
    const token = path.split('/').at(-1)!;
    const nobody = await studio.person(null);
    const headers = { authorization: `Bearer ${secret}` };
    return {
      id: user!.id,
      person,
      good: async () => ({
        key: (await nobody.send('GET /api/projects/{project}', { params: { project: 'p' }, headers })).status === 200,
        invite: (await nobody.send('GET /api/invites/{token}', { params: { token } })).status === 200,
      }),
      join: () =>
        nobody.send('POST /api/invites/{token}', {
          params: { token },
          body: { name: 'Late Comer', password: PASSWORD },
        }),
      headers,
    };
  };
  const change = (id: string, body: object) => owner.call('PATCH /api/people/{id}', { params: { id }, body });

  it('is good while they could give it, and ends when they are shut out, for good', async () => {
    const given = await fresh();
    expect(await given.good()).toEqual({ key: true, invite: true });
    await change(given.id, { disabled: true });
    expect(await given.good()).toEqual({ key: false, invite: false });
    expect((await given.join()).status).toBe(404);
    await change(given.id, { disabled: false });
    expect(await given.good()).toEqual({ key: false, invite: false });
  });
  it('ends when they lose the role or the project', async () => {
    for (const body of [{ role: 'rater' }, { projects: ['q'] }]) {
      const given = await fresh();
      await change(given.id, body);
      expect(await given.good()).toEqual({ key: false, invite: false });
      expect((await given.join()).status).toBe(404);
    }
  });
  it('ends when they change their password, who knew the old one may have given it', async () => {
    const given = await fresh();
    await given.person.call('POST /api/password', { body: { current: PASSWORD, next: 'another password 2' } });
    expect(await given.good()).toEqual({ key: false, invite: false });
  });
  it('is given by people, never by keys', async () => {
    const { headers } = await fresh();
    const nobody = await studio.person(null);
    const send = (route: string, body: object) => nobody.send(route, { body, headers });
    // A key for all projects gets as far as the handler.
    const all = await owner.call('POST /api/keys', { body: { name: 'all', role: 'lead' } });
    const unbound = { authorization: `Bearer ${all.secret}` };
    for (const [route, body] of [
      ['POST /api/keys', { name: 'k', role: 'auditor', projectId: 'p' }],
      ['POST /api/invites', { role: 'rater', projectId: 'p' }],
      ['POST /api/webhooks', { ...hook, projectId: 'p' }],
    ] as const) {
      expect((await send(route, body)).status).toBe(404);
      expect((await nobody.send(route, { body, headers: unbound })).status).toBe(403);
    }
  });
  it('tells a webhook nothing once its maker may know nothing, and of a run only who may see it', async () => {
    const { accounts } = studio.store;
    const maker = await studio.person('lead', ['p']);
    const { user } = await maker.call('GET /api/session');
    const { webhook } = await maker.call('POST /api/webhooks', {
      body: { url: 'http://127.0.0.1:9/', events: ['judgment.created', 'run.finished'], projectId: 'p' },
    });
    const noted: string[] = [];
    const notify = createNotifier({
      send: sendAnywhere,
      accounts: {
        ...accounts,
        noteDelivery: async (id) => {
          noted.push(id);
        },
      },
      now: () => '2026-01-01T00:00:00.000Z',
      report: (_, error) => {
        throw error;
      },
      pausesMs: [],
    });
    const asked = async (event: Parameters<typeof notify>[0]) => {
      noted.length = 0;
      notify(event);
      // A webhook of the owner's for everything shows that the event has gone round.
      await expect.poll(() => noted.includes(all.webhook.id), { timeout: 20_000 }).toBe(true);
      return noted.includes(webhook.id);
    };
    const all = await owner.call('POST /api/webhooks', {
      body: { url: 'http://127.0.0.1:9/', events: ['judgment.created', 'run.finished'] },
    });
    const judged = {
      type: 'judgment.created',
      projectId: 'p',
      data: { id: 'j', itemId: 'i', raterId: 'r', records: ['j/q'] },
    } as const;
    const ended = (run: string) =>
      ({ type: 'run.finished', projectId: null, data: { run, status: 'complete' } }) as const;
    const { id: run } = await maker.call('POST /api/runs', { body: { yaml: '' } });
    expect(await asked(judged)).toBe(true);
    expect(await asked(ended(run))).toBe(true);
    expect(await asked(ended('of-the-terminal'))).toBe(false);
    await change(user!.id, { projects: [] });
    expect(await asked(judged)).toBe(false);
  });
});
