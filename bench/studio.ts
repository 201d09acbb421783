/**
 * How long do 50 raters wait for a receipt and for the next task, over HTTP, on a project of 1,000,000 judgments, while a
 * training run goes on? At the highest rate they reach without thinking, and at an offered 300 submits a second. Then: was
 * any judgment lost or kept twice?
 *
 *   scripts/postgres.sh npm run bench:studio                           # both stores, writes bench/results/studio.json
 *   npm run bench:studio -- --judgments 100000 --stores sqlite --seconds 20
 */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Latency, latency } from './latency.ts';
import type { LoadResult, LoadSettings } from './studio-raters.ts';
import type { ServerAnswer, ServerRequest, ServerSettings } from './studio-server.ts';

const { values: args } = parseArgs({
  options: {
    judgments: { type: 'string', default: '1000000' },
    raters: { type: 'string', default: '50' },
    seconds: { type: 'string', default: '60' },
    offered: { type: 'string', default: '300' },
    again: { type: 'string', default: '0.01' },
    stores: { type: 'string', default: 'sqlite,postgres' },
    /** A store that is loaded already, kept afterwards. */
    store: { type: 'string' },
    training: { type: 'boolean', default: true },
    /** Whether to measure a third time while a lead looks at the pages of the project. */
    pages: { type: 'boolean', default: true },
    profile: { type: 'string' },
    out: { type: 'string', default: 'bench/results/studio.json' },
  },
  allowNegative: true,
});
const say = (text: string) => process.stderr.write(`${text}\n`);
const TYPESCRIPT = ['--import', 'tsx'];
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** The server's process, with answers in the order of requests. */
class Server {
  readonly #child: ChildProcess;
  constructor(settings: ServerSettings) {
    const profile = args.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${args.profile}`];
    this.#child = fork(join(import.meta.dirname, 'studio-server.ts'), [JSON.stringify(settings)], {
      execArgv: [...TYPESCRIPT, ...profile],
    });
  }
  answer<T extends ServerAnswer['type']>(type: T, request?: ServerRequest) {
    return new Promise<Extract<ServerAnswer, { type: T }>>((resolve, reject) => {
      const onExit = (code: number | null) => reject(new Error(`the server ended with code ${code}`));
      this.#child.once('exit', onExit);
      this.#child.once('message', (message: ServerAnswer) => {
        this.#child.off('exit', onExit);
        if (message.type !== type) reject(new Error(`expected ${type}, got ${message.type}`));
        resolve(message as Extract<ServerAnswer, { type: T }>);
      });
      if (request !== undefined) this.#child.send(request);
    });
  }
  async close(): Promise<void> {
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    await this.answer('closed', 'close');
    await gone;
  }
}

const load = (settings: LoadSettings) =>
  new Promise<LoadResult>((resolve, reject) => {
    const child = fork(join(import.meta.dirname, 'studio-raters.ts'), [JSON.stringify(settings)], {
      execArgv: TYPESCRIPT,
    });
    let result: LoadResult | undefined;
    child.once('message', (message) => {
      result = message as LoadResult;
    });
    child.once('exit', (code) =>
      result === undefined ? reject(new Error(`the raters ended with code ${code}`)) : resolve(result),
    );
  });

/** The pipeline's quickstart as a run of the Studio; whether it goes on. */
function training(url: string, cookie: string) {
  const { origin } = new URL(url);
  const headers = { cookie, origin, 'content-type': 'application/json' };
  const yaml = readFileSync('recipes/quickstart/run.yaml', 'utf8');
  const call = async (path: string, body?: unknown) => {
    const init = body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) };
    const response = await fetch(`${origin}${path}`, init);
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    return response.json();
  };
  let run: string | undefined;
  const detail = async () =>
    (await call(`/api/runs/${run}`)) as {
      run: { status: string };
      progress: { stage: string; done: number } | null;
      error: string | null;
    };
  return {
    /** Starts a run unless one is going on; resolves when it computes. */
    async ensure() {
      if (run !== undefined && (await detail()).run.status === 'running') return;
      run = ((await call('/api/runs', { yaml, set: ['policy.steps=100000'] })) as { id: string }).id;
      for (let seconds = 0; (await detail()).progress === null; seconds++) {
        const { error } = await detail();
        if (error !== null || seconds > 300) throw new Error(`the training run did not start: ${error}`);
        await sleep(1000);
      }
    },
    async stage() {
      const { run: row, progress } = await detail();
      return `${row.status}, ${progress?.stage} ${progress?.done}`;
    },
    stop: () => call(`/api/runs/${run}/stop`, {}),
  };
}

const PAGES = ['overview', 'quality', 'items?show=disagreement', 'raters'];

/** A lead who looks at one page of the project after another until told to stop; how long each took, in milliseconds. */
function look(url: string, cookie: string) {
  const { origin } = new URL(url);
  let on = true;
  const times: Record<string, number[]> = Object.fromEntries(PAGES.map((page) => [page, []]));
  const looking = (async () => {
    for (let n = 0; on; n++) {
      const page = PAGES[n % PAGES.length]!;
      const asked = performance.now();
      const response = await fetch(`${origin}/api/projects/bench/${page}`, { headers: { cookie } });
      await response.arrayBuffer();
      if (!response.ok) throw new Error(`${page} answered ${response.status}`);
      times[page]!.push(performance.now() - asked);
      await sleep(1000);
    }
  })();
  return async () => {
    on = false;
    await looking;
    return Object.fromEntries(Object.entries(times).map(([page, all]) => [page, latency(all)]));
  };
}

interface Measured {
  readonly submit: Latency;
  readonly next: Latency;
  readonly submitsPerSecond: number;
  readonly errors: LoadResult['errors'];
  readonly unserved: number;
  readonly serverCpuMsPerCycle: number;
  readonly serverCpuShare: number;
  readonly ratersCpuShare: number;
  readonly serverMB: number;
  /** What a lead waited who looked at the project meanwhile. */
  readonly pages?: Readonly<Record<string, Latency>>;
  readonly eventLoopDelayMs: { readonly p50: number; readonly p99: number; readonly max: number };
  readonly training: string;
  readonly loadAverage: number;
}

async function measure(store: string, folder: string) {
  const server = new Server({
    store,
    runs: join(folder, 'runs'),
    judgments: Number(args.judgments),
    raters: Number(args.raters),
  });
  const { url, owner, raters } = await server.answer('ready');
  const trained = args.training ? training(url, owner) : undefined;
  const acknowledged: string[] = [];
  const unknown = new Set<string>();
  let storedTwice = 0;
  const phase = async (
    label: string,
    { offered, seconds, pages }: { offered: number | null; seconds: number; pages: boolean },
  ): Promise<Measured> => {
    await trained?.ensure();
    await server.answer('usage', 'usage');
    const close = pages ? look(url, owner) : undefined;
    const result = await load({ url, cookies: raters, seconds, offered, again: Number(args.again), label });
    const { cpuMs, rssMB, delayMs } = await server.answer('usage', 'usage');
    const looked = await close?.();
    acknowledged.push(...result.acknowledged);
    for (const key of result.unknown) unknown.add(key);
    storedTwice += result.storedTwice;
    const n = result.submit.length;
    const share = (ms: number) => Number((ms / 1000 / result.seconds).toFixed(2));
    const measured: Measured = {
      submit: latency(result.submit),
      next: latency(result.next),
      submitsPerSecond: Number((n / result.seconds).toFixed(1)),
      errors: result.errors,
      unserved: result.unserved,
      serverCpuMsPerCycle: Number((cpuMs / n).toFixed(3)),
      serverCpuShare: share(cpuMs),
      ratersCpuShare: share(result.cpuMs),
      serverMB: Math.round(rssMB),
      eventLoopDelayMs: delayMs,
      ...(looked !== undefined && { pages: looked }),
      training: (await trained?.stage()) ?? 'none',
      loadAverage: Number(loadavg()[0]!.toFixed(1)),
    };
    const text = ({ p50, p95, p99, max }: Latency) => `${p50}/${p95}/${p99}/${max}`;
    say(
      `  ${label}: submit ${text(measured.submit)} ms, next ${text(measured.next)} ms (p50/p95/p99/max), ${measured.submitsPerSecond} submits/s, ${measured.serverCpuMsPerCycle} CPU ms a cycle, server ${measured.serverCpuShare} and raters ${measured.ratersCpuShare} of a core, ${measured.serverMB} MB, event loop ${delayMs.p50}/${delayMs.p99}/${delayMs.max} ms, training ${measured.training}, load ${measured.loadAverage}, ${measured.unserved} not served, errors ${JSON.stringify(measured.errors)}`,
    );
    for (const [page, times] of Object.entries(looked ?? {}))
      say(`    ${page}: ${times.n} times, ${times.p50} ms, at most ${times.max} ms`);
    return measured;
  };
  const label = String(Date.now());
  const [seconds, offered] = [Number(args.seconds), Number(args.offered)];
  await phase(`warm-up ${label}`, { offered: null, seconds: Math.min(5, seconds), pages: false });
  const closed = await phase(`no thinking ${label}`, { offered: null, seconds, pages: false });
  const open = await phase(`${offered} offered ${label}`, { offered, seconds, pages: false });
  const looking = args.pages
    ? await phase(`${offered} offered, pages open ${label}`, { offered, seconds, pages: true })
    : undefined;
  await trained?.stop();
  const { ids, records } = await server.answer('history', 'history');
  await server.close();
  const kept = new Set(ids);
  const lost = acknowledged.filter((key) => !kept.has(`${key}/better`)).length;
  const strange = ids.filter((id) => !id.includes(label)).length;
  const sent = new Set([...acknowledged, ...unknown]);
  const unsent = ids.filter((id) => !sent.has(id.replace(/\/better$/, ''))).length;
  const whole = {
    loaded: records,
    acknowledged: acknowledged.length,
    kept: ids.length,
    lost,
    duplicated: ids.length - kept.size + storedTwice + (acknowledged.length - new Set(acknowledged).size),
    unsent: unsent - strange,
  };
  say(`  ${JSON.stringify(whole)}`);
  return { closed, open, ...(looking !== undefined && { looking }), whole };
}

const folder = mkdtempSync(join(tmpdir(), 'goodhart-bench-studio-'));
const results: Record<string, Awaited<ReturnType<typeof measure>>> = {};
try {
  for (const kind of args.stores.split(',')) {
    const url = kind === 'sqlite' ? (args.store ?? join(folder, 'store.db')) : process.env.GOODHART_TEST_POSTGRES;
    if (url === undefined) {
      say(`${kind} is skipped: GOODHART_TEST_POSTGRES is not set; run scripts/postgres.sh npm run bench:studio`);
      continue;
    }
    say(`${kind}: ${args.judgments} judgments, ${args.raters} raters`);
    results[kind] = await measure(url, folder);
  }
  mkdirSync(join(args.out, '..'), { recursive: true });
  const machine = { node: process.version, cpu: cpus()[0]?.model, cores: cpus().length };
  writeFileSync(args.out, `${JSON.stringify({ machine, setting: args, unit: 'milliseconds', results }, null, 2)}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
// A benchmark that lost something has failed, however fast it was.
if (Object.values(results).some(({ whole }) => whole.lost + whole.duplicated + whole.unsent > 0)) process.exitCode = 1;
