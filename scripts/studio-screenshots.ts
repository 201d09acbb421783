import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContext, type Page, request } from 'playwright-core';
import { startStudio } from '../src/cli/studio.ts';
import { findChromium, launchChromium } from '../tests/e2e/chromium.ts';
import { freePort } from '../tests/e2e/free-port.ts';
import { smallPng } from './small-png.ts';
import { DEMO_INVITATION, DEMO_PASSWORD, seedDemo } from './studio-seed.ts';

/**
 * `npm run studio:screenshots`: a picture of every screen of a seeded Studio, into `docs/studio/`. The two runs that the
 * pictures show are made first and kept in `.cache/studio/runs` for the next time. Needs a Chromium.
 */
const OUT = 'docs/studio';
const RUNS = '.cache/studio/runs';
const WIDE = { width: 1200, height: 760 };
const NOW = '2026-01-09T12:00:00.000Z';
const PHONE = { width: 390, height: 780 };

type Cookies = Awaited<ReturnType<BrowserContext['cookies']>>;

/** What is done on a page before its picture is taken. */
type Prepare = (page: Page) => Promise<unknown>;
interface Shot {
  readonly name: string;
  /** Account that looks at it; null is nobody. */
  readonly who: 'owner' | 'lead' | 'rater' | 'auditor' | null;
  readonly path: string;
  readonly prepare?: Prepare;
  readonly phone?: true;
  readonly dark?: true;
  /** Down to the end of the page, up to two screens. */
  readonly long?: true;
}

const heading =
  (name: string | RegExp): Prepare =>
  (page) =>
    page.getByRole('heading', { name }).first().waitFor();
/** The probes of Explore have spoken. */
const assessed: Prepare = (page) => page.getByText(/are not assessed: this page/).waitFor();
const agree: Prepare = async (page) => {
  const button = page.getByRole('button', { name: 'I agree' });
  const task = page.getByRole('heading', { name: /^Task / });
  await button.or(task).waitFor();
  if (await button.isVisible()) await button.click();
  await task.waitFor();
  const read = page.getByRole('button', { name: 'I have read this' });
  if (await read.isVisible()) await read.click();
};
const press = (page: Page, ...keys: string[]) =>
  keys.reduce<Promise<void>>((before, key) => before.then(() => page.keyboard.press(key)), Promise.resolve());

