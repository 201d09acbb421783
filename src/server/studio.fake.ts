import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Hono } from 'hono';
import { type Item, type Project, projectSchema } from '../feedback/index.ts';
import { type FeedbackStore, openStore } from '../store/index.ts';
import { sendAnywhere } from './access/outgoing.ts';
import type { Role } from './access/roles.ts';
import { sealerOf } from './access/sealing.ts';
import { hashSecret } from './access/secrets.ts';
import { openApiDocument } from './api.ts';
import { createStudio, type StudioOptions } from './app.ts';
import { type KnownRoute, type ResponseOf, ROUTES } from './contract/index.ts';
import { type Importer, importJob } from './imports.ts';
import { createProjectReader, type PreviewRun } from './project-reader.ts';
import type { RunService } from './runs.ts';
import type { StudioEvent } from './services.ts';

/** A whole Studio on a store in a temporary file, for tests: real but for the clock, and people signed in by role. */
export interface TestStudio {
  readonly app: Hono;
  readonly store: FeedbackStore;
  readonly events: StudioEvent[];
  readonly setupToken: string;
  /** Moves the clock. */
  advance(ms: number): void;
  /** Somebody of a role, in the projects named, signed in; `null` is nobody. */
  person(role: Role | null, projects?: readonly string[]): Promise<Person>;
  close(): Promise<void>;
}

export interface Person {
  readonly cookie: string | undefined;
  /** Sends a request and gives the raw response. */
  send(route: string, parts?: Parts): Promise<Response>;
  /** Sends a request that must succeed. */
  call<K extends KnownRoute>(route: K, parts?: Parts): Promise<ResponseOf<K>>;
}
interface Parts {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Previews are the pipeline's to make: here no run can begin. */
export const noPreview: PreviewRun = ({ items }) => ({
  problem: 'there is no pipeline here',
  kinds: {},
  unscored: {},
  raters: {
    ...{ usable: 0, consented: 0 },
    ...{ withdrawn: { raters: 0, judgments: 0 }, withoutConsent: { raters: 0, judgments: 0 } },
  },
  items: { total: items.length, known: 0, origins: {} },
  prompts: { train: 0, heldOut: 0 },
  policy: { possible: false, reason: 'there is no pipeline here' },
});

/** A folder without runs. */
export const NO_RUNS: RunService = {
  list: async () => [],
  has: async () => false,
  detail: async () => undefined,
  recipes: async () => [],
  projectOf: async () => null,
  start: async () => 'run-1',
  ask: async () => '1',
  stop: async () => false,
  resume: async () => {},
  remove: async () => {},
  verify: async () => ({ checks: [], document: { title: '', note: '', sections: [] } }),
  series: async () => ({}),
  report: async () => null,
  samples: async () => [],
  findings: async () => [],
  disclosure: async () => ({
    disclosure: null,
    seal: null,
    sealDigest: null,
    signed: null,
    exports: [],
    carries: null,
  }),
  changes: async () => ({ title: '', note: '', sections: [] }),
  archive: async () => undefined,
  file: async () => undefined,
  close: async () => {},
};

/** Adds files here, and not in a process of its own. */
const importerOf = (store: FeedbackStore): Importer => ({
  add: (job, signal) => importJob(store, job, async () => signal.throwIfAborted()),
  close: async () => {},
});

/** What each route may answer: whatever a test is sent is held against it. */
const DOCUMENT = openApiDocument(ROUTES, '0.0.0') as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly responses: object }>>>>;
};

export const PASSWORD = 'correct horse 1';

