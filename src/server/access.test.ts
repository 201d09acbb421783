import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allows, ROLES, type Role } from './access/roles.ts';
import { openApiDocument } from './api.ts';
import { ROUTES, type RouteContract } from './contract/index.ts';
import { openTestStudio, PASSWORD, type Person, type TestStudio, testItems, testProject } from './studio.fake.ts';

let studio: TestStudio;
const people = new Map<Role | null, Person>();
let outsider: Person;

beforeAll(async () => {
  studio = await openTestStudio();
  await studio.store.putProject(testProject());
  await studio.store.addItems('p', testItems(2));
  for (const role of [null, ...ROLES]) people.set(role, await studio.person(role, ['p']));
  outsider = await studio.person('lead');
});
afterAll(() => studio.close());

const routes = Object.entries(ROUTES) as [string, RouteContract][];
/** Whether a response refuses the caller, rather than what they sent. */
const refused = async (response: Response) => {
  // A file is no refusal.
  const { error } = (await response
    .clone()
    .json()
    .catch(() => ({}))) as { error?: { code: string } };
  return response.status === 401 ? error?.code === 'signed-out' : response.status === 403 && error?.code === 'role';
};

describe('bodies', () => {
  /** Sends a body in chunks of 1 KiB without saying its length, as a client over HTTP may; counts what was taken of it. */
  const sendChunks = async (path: string, chunks: number, cookie?: string) => {
    let taken = 0;
    const body = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          if (taken === chunks) return controller.close();
          taken += 1;
          controller.enqueue(new Uint8Array(1024).fill(32));
        },
      },
      { highWaterMark: 0 },
    );
    const headers = { 'content-type': 'application/json', origin: 'http://localhost', host: 'localhost' };
    const init = { method: 'POST', body, duplex: 'half', headers: { ...headers, ...(cookie && { cookie }) } };
    const response = await studio.app.request(path, init as RequestInit);
    const { error } = (await response.json()) as { error: { code: string } };
    return { status: response.status, code: error.code, taken };
  };
  it('from strangers are small, whatever they say of their length', async () => {
    const { taken, ...refusal } = await sendChunks('/api/login', 10_000);
    expect(refusal).toEqual({ status: 413, code: 'too-large' });
    expect(taken).toBeLessThan(100);
    expect(await sendChunks('/api/login', 60)).toEqual({ status: 400, code: 'json', taken: 60 });
  });
  it('are not looked at before their sender is known to be allowed', async () => {
    expect(await sendChunks('/api/runs', 10_000)).toEqual({ status: 401, code: 'signed-out', taken: 0 });
    const rater = people.get('rater')!.cookie;
    expect(await sendChunks('/api/runs', 10_000, rater)).toEqual({ status: 403, code: 'role', taken: 0 });
  });
  it('from those allowed are bounded too', async () => {
    const { taken, ...refusal } = await sendChunks('/api/runs', 100 * 1024, people.get('lead')!.cookie);
    expect(refusal).toEqual({ status: 413, code: 'too-large' });
    expect(taken).toBe(2 * 1024 + 1);
  });
});

