/**
 * How long until a page of the Studio answers, at the first visit of a browser that has nothing of it, and how many bytes
 * does that take? The clock runs from the start of the navigation to the frame that shows the answer of the page's main
 * control, which is pressed as soon as it is there.
 *
 *   npx tsx bench/pages.ts                 # writes bench/results/pages.json; needs a Chromium
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Browser, type BrowserContext, request } from 'playwright-core';
import { DEMO_PASSWORD, seedDemo } from '../scripts/studio-seed.ts';
import { openStore } from '../src/store/index.ts';
import { findChromium, launchChromium } from '../tests/e2e/chromium.ts';
import { startStudioProcess } from '../tests/e2e/command.ts';
import { freePort } from '../tests/e2e/free-port.ts';

const { values: args } = parseArgs({
  options: {
    visits: { type: 'string', default: '9' },
    out: { type: 'string', default: 'bench/results/pages.json' },
  },
});

/** A page, its main control, and how the page shows that the control has answered. */
interface Wanted {
  readonly name: string;
  readonly path: string;
  readonly who: 'rater' | 'lead' | null;
  /** Selector of what is pressed, where there is something. */
  readonly control?: string;
  /** A key instead of a click. */
  readonly key?: string;
  readonly answered: string;
}
const PAGES: readonly Wanted[] = [
  {
    name: 'sign-in',
    path: '/login',
    who: null,
    control: 'form button[type=submit]',
    answered: 'form button[type=submit]:disabled',
  },
  {
    name: 'judging',
    path: '/judge/harbour',
    who: 'rater',
    control: '[data-question] input[type=radio]',
    key: 'a',
    answered: '[data-question] input[type=radio]:checked',
  },
  // Nothing to press: it has answered when the projects stand there.
  { name: 'projects', path: '/projects', who: 'lead', answered: 'main a[href="/projects/harbour"]' },
];

/** A browser on the Studio's machine, and one at home over a line of its own. */
const LINES = {
  local: null,
  home: { offline: false, latency: 40, downloadThroughput: 2.5e6, uploadThroughput: 1.25e6 },
} as const;

interface Visit {
  readonly answeredMs: number;
  readonly firstPaintMs: number;
  /** Processor time of the page's main thread until then. */
  readonly cpuMs: number;
  readonly kilobytes: number;
  readonly requests: number;
}

interface Answered {
  readonly at: number;
  readonly painted: number;
}

