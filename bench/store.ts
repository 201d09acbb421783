/**
 * How long does a rater wait for the next item, and for the receipt of a judgment, on a store that already holds a million
 * judgments of 200,000 items by 20,000 raters?
 *
 *   scripts/postgres.sh npx tsx bench/store.ts                 # both stores, writes bench/results/store.json
 *   npx tsx bench/store.ts --judgments 100000 --stores sqlite  # smaller, one store
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import pg from 'pg';
import type { Project } from '../src/feedback/index.ts';
import { createRng } from '../src/stats/index.ts';
import { type FeedbackStore, openStore, type Reservation } from '../src/store/index.ts';
import { latency } from './latency.ts';
import { AT, judgmentOf, largeProject, makeProject, raterId } from './million.ts';

const { values: args } = parseArgs({
  options: {
    judgments: { type: 'string', default: '1000000' },
    stores: { type: 'string', default: 'sqlite,postgres' },
    cycles: { type: 'string', default: '4000' },
    orders: { type: 'string', default: 'random,least-judged,priority' },
    out: { type: 'string', default: 'bench/results/store.json' },
  },
});
const JUDGMENTS = Number(args.judgments);
const project = largeProject(JUDGMENTS);
const { items: ITEMS, raters: RATERS, heavy: HEAVY } = project;
const CYCLES = Number(args.cycles);

const say = (text: string) => process.stderr.write(`${text}\n`);

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** `concurrent` raters ask and answer in a loop, thinking for an exponential time in between; times in milliseconds. */
async function drive(
  store: FeedbackStore,
  options: { concurrent: number; cycles: number; thinkMs: number; pick: (n: number) => number; label: string },
) {
  const rng = createRng(`drive/${options.label}`);
  const next: number[] = [];
  const submit: number[] = [];
  let started = 0;
  const begin = performance.now();
  const cpu = process.cpuUsage();
  await Promise.all(
    Array.from({ length: options.concurrent }, async () => {
      while (started < options.cycles) {
        const n = started++;
        const rater = raterId(options.pick(n));
        if (options.thinkMs > 0) await sleep(-Math.log(1 - rng.uniform()) * options.thinkMs);
        const t0 = performance.now();
        const got = await store.reserve('bench', rater, { now: AT });
        const t1 = performance.now();
        if ('none' in got) throw new Error(`${rater}: ${got.none}`);
        const { item, presentation } = got as Reservation;
        const t2 = performance.now();
        await store.submit(judgmentOf(`${options.label}/${n}`, item.id, rater, presentation));
        const t3 = performance.now();
        next.push(t1 - t0);
        submit.push(t3 - t2);
      }
    }),
  );
  const seconds = (performance.now() - begin) / 1000;
  const used = process.cpuUsage(cpu);
  return {
    next: latency(next),
    submit: latency(submit),
    cyclesPerSecond: Math.round(options.cycles / seconds),
    cpuMsPerCycle: Number(((used.user + used.system) / 1000 / options.cycles).toFixed(3)),
  };
}

async function timed<T>(name: string, effect: () => Promise<T>): Promise<{ seconds: number; value: T }> {
  const begin = performance.now();
  const cpu = process.cpuUsage();
  const value = await effect();
  const seconds = Number(((performance.now() - begin) / 1000).toFixed(2));
  const used = process.cpuUsage(cpu);
  say(`  ${name}: ${seconds} s, ${((used.user + used.system) / 1e6).toFixed(2)} CPU s`);
  return { seconds, value };
}

async function measure(url: string, size: () => Promise<number>) {
  const loadBefore = loadavg()[0];
  const store = await openStore(url, { create: true });
  const load = await timed('load', () => store.load(project.source(), { checked: true }));
  const bytes = await size();
  say(`  ${(bytes / 1e6).toFixed(0)} MB on disk, ${(process.memoryUsage().rss / 1e6).toFixed(0)} MB of memory`);
  const scores = await timed('priorities', () => store.setPriorities('bench', project.priorities()));
  const rows: Record<string, unknown> = {};
  let seed = 0;
  for (const order of args.orders.split(',') as Project['distribution']['order'][]) {
    const rebuild = await timed(`rules: ${order}`, () => store.putProject(makeProject(order)));
    // Neighbours in time are different raters: a rater has one reservation.
    const any = (n: number) => 5 + ((n * 7919 + seed * 131) % (RATERS - 5));
    const run = async (
      name: string,
      concurrent: number,
      thinkMs: number,
      pick: (n: number) => number,
      cycles = CYCLES,
    ) => {
      const result = await drive(store, { concurrent, cycles, thinkMs, pick, label: `${order}/${name}/${seed++}` });
      say(
        `  ${order}, ${name}: next ${result.next.p50}/${result.next.p99} ms, submit ${result.submit.p50}/${result.submit.p99} ms (p50/p99), ${result.cyclesPerSecond} cycles/s, ${result.cpuMsPerCycle} CPU ms`,
      );
      return result;
    };
    rows[order] = {
      changeRulesSeconds: rebuild.seconds,
      one: await run('1 rater', 1, 0, any, CYCLES / 4),
      fifty: await run('50 raters, no pause', 50, 0, any),
      fiftyThinking: await run('50 raters, 250 ms pause', 50, 250, any),
      heavy: await run(`1 rater who judged the ${HEAVY} items in front`, 1, 0, (n) => n % 5, CYCLES / 8),
    };
  }
  const digest = await timed('digest', () => store.digest('bench'));
  const check = await timed('check', () => store.check());
  const bad = check.value.filter(({ ok }) => !ok);
  if (bad.length > 0) throw new Error(JSON.stringify(bad));
  await store.close();
  return {
    // Other work on the machine shows here: 1 is one busy core.
    loadAverage: { before: loadBefore, after: loadavg()[0] },
    loadSeconds: load.seconds,
    bytes,
    prioritiesSeconds: scores.seconds,
    digestSeconds: digest.seconds,
    checkSeconds: check.seconds,
    orders: rows,
  };
}

const folder = mkdtempSync(join(tmpdir(), 'goodhart-bench-store-'));
const results: Record<string, unknown> = {};
try {
  for (const kind of args.stores.split(',')) {
    say(`${kind}: ${JUDGMENTS} judgments, ${ITEMS} items, ${RATERS} raters`);
    if (kind === 'sqlite') {
      const path = join(folder, 'store.db');
      results[kind] = await measure(path, async () =>
        ['', '-wal'].reduce((sum, end) => sum + (existsSync(path + end) ? statSync(path + end).size : 0), 0),
      );
      continue;
    }
    const url = process.env.GOODHART_TEST_POSTGRES;
    if (url === undefined) {
      say('  skipped: GOODHART_TEST_POSTGRES is not set; run scripts/postgres.sh npx tsx bench/store.ts');
      continue;
    }
    results[kind] = await measure(url, async () => {
      const client = new pg.Client(url);
      await client.connect();
      const { rows } = await client.query('SELECT pg_database_size(current_database()) AS bytes');
      await client.end();
      return Number(rows[0].bytes);
    });
  }
  mkdirSync(join(args.out, '..'), { recursive: true });
  const machine = { node: process.version, cpu: cpus()[0]?.model, cores: cpus().length };
  const setting = { judgments: JUDGMENTS, items: ITEMS, raters: RATERS, heavy: HEAVY, cycles: CYCLES };
  writeFileSync(args.out, `${JSON.stringify({ machine, setting, unit: 'milliseconds', results }, null, 2)}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