const SHOTS: readonly Shot[] = [
  { name: 'sign-in', who: null, path: '/login' },
  { name: 'explore', who: null, path: '/explore', prepare: assessed, long: true },
  { name: 'explore-phone-dark', who: null, path: '/explore', prepare: assessed, phone: true, dark: true, long: true },
  { name: 'join', who: null, path: `/join/${DEMO_INVITATION}`, prepare: (page) => page.getByLabel('Name').waitFor() },
  { name: 'judge', who: 'rater', path: '/judge' },
  {
    name: 'judge-consent',
    who: 'rater',
    path: '/judge/every-kind',
    prepare: (page) => page.getByRole('button', { name: 'I agree' }).waitFor(),
  },
  { name: 'judge-comparison', who: 'rater', path: '/judge/harbour', prepare: agree },
  {
    name: 'judge-differences',
    who: 'rater',
    path: '/judge/harbour',
    dark: true,
    prepare: async (page) => {
      await agree(page);
      await press(page, 'm', 'a', '2');
    },
  },
  {
    name: 'judge-every-kind',
    who: 'rater',
    path: '/judge/every-kind',
    prepare: async (page) => {
      await agree(page);
      await page.getByRole('button', { name: /^Move reply A/ }).waitFor();
      await press(page, 'a', '1', '2', '3', '5', '4', '2');
    },
  },
  {
    name: 'judge-spans-steps',
    who: 'rater',
    path: '/judge/every-kind',
    prepare: async (page) => {
      await agree(page);
      await page.getByRole('button', { name: /^Move reply A/ }).waitFor();
      const spans = page.locator('[data-question="spans"]');
      await spans.getByRole('radio', { name: 'Reply A' }).check();
      await spans.getByRole('application').focus();
      await press(page, 'ArrowRight', 'ArrowRight', 'ArrowRight', 'Shift+ArrowRight', 'Shift+ArrowRight', '1');
      await spans.scrollIntoViewIfNeeded();
    },
  },
  {
    name: 'judge-keys',
    who: 'rater',
    path: '/judge/harbour',
    prepare: async (page) => {
      await agree(page);
      await press(page, '?');
      await page.getByRole('dialog').waitFor();
    },
  },
  {
    name: 'judge-offline',
    who: 'rater',
    path: '/judge/harbour',
    prepare: async (page) => {
      await agree(page);
      await page.context().setOffline(true);
      await press(page, 'b', '1', 'Enter');
      await page.getByText('1 answer waiting').waitFor();
    },
  },
  { name: 'judge-phone', who: 'rater', path: '/judge/harbour', phone: true, prepare: agree },
  { name: 'judge-phone-dark', who: 'rater', path: '/judge/every-kind', phone: true, dark: true, prepare: agree },
  { name: 'projects', who: 'lead', path: '/projects' },
  { name: 'project-new', who: 'lead', path: '/projects/new', prepare: heading('What raters will see'), long: true },
  { name: 'project-overview', who: 'lead', path: '/projects/harbour', long: true },
  { name: 'project-items', who: 'lead', path: '/projects/harbour/items' },
  { name: 'project-item', who: 'lead', path: '/projects/harbour/items/item-3', long: true },
  { name: 'project-adjudicate', who: 'lead', path: '/projects/harbour/adjudicate' },
  { name: 'project-run', who: 'lead', path: '/projects/harbour/run', prepare: heading('People and data'), long: true },
  { name: 'project-raters', who: 'lead', path: '/projects/harbour/raters' },
  { name: 'project-quality', who: 'lead', path: '/projects/harbour/quality', long: true },
  { name: 'project-quality-dark', who: 'lead', path: '/projects/harbour/quality', dark: true },
  { name: 'project-records', who: 'auditor', path: '/projects/harbour/records' },
  {
    name: 'project-settings',
    who: 'lead',
    path: '/projects/harbour/settings',
    prepare: heading('What raters will see'),
  },
  { name: 'project-phone', who: 'lead', path: '/projects/harbour', phone: true },
  { name: 'people', who: 'owner', path: '/people', long: true },
  { name: 'account', who: 'owner', path: '/account' },
  { name: 'runs', who: 'owner', path: '/runs' },
  { name: 'run-new', who: 'lead', path: '/runs/new' },
  { name: 'run-overview', who: 'owner', path: '/runs/quickstart-1', long: true },
  {
    name: 'run-ask',
    // Runs of a terminal have no starter: owners see them.
    who: 'owner',
    path: '/runs/quickstart-1',
    prepare: async (page) => {
      const asking = page.getByRole('region', { name: 'Ask about this policy' });
      await asking.getByLabel('Prompts', { exact: true }).fill('4');
      await asking.getByLabel('Into the project').selectOption('every-kind');
      await asking.getByRole('button', { name: 'Ask the policy' }).click();
      await asking.getByText(/new items? in/).waitFor();
      await asking.scrollIntoViewIfNeeded();
    },
  },
  { name: 'run-samples', who: 'auditor', path: '/runs/quickstart-1/samples' },
  { name: 'run-audit', who: 'auditor', path: '/runs/quickstart-1/audit', long: true },
  { name: 'run-audit-dark', who: 'auditor', path: '/runs/quickstart-1/audit', dark: true },
  { name: 'run-challenge', who: 'auditor', path: '/runs/quickstart-1/audit/R4', long: true },
  {
    name: 'run-disclosure',
    who: 'auditor',
    path: '/runs/quickstart-1/disclosure',
    prepare: heading('Verify'),
    long: true,
  },
  {
    name: 'run-verified',
    who: 'auditor',
    path: '/runs/quickstart-1/disclosure',
    prepare: async (page) => {
      await page.getByRole('button', { name: 'Verify now' }).click();
      await page.getByText(/\d+ checks passed/).waitFor({ timeout: 300_000 });
      await page.getByText(/\d+ checks passed/).scrollIntoViewIfNeeded();
    },
  },
  { name: 'runs-compare', who: 'owner', path: '/runs/compare?runs=quickstart-1,careful-1', long: true },
  // Last, since it adds to what the others show.
  {
    name: 'judge-own-data',
    who: 'rater',
    path: '/judge/harbour',
    prepare: async (page) => {
      await agree(page);
      await press(page, 'a', '2', 'Enter');
      await page.getByText('Submitted.').waitFor();
      await page.getByText('✓ All sent is saved').waitFor();
      await page.goto('/judge/harbour/mine');
      await page.getByText('counts').first().waitFor();
    },
  },
];

