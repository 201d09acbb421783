import { execFileSync, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type FeedbackRecord, recordKey } from '../feedback/index.ts';
import { createRng } from '../stats/index.ts';
import { grouped } from './connection.ts';
import type { FeedbackStore, Receipt } from './index.ts';
import { aProject, COMPARISON, collected, opened, prepared, someItems, someRaters, T0 } from './places.fake.ts';

/** Trials with real processes: killed under load, and competing for the same items. */
export interface RaterProcess {
  readonly url: string;
  readonly projectId: string;
  readonly raters: readonly string[];
  /** Part of every record's id, so that a process started again has new ones. */
  readonly run: string;
  readonly now: string;
  /** Ids of the form's questions; each task is answered whole. */
  readonly questions: readonly string[];
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
let built = false;
/** The processes run what is compiled, which starts many times faster: it is brought up to date once. */
function build(): void {
  if (!built) execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-b', 'src/store'], { cwd: ROOT });
  built = true;
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

interface Running {
  readonly sent: FeedbackRecord[];
  readonly acknowledged: Receipt[];
  /** Resolves at the first acknowledgement. */
  readonly busy: Promise<void>;
  readonly ready: Promise<void>;
  /** Resolves when everything it said has been read; whether it came to its end. */
  readonly over: Promise<boolean>;
  go(): void;
  kill(): void;
}

function start(work: Omit<RaterProcess, 'now'>): Running {
  build();
  const told: RaterProcess = { ...work, now: T0 };
  const child = spawn(process.execPath, ['scripts/store-rater.js', JSON.stringify(told)], {
    cwd: ROOT,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const [sent, acknowledged]: [FeedbackRecord[], Receipt[]] = [[], []];
  const signal = () => {
    let fire = () => {};
    const promise = new Promise<void>((resolve) => {
      fire = resolve;
    });
    return { promise, fire };
  };
  const [ready, busy] = [signal(), signal()];
  let done = false;
  let complaint = '';
  child.stderr.on('data', (data: Buffer) => {
    complaint += data.toString();
  });
  child.stdin.on('error', () => {});
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => {
    if (line === 'ready') ready.fire();
    else if (line === 'done') done = true;
    else {
      // The last line may be cut off by the kill: then it was not said.
      const value = parse(line.slice(2));
      if (value === undefined) return;
      if (line.startsWith('S ')) sent.push(value as FeedbackRecord);
      else {
        acknowledged.push(value as Receipt);
        busy.fire();
      }
    }
  });
  const over = new Promise<boolean>((resolve, reject) => {
    child.on('close', (code, by) => {
      ready.fire();
      busy.fire();
      if (by === 'SIGKILL' || code === 0) resolve(done);
      else reject(new Error(`a rater process ended with ${code}: ${complaint}`));
    });
  });
  return {
    sent,
    acknowledged,
    ready: ready.promise,
    busy: busy.promise,
    over,
    go: () => child.stdin.write('go\n'),
    kill: () => child.kill('SIGKILL'),
  };
}
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export interface CrashReport {
  readonly kills: number;
  /** Over all killed processes: submissions begun, and acknowledged. */
  readonly sent: number;
  readonly acknowledged: number;
  /** Submissions that were not acknowledged and turned out to be stored or not; either is right. */
  readonly unacknowledgedStored: number;
  /** What must be empty. */
  readonly faults: readonly string[];
}

/**
 * Kills processes under load at random instants, `together` of them at a time on one store, and looks for acknowledged
 * judgments that are lost or doubled, and for state that does not follow from the records. What was sent and not
 * acknowledged is submitted again under its key, as a client would.
 */
export async function crashTrial(
  url: string,
  options: { kills: number; together: number; seed: number; progress?: (kills: number) => void },
): Promise<CrashReport> {
  const { kills, together, seed } = options;
  const rng = createRng(`crash/${seed}`);
  const projectId = 'crash';
  const store = await opened(url);
  const names = someRaters(4 * together).map(({ id }) => id);
  const distribution = { overlap: 3, gold: { every: 6, mode: 'gold' as const }, repeats: { every: 7 } };
  const questions = ['better', 'safer', 'clearer'];
  const form = { questions: questions.map((id) => ({ ...COMPARISON, id })) };
  await prepared(store, aProject(projectId, distribution, form), {
    items: [
      ...someItems(projectId, 40 + kills * 40),
      ...someItems(projectId, 60, () => ({ role: 'gold', gold: 0 })).map((item) => ({
        ...item,
        id: `gold-${item.id}`,
      })),
    ],
    raters: 4 * together,
  });
  const faults: string[] = [];
  const total = { sent: 0, acknowledged: 0, unacknowledgedStored: 0 };
  let seq = 0;
  for (let killed = 0; killed < kills; killed += together) {
    const running = Array.from({ length: together }, (_, i) =>
      start({ url, projectId, raters: names.slice(4 * i, 4 * i + 4), run: `run-${killed + i}`, questions }),
    );
    for (const { ready } of running) await ready;
    for (const process of running) process.go();
    await Promise.all(
      running.map(async ({ busy, kill }) => {
        await busy;
        await sleep(rng.uniform() * 250);
        kill();
      }),
    );
    for (const { over } of running) {
      if (await over) faults.push('a process came to its end before it was killed: more items are needed');
    }
    const kept = await stored(store, projectId, seq);
    for (const { sent, acknowledged } of running) {
      total.sent += sent.length;
      total.acknowledged += acknowledged.length;
      for (const { id, seq: place, hash } of acknowledged) {
        const there = kept.get(id);
        if (there === undefined) faults.push(`${id} was acknowledged and is lost`);
        else if (there.seq !== place || there.hash !== hash) faults.push(`${id} is not where it was acknowledged`);
      }
      const known = new Set(acknowledged.map(({ id }) => id));
      for (const [form, records] of grouped(sent, (record) => formOf(idOf(record)))) {
        const there = records.filter((record) => kept.has(idOf(record)));
        if (there.length > 0 && there.length < questions.length)
          faults.push(`${form}: ${there.length} of ${questions.length} answers were stored`);
        if (records.every((record) => known.has(idOf(record)))) continue;
        total.unacknowledgedStored += there.filter((record) => !known.has(idOf(record))).length;
        for (const { id, seq: place } of await store.submitAll(records)) {
          const before = kept.get(id);
          if (before !== undefined && before.seq !== place) faults.push(`${id} was stored twice`);
        }
      }
    }
    seq = (await store.progress(projectId)).records;
    if (killed % 20 === 0 || killed + together >= kills) {
      faults.push(...(await store.check()).filter(({ ok }) => !ok).map(({ name, detail }) => `${name}: ${detail}`));
    }
    options.progress?.(killed + together);
  }
  const all = await collected(store.history(projectId));
  const ids = all.map(({ record }) => (record.type === 'judgment' ? record.judgment.id : record.id));
  if (new Set(ids).size !== ids.length) faults.push('an id occurs twice in the history');
  if (ids.length !== total.sent) faults.push(`${total.sent} judgments were sent, ${ids.length} are stored`);
  await store.close();
  return { kills, ...total, faults };
}

const idOf = (record: FeedbackRecord): string => recordKey(record).id;
/** The form that an answer is part of: ids end with the question. */
const formOf = (id: string): string => id.slice(0, id.lastIndexOf('/'));

async function stored(store: FeedbackStore, projectId: string, after: number) {
  const entries = await collected(store.history(projectId, { after }));
  return new Map(entries.map(({ key, seq, hash }) => [key, { seq, hash }]));
}

/** Several processes judge one project at once until nothing is left; items whose judgments are not exactly the overlap. */
export async function overlapTrial(
  url: string,
  { items, overlap, processes, raters }: { items: number; overlap: number; processes: number; raters: number },
): Promise<{ judgments: number; byProcess: readonly number[]; faults: readonly string[] }> {
  const projectId = 'overlap';
  const store = await opened(url);
  await prepared(store, aProject(projectId, { overlap }), { items, raters: processes * raters });
  const names = someRaters(processes * raters).map(({ id }) => id);
  const running = Array.from({ length: processes }, (_, i) =>
    start({
      url,
      projectId,
      raters: names.slice(i * raters, (i + 1) * raters),
      run: `process-${i}`,
      questions: ['better'],
    }),
  );
  for (const { ready } of running) await ready;
  for (const process of running) process.go();
  for (const { over } of running) await over;
  const counts = new Map<string, Set<string>>();
  const { judgments } = await store.state(projectId);
  for (const { itemId, raterId } of judgments) counts.set(itemId, (counts.get(itemId) ?? new Set()).add(raterId));
  const faults = [...counts]
    .filter(([, who]) => who.size !== overlap)
    .map(([item, who]) => `${item}: ${who.size} raters instead of ${overlap}`);
  if (counts.size !== items) faults.push(`${items - counts.size} items have no judgment`);
  if (judgments.length !== items * overlap) faults.push(`${judgments.length} judgments instead of ${items * overlap}`);
  faults.push(...(await store.check()).filter(({ ok }) => !ok).map(({ name, detail }) => `${name}: ${detail}`));
  await store.close();
  return { judgments: judgments.length, byProcess: running.map(({ sent }) => sent.length), faults };
}