/** `url` names a store elsewhere than in a temporary file. */
export async function openTestStudio(options: Partial<StudioOptions> = {}, url?: string): Promise<TestStudio> {
  const folder = mkdtempSync(join(tmpdir(), 'goodhart-studio-'));
  const store = await openStore(url ?? join(folder, 'store.db'), { create: true });
  const { accounts } = store;
  const setupToken = 'setup-token-of-the-test';
  const events: StudioEvent[] = [];
  let clock = Date.parse('2026-01-01T00:00:00Z');
  const app = createStudio({
    store,
    accounts,
    reader: createProjectReader({ store, accounts, previewRun: noPreview }, () => performance.now()),
    importer: importerOf(store),
    sealer: await sealerOf(accounts),
    send: sendAnywhere,
    now: () => new Date(clock).toISOString(),
    notify: (event) => {
      events.push(event);
    },
    version: '0.0.0',
    setupTokenHash: hashSecret(setupToken),
    runs: NO_RUNS,
    pageFile: async () => undefined,
    report: (_, error) => {
      throw error;
    },
    rateScale: 0,
    passwordCost: 2 ** 8,
    ...options,
  });
  const personWith = (cookie: string | undefined): Person => {
    const send = async (route: string, { params = {}, query = {}, body, headers = {} }: Parts = {}) => {
      const [method, pattern] = route.split(' ') as [string, string];
      const path = pattern.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? name));
      const search = new URLSearchParams(query).toString();
      const response = await app.request(search === '' ? path : `${path}?${search}`, {
        method,
        headers: {
          ...(cookie !== undefined && { cookie }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const documented = DOCUMENT.paths[pattern]?.[method.toLowerCase()]?.responses ?? {};
      if (!Object.hasOwn(documented, response.status))
        throw new Error(`${route} answered ${response.status}, which the OpenAPI document does not have`);
      return response;
    };
    return {
      cookie,
      send,
      async call(route, parts) {
        const response = await send(route, parts);
        const answer = await response.json();
        if (!response.ok) throw new Error(`${route} answered ${response.status}: ${JSON.stringify(answer)}`);
        return answer as ResponseOf<typeof route>;
      },
    };
  };
  const nobody = personWith(undefined);
  let owner: Person | undefined;
  const signedIn = (response: Response) => {
    const cookie = response.headers.get('set-cookie')?.split(';')[0];
    if (!response.ok || cookie === undefined) throw new Error(`signing in answered ${response.status}`);
    return personWith(cookie);
  };
  const ownerOf = async () => {
    owner ??= signedIn(
      await nobody.send('POST /api/setup', { body: { token: setupToken, name: 'Olga', password: PASSWORD } }),
    );
    return owner;
  };
  let people = 0;
  return {
    app,
    store,
    events,
    setupToken,
    advance: (ms) => {
      clock += ms;
    },
    async person(role, projects = []) {
      if (role === null) return nobody;
      const first = await ownerOf();
      if (role === 'owner') return first;
      const { path } = await first.call('POST /api/invites', { body: { role } });
      people += 1;
      const response = await nobody.send('POST /api/invites/{token}', {
        params: { token: path.split('/').at(-1)! },
        body: { name: `${role} ${people}`, password: PASSWORD },
      });
      const person = signedIn(response);
      const { user } = (await response.json()) as ResponseOf<'POST /api/invites/{token}'>;
      if (projects.length > 0)
        await first.call('PATCH /api/people/{id}', { params: { id: user.id }, body: { projects } });
      return person;
    },
    async close() {
      await store.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** A project of comparisons, its form changed as named. */
export const testProject = (change: Partial<Project> = {}): Project =>
  projectSchema.parse({
    id: 'p',
    name: 'Harbour replies',
    createdAt: '2026-01-01T00:00:00.000Z',
    questions: [{ id: 'better', title: 'Which reply is better?', kind: 'comparison' }],
    instructions: [{ version: '1', text: 'Choose the more helpful reply.', at: '2026-01-01T00:00:00.000Z' }],
    ...change,
  });

/** Items whose every hidden part is a word that must never reach a rater. */
export const testItems = (count: number, change: Partial<Item> = {}): Item[] =>
  Array.from({ length: count }, (_, i) => ({
    id: `SECRET-item-${i}`,
    projectId: 'p',
    prompt: `When does ferry ${i} leave?`,
    replies: [
      { id: `SECRET-model-a-${i}`, text: `It leaves at ${i} past nine.` },
      { id: `SECRET-model-b-${i}`, text: `Ask at the pier about ferry ${i}.` },
    ],
    source: { origin: 'SECRET-snapshot', selection: 'SECRET-rule' },
    gold: 0,
    ...change,
  }));