describe('access', () => {
  // Sent without a body: who may call gets on to "400, expected a body", who may not never does. Signing out ends the
  // session that the other routes need.
  it.each(routes.filter(([route]) => route !== 'POST /api/logout'))(
    '%s lets in whom it names and nobody else',
    async (route, { allow }) => {
      for (const role of [null, ...ROLES]) {
        const response = await people.get(role)!.send(route, { params: { project: 'p' } });
        expect({ role, refused: await refused(response) }).toEqual({ role, refused: !allows(allow, role) });
      }
    },
  );
  it.each(
    routes.filter(([route, { allow }]) => route.includes('{project}') && allow !== 'public' && allow.includes('lead')),
  )('%s does not show a project to a lead of others', async (route) => {
    const response = await outsider.send(route, { params: { project: 'p' } });
    expect(response.status).toBe(404);
  });
  it('refuses what another site sends with somebody’s cookie', async () => {
    const lead = people.get('lead')!;
    const send = (headers: Record<string, string>) =>
      lead.send('POST /api/invites', { body: { role: 'rater' }, headers });
    expect((await send({ origin: 'https://evil.example' })).status).toBe(403);
    expect((await send({ 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await send({ origin: 'http://localhost', host: 'localhost' })).status).toBe(200);
  });
  it('a lead cannot make owners, nor give a key more than they may', async () => {
    const lead = people.get('lead')!;
    expect((await lead.send('POST /api/invites', { body: { role: 'owner' } })).status).toBe(403);
    expect((await lead.send('POST /api/invites', { body: { role: 'lead' } })).status).toBe(403);
    expect((await lead.send('POST /api/keys', { body: { name: 'k', role: 'owner' } })).status).toBe(403);
  });
  it('a lead hands on access to their own projects only', async () => {
    const lead = people.get('lead')!;
    const status = async (route: string, body: object) => (await lead.send(route, { body })).status;
    const hook = { url: 'https://hooks.example/', events: ['judgment.created'] };
    for (const projectId of ['q', null]) {
      expect(await status('POST /api/keys', { name: 'k', role: 'auditor', projectId })).toBe(403);
      expect(await status('POST /api/webhooks', { ...hook, projectId })).toBe(403);
    }
    expect(await status('POST /api/invites', { role: 'auditor', projectId: 'q' })).toBe(403);
    expect(await status('POST /api/keys', { name: 'k', role: 'auditor', projectId: 'p' })).toBe(200);
    expect(await status('POST /api/webhooks', { ...hook, projectId: 'p' })).toBe(200);
    expect(await status('POST /api/invites', { role: 'auditor', projectId: 'p' })).toBe(200);
    expect(await status('POST /api/invites', { role: 'rater' })).toBe(200);
  });
  it('keys work as bearer, within their project and role, until revoked; their secret is shown once', async () => {
    const owner = people.get('owner')!;
    const made = await owner.call('POST /api/keys', { body: { name: 'ci', role: 'auditor', projectId: 'p' } });
    const nobody = people.get(null)!;
    const headers = { authorization: `Bearer ${made.secret}` };
    const read = (project: string) => nobody.send('GET /api/projects/{project}', { params: { project }, headers });
    expect((await read('p')).status).toBe(200);
    expect((await read('q')).status).toBe(404);
    expect((await nobody.send('GET /api/runs', { headers })).status).toBe(404);
    expect(
      (await nobody.send('PATCH /api/projects/{project}', { params: { project: 'p' }, headers, body: {} })).status,
    ).toBe(403);
    expect(JSON.stringify(await owner.call('GET /api/keys'))).not.toContain(made.secret);
    await owner.call('DELETE /api/keys/{id}', { params: { id: made.key.id } });
    expect((await read('p')).status).toBe(401);
  });
  it('the one-time link makes the first owner only, and only with its token', async () => {
    const fresh = await openTestStudio();
    try {
      const nobody = await fresh.person(null);
      const setup = (token: string, name: string) =>
        nobody.send('POST /api/setup', { body: { token, name, password: PASSWORD } });
      expect((await setup('guess', 'Mallory')).status).toBe(403);
      expect((await setup(fresh.setupToken, 'Olga')).status).toBe(200);
      expect((await setup(fresh.setupToken, 'Mallory')).status).toBe(409);
    } finally {
      await fresh.close();
    }
  });
  it('signs in with the right password alone, and out for good', async () => {
    const nobody = people.get(null)!;
    const login = (name: string, password: string) => nobody.send('POST /api/login', { body: { name, password } });
    expect((await login('Olga', 'wrong password')).status).toBe(401);
    expect((await login('Nobody', PASSWORD)).status).toBe(401);
    const response = await login('olga', PASSWORD);
    const set = response.headers.get('set-cookie')!;
    expect(set).toMatch(/HttpOnly/);
    expect(set).toMatch(/SameSite=Strict/);
    const cookie = set.split(';')[0]!;
    expect((await nobody.send('GET /api/people', { headers: { cookie } })).status).toBe(200);
    await nobody.send('POST /api/logout', { headers: { cookie } });
    expect((await nobody.send('GET /api/people', { headers: { cookie } })).status).toBe(401);
  });
  it('limits how often a password may be tried', async () => {
    const limited = await openTestStudio({ rateScale: 1 });
    try {
      const nobody = await limited.person(null);
      const statuses: number[] = [];
      for (let i = 0; i < 12; i++) {
        const response = await nobody.send('POST /api/login', { body: { name: 5 } });
        statuses.push(response.status);
      }
      expect(statuses.filter((status) => status === 429).length).toBe(2);
    } finally {
      await limited.close();
    }
  });
  it('every page forbids inline script and being framed', async () => {
    for (const path of ['/', '/api/session', '/runs/x/files/report.html']) {
      const policy = (await studio.app.request(path)).headers.get('content-security-policy') ?? '';
      expect(policy).toMatch(/frame-ancestors 'none'/);
      expect(policy).not.toMatch(/script-src[^;]*unsafe/);
      expect(policy).toMatch(/default-src '(self|none)'/);
    }
  });
});

describe('the OpenAPI document', () => {
  const document = openApiDocument(ROUTES, '1.0.0') as {
    paths: Record<string, Record<string, { operationId: string }>>;
  };
  it('has every route once, under a name of its own', () => {
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(
        ([method, { operationId }]) => [`${method.toUpperCase()} ${path}`, operationId] as const,
      ),
    );
    expect(operations.map(([route]) => route).sort()).toEqual(Object.keys(ROUTES).sort());
    expect(new Set(operations.map(([, id]) => id)).size).toBe(operations.length);
  });
  it('is served', async () => {
    const served = await (await studio.app.request('/api/openapi.json')).json();
    expect(served).toMatchObject({ openapi: '3.1.0' });
  });
});