/** Runs of the quickstart's recipe, lighter and with another weight of the KL term. */
const RECIPES: Readonly<Record<string, readonly string[]>> = {
  'quickstart-1': [],
  'careful-1': ['name=careful', 'policy.beta=0.3'],
};

function makeRuns(): void {
  for (const [run, set] of Object.entries(RECIPES)) {
    const out = join(RUNS, run);
    if (existsSync(join(out, 'disclosure/seal.json'))) continue;
    const sets = set.flatMap((one) => ['--set', one]);
    const { status } = spawnSync(
      process.execPath,
      ['bin/goodhart.js', 'run', 'recipes/quickstart/run.yaml', ...sets, '--out', out],
      { stdio: 'inherit' },
    );
    if (status !== 0) throw new Error(`the run ${run} ended with code ${status}`);
  }
}

/** Everybody signs in once: the Studio takes few passwords a minute. */
const signedIn = new Map<string, Cookies>();
async function cookiesOf(name: string, url: string): Promise<Cookies> {
  const known = signedIn.get(name);
  if (known !== undefined) return known;
  const api = await request.newContext({ baseURL: url });
  await api.post('/api/login', { data: { name, password: DEMO_PASSWORD } });
  const { cookies } = await api.storageState();
  await api.dispose();
  signedIn.set(name, cookies);
  return cookies;
}

async function take(browser: Browser, url: string, shot: Shot): Promise<void> {
  const { name, who, path, prepare, phone, dark, long } = shot;
  const viewport = phone ? PHONE : WIDE;
  const context = await browser.newContext({
    baseURL: url,
    viewport,
    locale: 'en-GB',
    timezoneId: 'UTC',
    colorScheme: dark ? 'dark' : 'light',
    reducedMotion: 'reduce',
  });
  context.setDefaultTimeout(60_000);
  // What a page says of now is the same in the next picture.
  await context.clock.setFixedTime(NOW);
  if (who !== null) await context.addCookies(await cookiesOf(who, url));
  const page = await context.newPage();
  await page.goto(path);
  await page.locator('h1').first().waitFor();
  await prepare?.(page);
  await page
    .getByRole('status')
    .filter({ hasText: /^Loading|^Fetching/ })
    .first()
    .waitFor({ state: 'detached' });
  if (long) {
    const height = await page.evaluate(() => document.documentElement.scrollHeight);
    await page.setViewportSize({ ...viewport, height: Math.min(height, 2 * viewport.height) });
  }
  const png = await page.screenshot({ animations: 'disabled', caret: 'initial' });
  writeFileSync(join(OUT, `${name}.png`), smallPng(png));
  await context.close();
}

const chromium = findChromium();
if (chromium === undefined) throw new Error('no Chromium: install one, or name it in GOODHART_CHROMIUM');
const only = process.argv.slice(2);
// The command brings itself and the pages up to date first.
spawnSync(process.execPath, ['bin/goodhart.js', '--version'], { stdio: ['ignore', 'ignore', 'inherit'] });
const wanted = SHOTS.filter(({ name }) => only.length === 0 || only.includes(name));
if (wanted.some(({ path }) => path.startsWith('/runs'))) makeRuns();
mkdirSync(OUT, { recursive: true });
const folder = mkdtempSync(join(tmpdir(), 'goodhart-screenshots-'));
const studio = await startStudio({
  store: join(folder, 'studio.db'),
  runs: RUNS,
  port: await freePort(),
  report: (id, error) => process.stderr.write(`${id}: ${(error as Error).stack}\n`),
});
const browser = await launchChromium(chromium);
try {
  if (only.length === 0 || only.includes('first-start'))
    await take(browser, studio.url, { name: 'first-start', who: null, path: new URL(studio.setupUrl!).pathname });
  await seedDemo(studio.store);
  for (const shot of wanted) {
    await take(browser, studio.url, shot);
    process.stdout.write(`${OUT}/${shot.name}.png\n`);
  }
} finally {
  await browser.close();
  await studio.close();
  rmSync(folder, { recursive: true, force: true });
}
