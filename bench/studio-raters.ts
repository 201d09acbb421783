/**
 * The raters of `bench/studio.ts`, in a process of their own: each holds two tasks as the page does, answers the first and
 * asks for another. Started by fork; answers over the channel.
 */
import { Agent, request } from 'node:http';
import { createRng } from '../src/stats/index.ts';

export interface LoadSettings {
  readonly url: string;
  readonly cookies: readonly string[];
  readonly seconds: number;
  /** Submits offered a second, at random times; null: each rater answers as soon as the next task is there. */
  readonly offered: number | null;
  /** Share of submissions that are sent twice, as after a lost answer. */
  readonly again: number;
  readonly label: string;
}
export interface LoadResult {
  /** Milliseconds from the intended time of sending. */
  readonly submit: readonly number[];
  readonly next: readonly number[];
  /** Keys that were acknowledged, and those sent whose answer was an error. */
  readonly acknowledged: readonly string[];
  readonly unknown: readonly string[];
  /** What went wrong, with how often. */
  readonly errors: Readonly<Record<string, number>>;
  /** Submissions sent a second time that the server took for new ones. */
  readonly storedTwice: number;
  /** Submissions that were offered and found no rater free until after the end. */
  readonly unserved: number;
  readonly seconds: number;
  readonly cpuMs: number;
}

/** How long after the end submissions that were due are still taken. */
const GRACE_MS = 5000;
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

interface Task {
  readonly taskId: string;
}
const settings = JSON.parse(process.argv[2]!) as LoadSettings;
const agent = new Agent({ keepAlive: true, maxSockets: settings.cookies.length });
const { origin } = new URL(settings.url);
const rng = createRng(`studio-load/${settings.label}`);
const [submit, next]: [number[], number[]] = [[], []];
const [acknowledged, unknown]: [string[], string[]] = [[], []];
const errors: Record<string, number> = {};
let storedTwice = 0;
let unserved = 0;

/** One request as a page of the Studio sends it. */
function post(path: string, cookie: string, body: unknown): Promise<unknown> {
  const text = JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const sent = request(
      `${origin}${path}`,
      {
        method: 'POST',
        agent,
        headers: {
          cookie,
          origin,
          'sec-fetch-site': 'same-origin',
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(text),
        },
      },
      (response) => {
        let got = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          got += chunk;
        });
        response.on('end', () => {
          if (response.statusCode === 200) resolve(JSON.parse(got));
          else reject(new Error(`${response.statusCode} ${got.slice(0, 200)}`));
        });
      },
    );
    sent.on('error', reject);
    sent.end(text);
  });
}

class Person {
  readonly #cookie: string;
  readonly #name: string;
  readonly #held: Task[] = [];
  #answers = 0;

  constructor(cookie: string, name: string) {
    this.#cookie = cookie;
    this.#name = name;
  }
  async fetch(count: number): Promise<void> {
    const holding = this.#held.map(({ taskId }) => taskId);
    const got = (await post('/api/judge/bench/next', this.#cookie, { count, holding })) as { tasks: Task[] };
    if (got.tasks.length === 0) throw new Error('no task was left');
    this.#held.push(...got.tasks);
  }
  /** One answer and one task more; `intended` is when the answer was due. */
  async cycle(intended: number): Promise<void> {
    const task = this.#held.shift();
    if (task === undefined) return this.fetch(2);
    const n = this.#answers++;
    const key = `${settings.label}/${this.#name}/${n}`;
    const outcome = Math.floor(rng.uniform() * 2);
    const body = {
      taskId: task.taskId,
      answers: [{ questionId: 'better', answer: { kind: 'comparison', outcome } }],
      activeMs: 5000,
      idempotencyKey: key,
    };
    const path = '/api/judge/bench/submit';
    try {
      await post(path, this.#cookie, body);
    } catch (error) {
      unknown.push(key);
      throw error;
    }
    const answered = performance.now();
    submit.push(answered - intended);
    acknowledged.push(key);
    if (rng.uniform() < settings.again) {
      const receipt = (await post(path, this.#cookie, body)) as { stored: boolean };
      if (receipt.stored) storedTwice += 1;
    }
    const asked = performance.now();
    await this.fetch(1);
    next.push(performance.now() - asked);
  }
}

const note = (error: unknown) => {
  const text = (error as Error).message;
  errors[text] = (errors[text] ?? 0) + 1;
};
const people = settings.cookies.map((cookie, i) => new Person(cookie, `person-${i}`));
await Promise.all(people.map((person) => person.fetch(2)));
const started = performance.now();
const cpu = process.cpuUsage();
const end = started + settings.seconds * 1000;

if (settings.offered === null) {
  await Promise.all(
    people.map(async (person) => {
      while (performance.now() < end) await person.cycle(performance.now()).catch(note);
    }),
  );
} else {
  // Poisson arrivals, taken by whoever is free: one that finds everybody busy waits, and its wait counts.
  const free = [...people];
  const due: number[] = [];
  const running = new Set<Promise<void>>();
  const take = () => {
    while (free.length > 0 && due.length > 0) {
      const person = free.shift()!;
      const cycle: Promise<void> = person
        .cycle(due.shift()!)
        .catch(note)
        .finally(() => {
          free.push(person);
          running.delete(cycle);
          take();
        });
      running.add(cycle);
    }
  };
  let at = started;
  while (at < end) {
    at += (-Math.log(1 - rng.uniform()) * 1000) / settings.offered;
    const wait = at - performance.now();
    if (wait > 0) await pause(wait);
    due.push(at);
    take();
  }
  // What nobody was free for by then was not served; waiting for it would only measure how long the queue is.
  const late = performance.now() + GRACE_MS;
  while (due.length > 0 && performance.now() < late) await Promise.race([...running, pause(100)]);
  unserved = due.splice(0).length;
  await Promise.all(running);
}
const seconds = (performance.now() - started) / 1000;
const { user, system } = process.cpuUsage(cpu);
agent.destroy();
const result: LoadResult = {
  submit,
  next,
  acknowledged,
  unknown,
  errors,
  storedTwice,
  unserved,
  seconds,
  cpuMs: (user + system) / 1000,
};
process.send!(result, () => process.disconnect());