/** Runs in the page before its own scripts: presses the control in each frame until the page has shown an answer. */
function watch({ control, key, answered }: Pick<Wanted, 'control' | 'key' | 'answered'>): void {
  const painted = new Promise<number>((resolve) => {
    new PerformanceObserver((list) => {
      for (const { name, startTime } of list.getEntries()) if (name === 'first-contentful-paint') resolve(startTime);
    }).observe({ type: 'paint', buffered: true });
  });
  const press = (element: HTMLElement) => {
    if (key !== undefined) document.body.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
    else {
      for (const input of document.querySelectorAll<HTMLInputElement>('form input')) input.value = 'long enough';
      element.click();
    }
  };
  const told = new Promise<Answered>((resolve) => {
    const look = () => {
      const element = control === undefined ? null : document.querySelector<HTMLElement>(control);
      if (document.querySelector(answered) !== null) {
        // What was answered is on the screen once the next frame begins.
        requestAnimationFrame(async () => resolve({ at: performance.now(), painted: await painted }));
        return;
      }
      if (element !== null) press(element);
      requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
  Object.assign(window, { pageAnswered: told });
}

/** A visit in a tab of a window that is open already: a window of its own would start the browser's own pages beside it. */
async function visit(context: BrowserContext, page: Wanted, line: (typeof LINES)[keyof typeof LINES]): Promise<Visit> {
  const { control, key, answered } = page;
  const tab = await context.newPage();
  const devtools = await context.newCDPSession(tab);
  await devtools.send('Network.clearBrowserCache');
  await devtools.send('Performance.enable', { timeDomain: 'threadTicks' });
  if (line !== null) {
    await devtools.send('Network.enable');
    await devtools.send('Network.emulateNetworkConditions', line);
  }
  // The loader that runs this file wraps functions in a call by this name, which the page does not know.
  await tab.addInitScript('globalThis.__name = (made) => made');
  await tab.addInitScript(watch, { answered, ...(control && { control }), ...(key && { key }) });
  await tab.goto(page.path);
  const { at, painted } = await tab.evaluate(
    () => (window as unknown as { pageAnswered: Promise<Answered> }).pageAnswered,
  );
  const { metrics } = await devtools.send('Performance.getMetrics');
  const visited = {
    answeredMs: at,
    firstPaintMs: painted,
    cpuMs: 1000 * metrics.find(({ name }) => name === 'TaskDuration')!.value,
    ...(await tab.evaluate((until) => {
      const entries = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')];
      const fetched = (entries as PerformanceResourceTiming[]).filter(({ startTime }) => startTime < until);
      return {
        kilobytes: fetched.reduce((sum, { transferSize }) => sum + transferSize, 0) / 1000,
        requests: fetched.length,
      };
    }, at)),
  };
  await tab.close();
  return visited;
}

const sorted = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b);
const summary = (numbers: readonly number[]) => {
  const all = sorted(numbers);
  return { best: Math.round(all[0]!), median: Math.round(all[all.length >> 1]!), most: Math.round(all.at(-1)!) };
};

async function cookiesOf(url: string, name: string) {
  const api = await request.newContext({ baseURL: url });
  await api.post('/api/login', { data: { name, password: DEMO_PASSWORD } });
  const { cookies } = await api.storageState();
  await api.dispose();
  return cookies;
}

async function measure(browser: Browser, url: string) {
  const windows = new Map<Wanted['who'], BrowserContext>();
  for (const who of [null, 'rater', 'lead'] as const) {
    const context = await browser.newContext({ baseURL: url, viewport: { width: 1280, height: 800 } });
    if (who !== null) await context.addCookies(await cookiesOf(url, who));
    await (await context.newPage()).goto('/healthz');
    windows.set(who, context);
  }
  const rows = [];
  for (const [line, conditions] of Object.entries(LINES)) {
    const visits = new Map<string, Visit[]>(PAGES.map(({ name }) => [name, []]));
    // Pages take turns, so that a busy moment of the machine does not fall on one of them.
    for (let n = 0; n < Number(args.visits); n++)
      for (const page of PAGES) visits.get(page.name)!.push(await visit(windows.get(page.who)!, page, conditions));
    for (const [name, all] of visits) {
      const row = {
        page: name,
        line,
        visits: all.length,
        answered: summary(all.map(({ answeredMs }) => answeredMs)),
        firstPaint: summary(all.map(({ firstPaintMs }) => firstPaintMs)),
        cpu: summary(all.map(({ cpuMs }) => cpuMs)),
        /** Of the very first visit, which the server answers before it is warm. */
        firstVisit: Math.round(all[0]!.answeredMs),
        kilobytes: summary(all.map(({ kilobytes }) => kilobytes)).median,
        requests: summary(all.map(({ requests }) => requests)).median,
      };
      rows.push(row);
      process.stdout.write(`${JSON.stringify(row)}\n`);
    }
  }
  return rows;
}

const chromium = findChromium();
if (chromium === undefined) throw new Error('no Chromium: install one, or name it in GOODHART_CHROMIUM');
const folder = mkdtempSync(join(tmpdir(), 'goodhart-pages-'));
const store = await openStore(join(folder, 'studio.db'), { create: true });
await seedDemo(store);
await store.close();
const studio = await startStudioProcess(folder, await freePort());
const browser = await launchChromium(chromium);
try {
  const results = await measure(browser, studio.url);
  // A browser and a server share the cores: look at the load before believing a time.
  const machine = { cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length, node: process.version, load: loadavg() };
  mkdirSync(dirname(args.out), { recursive: true });
  const command = 'npx tsx bench/pages.ts';
  writeFileSync(args.out, `${JSON.stringify({ command, chromium: browser.version(), machine, results }, null, 2)}\n`);
} finally {
  await browser.close();
  await studio.kill('SIGTERM');
  rmSync(folder, { recursive: true, force: true });
}
