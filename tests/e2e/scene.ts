import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { describe, inject } from 'vitest';
import { type RunningStudio, startStudio } from '../../src/cli/studio.ts';
import { hashPassword } from '../../src/server/access/secrets.ts';
import { freePort } from './free-port.ts';

/** One Studio with its store in a temporary folder, a browser, and people at it; for tests in a real Chromium. */
export interface Scene {
  readonly url: string;
  readonly folder: string;
  /** Where the Studio runs in this process; a Studio of its own process has none. */
  readonly studio: RunningStudio | undefined;
  /** A window of its own, with nobody signed in. */
  window(options?: BrowserContextOptions): Promise<Page>;
  /** A window with somebody signed in. */
  signedIn(name: string, options?: BrowserContextOptions): Promise<Page>;
  /** Ends everything; throws when a page of the scene reported a fault that nobody expected. */
  close(): Promise<void>;
}

/** Waits are for a state of the page; this is how long a slow machine gets to reach it. */
export const PATIENCE_MS = 60_000;
export const PASSWORD = 'correct horse 1';

const endpoint = inject('chromium');
/** Tests that need a browser; without one they are skipped, for the reason that `setup.ts` prints. */
export function browserTests(name: string, tests: () => void): void {
  (endpoint === null ? describe.skip : describe)(name, tests);
}

let browser: Promise<Browser> | undefined;
const connected = () => {
  browser ??= chromium.connect(endpoint!);
  return browser;
};

/** Console errors that say no more than that a connection was lost or a request refused; the pages show these. */
const OF_THE_NETWORK = /^Failed to load resource/;

/** People and windows at a Studio that runs somewhere. */
export async function sceneAt(
  url: string,
  { folder, studio, end }: { folder: string; studio?: RunningStudio; end: () => Promise<void> },
): Promise<Scene> {
  const browserNow = await connected();
  const faults: string[] = [];
  const closings: (() => Promise<void>)[] = [];
  const window = async (options: BrowserContextOptions = {}) => {
    const context = await browserNow.newContext({ baseURL: url, viewport: { width: 1280, height: 800 }, ...options });
    context.setDefaultTimeout(PATIENCE_MS);
    closings.push(() => context.close());
    const page = await context.newPage();
    page.on('pageerror', (error) => faults.push(error.stack ?? error.message));
    page.on('console', (message) => {
      if (message.type() === 'error' && !OF_THE_NETWORK.test(message.text())) faults.push(message.text());
    });
    return page;
  };
  return {
    url,
    folder,
    studio,
    window,
    async signedIn(name, options) {
      const page = await window(options);
      const answer = await page.request.post('/api/login', { data: { name, password: PASSWORD } });
      if (!answer.ok()) throw new Error(`signing in as ${name} answered ${answer.status()}: ${await answer.text()}`);
      return page;
    },
    async close() {
      for (const closing of closings) await closing();
      await end();
      rmSync(folder, { recursive: true, force: true });
      if (faults.length > 0) throw new Error(`${faults.length} fault(s) in the pages; first: ${faults[0]}`);
    },
  };
}

/** A Studio of this process; `prepare` fills its store. */
export async function openScene(prepare: (studio: RunningStudio, folder: string) => Promise<void>): Promise<Scene> {
  const folder = mkdtempSync(join(tmpdir(), 'goodhart-e2e-'));
  const reported: unknown[] = [];
  const studio = await startStudio({
    store: join(folder, 'studio.db'),
    runs: join(folder, 'runs'),
    port: await freePort(),
    report: (_, error) => reported.push(error),
  });
  await prepare(studio, folder);
  return sceneAt(studio.url, {
    folder,
    studio,
    async end() {
      await studio.close();
      if (reported.length > 0) throw new Error('the server reported a defect', { cause: reported[0] });
    },
  });
}

let hash: Promise<string> | undefined;
/** Accounts that may enter the projects named; all have `PASSWORD`. */
export async function addPeople(
  { store: { accounts } }: Pick<RunningStudio, 'store'>,
  people: Readonly<Record<string, 'owner' | 'lead' | 'rater' | 'auditor'>>,
  projects: readonly string[],
): Promise<void> {
  hash ??= hashPassword(PASSWORD);
  for (const [name, role] of Object.entries(people)) {
    const id = `account-${name}`;
    await accounts.createAccount({
      id,
      name,
      role,
      raterId: `rater-${name}`,
      passwordHash: await hash,
      createdAt: '2026-01-01T00:00:00.000Z',
      disabled: false,
    });
    await accounts.setProjects(id, projects);
  }
}
