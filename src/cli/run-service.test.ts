import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Item } from '../feedback/index.ts';
import type { RunService, StudioEvent } from '../server/index.ts';
import { openTestStudio, testItems, testProject } from '../server/studio.fake.ts';
import { childEnvironment } from './child-environment.ts';
import { processOf } from './process-identity.ts';
import { createRunReader } from './run-reader.ts';
import { createRunReaderThread } from './run-reader-thread.ts';
import { createRunService } from './run-service.ts';

/** An address that must never stand on a command line. */
const STORE = 'postgres://studio:secret@db/goodhart';
const anyProject = { mayRead: () => true };

/** A command that stands in for a run: writes what a run writes first, then does as the configuration's name says. */
const SCRIPT = `
const fs = require('node:fs');
if (process.argv[1] === 'policy') ask();
else run();
function ask() {
  const flag = (name) => process.argv[process.argv.indexOf(name) + 1];
  const [prompts, replies, out] = [Number(flag('--prompts')), Number(flag('--replies')), flag('--out')];
  const batch = 'short/0123/2/' + flag('--seed') + '/';
  if (flag('--split') === 'deploy') { console.error('goodhart: no prompt of deploy; name another split'); process.exit(2); }
  console.log(JSON.stringify({ type: 'progress', stage: 'sample', done: 1, total: prompts, unit: 'prompts' }));
  const said = flag('--split') === 'evaluation' ? 0 : prompts - 1;
  const items = Array.from({ length: said }, (_, i) => ({
    id: batch + i, projectId: 'short', prompt: 'q' + i,
    replies: Array.from({ length: replies }, (_, k) => ({ id: batch + i + '/' + k, text: 'reply ' + k })),
    source: { origin: 'policy of run short, step 2', selection: 'random', sampling: { run: 'short', seal: '0123', step: 2 } },
  }));
  fs.writeFileSync(out, items.map((item) => JSON.stringify(item) + '\\n').join(''));
  const finish = () => {
    console.log(JSON.stringify({ type: 'sampled', out, items: said, passedOver: prompts - said, batch }));
    process.exit(0);
  };
  const wait = flag('sample') + '/wait';
  if (!fs.existsSync(wait)) return finish();
  process.on('SIGINT', () => process.exit(130));
  setInterval(() => { if (!fs.existsSync(wait)) finish(); }, 10);
}
function run() {
const [, yaml, , out] = process.argv.slice(1);
const config = JSON.parse(fs.readFileSync(yaml, 'utf8'));
fs.mkdirSync(out, { recursive: true });
fs.writeFileSync(out + '/run.json', JSON.stringify({ config, command: 'goodhart run mine.yaml', versions: {}, startedAt: '2026-01-01' }));
console.log(JSON.stringify({ type: 'progress', stage: 'policy', done: 3, total: 9, unit: 'steps' }));
if (config.name === 'telling') fs.writeFileSync(out + '/environment.json', JSON.stringify(process.env));
if (config.name === 'broken') { console.error('goodhart: the data are not there'); process.exit(2); }
if (config.name === 'busy') while (!fs.existsSync(out + '/enough')) {}
if (config.name === 'long') { process.on('SIGINT', () => process.exit(130)); setInterval(() => {}, 1000); }
}
`;
const yamlOf = (name: string) => `name: ${name}\ndata: { layout: ground, ground: harbour }`;

let folder: string;
let events: StudioEvent[];
let runs: RunService;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'goodhart-runs-'));
  events = [];
  runs = createRunService({
    folder: join(folder, 'runs'),
    reader: createRunReader(join(folder, 'runs')),
    store: STORE,
    notify: (event) => {
      events.push(event);
    },
    command: [process.execPath, '-e', SCRIPT],
  });
});
afterEach(async () => {
  await runs.close();
  rmSync(folder, { recursive: true });
});
/** A run folder with files of these texts; returns its place. */
function writeRun(run: string, files: Readonly<Record<string, string>>): string {
  const place = join(folder, 'runs', run);
  mkdirSync(place, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(place, name), text);
  return place;
}
const statusOf = async (run: string) => (await runs.list()).find(({ id }) => id === run)?.status;

describe('runs of a folder', () => {
  it('starts a process, tells how it ended, and gives the command that the run itself wrote down', async () => {
    const run = await runs.start({ yaml: yamlOf('short'), set: [] }, anyProject);
    expect(run).toBe('short-1');
    await expect.poll(() => statusOf(run), { timeout: 60_000 }).toBe('complete');
    expect((await runs.detail(run))!.command).toBe('goodhart run mine.yaml');
    expect(events).toEqual([{ type: 'run.finished', projectId: null, data: { run, status: 'complete' } }]);
    expect(await runs.start({ yaml: yamlOf('short'), set: [] }, anyProject)).toBe('short-2');
  });
  it('shows progress while it runs, stops it when asked, and can go on', async () => {
    const run = await runs.start({ yaml: yamlOf('long'), set: [] }, anyProject);
    const progress = async () => (await runs.detail(run))!.progress;
    await expect.poll(progress, { timeout: 60_000 }).toEqual({ stage: 'policy', done: 3, total: 9, unit: 'steps' });
    expect(await statusOf(run)).toBe('running');
    await expect(runs.resume(run)).rejects.toThrow(/is running/);
    expect(await runs.stop(run)).toBe(true);
    await expect.poll(() => statusOf(run), { timeout: 60_000 }).toBe('stopped');
    expect(await runs.stop(run)).toBe(false);
    await runs.resume(run);
    await expect.poll(progress, { timeout: 60_000 }).not.toBeNull();
    expect(await statusOf(run)).toBe('running');
  });
  it('a run that computes without pause holds up nobody who judges', async () => {
    const studio = await openTestStudio({ runs });
    try {
      await studio.store.putProject(testProject());
      await studio.store.addItems('p', testItems(3));
      const [owner, rater] = [await studio.person('owner'), await studio.person('rater', ['p'])];
      const order: string[] = [];
      const note = async (what: string, done: Promise<unknown>) => {
        await done;
        order.push(what);
      };
      const { id: run } = await owner.call('POST /api/runs', { body: { yaml: yamlOf('busy') } });
      await expect.poll(async () => (await runs.detail(run))!.progress, { timeout: 60_000 }).not.toBeNull();
      const ended = note('the run ended', expect.poll(() => statusOf(run), { timeout: 60_000 }).toBe('complete'));
      // The run spins until a file is there; the answers come before it is, or never.
      for (let n = 0; n < 3; n++) {
        const { tasks } = await rater.call('POST /api/judge/{project}/next', { params: { project: 'p' }, body: {} });
        const answer = { kind: 'comparison', outcome: 0 };
        const sent = rater.call('POST /api/judge/{project}/submit', {
          params: { project: 'p' },
          body: {
            taskId: tasks[0]!.taskId,
            answers: [{ questionId: 'better', answer }],
            activeMs: 1000,
            idempotencyKey: `busy-run-${n}`,
          },
        });
        await note(`answer ${n}`, sent);
      }
      await note('the page', owner.call('GET /api/runs/{run}', { params: { run } }));
      order.push('the run may end');
      writeFileSync(join(folder, 'runs', run, 'enough'), '');
      await ended;
      expect(order).toEqual(['answer 0', 'answer 1', 'answer 2', 'the page', 'the run may end', 'the run ended']);
    } finally {
      await studio.close();
    }
  });
  it('keeps the last line of a process that failed', async () => {
    const run = await runs.start({ yaml: yamlOf('broken'), set: [] }, anyProject);
    await expect.poll(() => statusOf(run), { timeout: 60_000 }).toBe('failed');
    expect((await runs.detail(run))!.error).toBe('goodhart: the data are not there');
  });
  it('knows whose judgments a run reads, and starts none that its starter may not read', async () => {
    const on = (project: string) => `name: short\ndata: { layout: project, project: ${project} }`;
    const mayRead = (project: string) => project === 'p';
    await expect(runs.start({ yaml: on('q'), set: [] }, { mayRead })).rejects.toThrow(
      /^data.project q: there is no such project/,
    );
    await expect(runs.start({ yaml: on('p'), set: ['data.project=q'] }, { mayRead })).rejects.toThrow(
      /^data.project q/,
    );
    expect(await runs.list()).toEqual([]);
    const run = await runs.start({ yaml: on('p'), set: [] }, { mayRead });
    expect(await runs.projectOf(run)).toBe('p');
    await expect.poll(() => statusOf(run), { timeout: 60_000 }).toBe('complete');
    const config = { name: 'x', seed: 1, data: { layout: 'project', project: 'q' } };
    writeRun('elsewhere', { 'run.json': JSON.stringify({ config, command: '', versions: {}, startedAt: '' }) });
    writeRun('torn', { 'run.json': '{' });
    expect(await runs.projectOf('elsewhere')).toBe('q');
    for (const none of ['torn', 'nowhere', '../elsewhere']) expect(await runs.projectOf(none)).toBeNull();
  });
  it('refuses a configuration that is none before anything is written', async () => {
    await expect(runs.start({ yaml: 'name: x\ndata: { layout: harbur }', set: [] }, anyProject)).rejects.toThrow(
      /configuration/,
    );
    expect(await runs.list()).toEqual([]);
  });
  it('a run whose files cannot be read is listed with the reason, and hides no other', async () => {
    const config = { name: 'x', seed: 1 };
    const whole = JSON.stringify({ config, command: '', versions: {}, startedAt: '2026-01-01' });
    writeRun('torn', { 'run.json': '{' });
    writeRun('keyless', { 'run.json': '{}' });
    writeRun('no-list', { 'run.json': whole, 'findings.json': '{}' });
    writeRun('no-finding', { 'run.json': whole, 'findings.json': '[null]' });
    const report = { title: '', note: '', sections: [{ id: 'x', title: { html: '<script>' }, blocks: [] }] };
    writeRun('html', { 'run.json': whole, 'report.json': JSON.stringify(report) });
    const run = await runs.start({ yaml: yamlOf('short'), set: [] }, anyProject);
    await expect.poll(() => statusOf(run), { timeout: 60_000 }).toBe('complete');
    const rows = new Map((await runs.list()).map((row) => [row.id, row]));
    for (const [id, reason] of [
      ['torn', /^run.json: expected JSON/],
      ['keyless', /^run.json: config: /],
      ['no-list', /^findings.json: file: .*expected array/],
      ['no-finding', /^findings.json: 0: .*expected object/],
    ] as const) {
      expect(rows.get(id)).toMatchObject({ status: 'unreadable', reason: expect.stringMatching(reason), verdicts: {} });
      expect((await runs.detail(id))!.run).toEqual(rows.get(id));
    }
    expect(rows.get('html')!.reason).toBeNull();
    expect((await runs.detail('html'))!.run.reason).toMatch(/^report.json: sections.0.title: .*expected string/);
    await expect(runs.samples('html')).rejects.toThrow(/^run html: report.json: sections.0.title/);
    await expect(runs.findings('no-list')).rejects.toThrow(/^run no-list: findings.json: file/);
  });
  it.skipIf(process.platform === 'win32')('reads no file of a run that is a link, a pipe or too large', async () => {
    writeRun('other', { 'secret.json': '{"secret":1}', 'run.json': '{}' });
    const strange = writeRun('strange', {});
    symlinkSync('../other/secret.json', join(strange, 'run.json'));
    symlinkSync('/dev/zero', join(strange, 'metrics.jsonl'));
    execFileSync('mkfifo', [join(strange, 'findings.json')]);
    mkdirSync(join(strange, 'disclosure'));
    symlinkSync('../../other', join(strange, 'disclosure/inner'));
    const [row] = (await runs.list()).filter(({ id }) => id === 'strange');
    expect(row).toMatchObject({ status: 'unreadable', reason: expect.stringMatching(/^run.json: expected a regular/) });
    expect((await runs.detail('strange'))!.files).toEqual([]);
    await expect(runs.series('strange')).rejects.toThrow(/^run strange: metrics.jsonl: expected a regular file/);
    await expect(runs.findings('strange')).rejects.toThrow(/^run strange: findings.json: expected a regular file/);
    for (const path of ['run.json', 'metrics.jsonl', 'findings.json', 'disclosure/inner/secret.json', 'disclosure'])
      expect(await runs.file('strange', path)).toBeUndefined();
    rmSync(join(strange, 'findings.json'));
    writeFileSync(join(strange, 'findings.json'), '');
    truncateSync(join(strange, 'findings.json'), 2 ** 31 + 1);
    await expect(runs.findings('strange')).rejects.toThrow(/^run strange: findings.json: expected at most \d+ bytes/);
  });
  describe('a process that a server before this one started', () => {
    const noted = (run: string, identity: unknown) => {
      mkdirSync(join(folder, 'runs', '.studio'), { recursive: true });
      const state = { process: identity, status: 'running', error: null };
      writeFileSync(join(folder, 'runs', '.studio', `${run}.json`), JSON.stringify(state));
      writeFileSync(join(folder, 'runs', '.studio', `${run}.yaml`), yamlOf('short'));
    };
    let stranger: ChildProcess;
    let signal: Promise<NodeJS.Signals | null>;
    beforeEach(() => {
      stranger = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
      signal = new Promise((resolve) => stranger.once('exit', (_, by) => resolve(by)));
    });
    afterEach(() => {
      stranger.kill('SIGKILL');
    });
    it('is found by its start, and stopped', async () => {
      noted('mine', processOf(stranger.pid!));
      expect(await statusOf('mine')).toBe('running');
      expect(await runs.stop('mine')).toBe(true);
      expect(await signal).toBe('SIGINT');
      expect(await statusOf('mine')).toBe('stopped');
    });
    it('is gone where another has its number now, who is left alone', async () => {
      const { pid, started } = processOf(stranger.pid!)!;
      noted('reused', { pid, started: `${started}0` });
      expect(await statusOf('reused')).toBe('stopped');
      expect(await runs.stop('reused')).toBe(false);
      await runs.resume('reused');
      await expect.poll(() => events.length, { timeout: 60_000 }).toBe(1);
      stranger.kill('SIGKILL');
      expect(await signal).toBe('SIGKILL');
    });
    it.each([0, -1, 1.5, '1', null])('is never %s, which would be a group or nobody', async (pid) => {
      noted('odd', { pid, started: 'then' });
      expect(await statusOf('odd')).toBe('unfinished');
      expect(await runs.stop('odd')).toBe(false);
      expect(processOf(pid as number)).toBeUndefined();
    });
  });
  it('reads and verifies in threads, and verifies once for all who ask meanwhile', async () => {
    writeRun('thread', { 'run.json': '{', 'metrics.jsonl': '{"step":1,"metrics":{"loss":2}}\n' });
    const reader = createRunReaderThread(join(folder, 'runs'));
    try {
      const [rows, series, again] = await Promise.all([reader.list(), reader.series('thread'), reader.has('nowhere')]);
      expect(rows).toMatchObject([{ id: 'thread', status: 'unreadable' }]);
      expect({ series, again }).toEqual({ series: { policy: { loss: [[1, 2]] } }, again: false });
      await expect(reader.verify('thread')).rejects.toThrow(/^run thread: it is not sealed yet/);
      // Two who ask at once share one answer.
      const [one, two] = [reader.verify('thread'), reader.verify('thread')];
      expect(one).toBe(two);
      await expect(one).rejects.toThrow(/not sealed/);
    } finally {
      await reader.close();
    }
  });
  describe('what a row of the metrics names', () => {
    const rowsOf = (...rows: unknown[]) => {
      mkdirSync(join(folder, 'runs', 'strange'), { recursive: true });
      const text = rows.map((row) => (typeof row === 'string' ? row : `${JSON.stringify(row)}\n`)).join('');
      writeFileSync(join(folder, 'runs', 'strange', 'metrics.jsonl'), text);
    };
    const prototype = () => Reflect.ownKeys(Object.prototype).length;
    it('is a name and nothing else, also where every object has it', async () => {
      const before = prototype();
      const own = (key: string, value: string) => `{"stage":"${key}","step":1,"metrics":{"NODE_OPTIONS":${value}}}\n`;
      rowsOf(own('__proto__', '1'), own('constructor', '2'), `{"step":3,"metrics":{"toString":4,"__proto__":5}}\n`);
      const series = await runs.series('strange');
      expect(Object.keys(series).sort()).toEqual(['__proto__', 'constructor', 'policy']);
      expect(Object.getOwnPropertyDescriptor(series, '__proto__')?.value).toEqual({ NODE_OPTIONS: [[1, 1]] });
      expect(series.policy).toEqual({ toString: [[3, 4]] });
      expect(prototype()).toBe(before);
      expect(({} as Record<string, unknown>).NODE_OPTIONS).toBeUndefined();
    });
    it('is refused by place where it is no row, and not yet there where its line has no end', async () => {
      rowsOf({ step: 1, metrics: { loss: 2 } }, { step: 2, metrics: { loss: null } }, '{"step":3,"met');
      expect(await runs.series('strange')).toEqual({ policy: { loss: [[1, 2]] } });
      rowsOf({ step: '--import=data:text/javascript,0', metrics: { loss: 2 } });
      await expect(runs.series('strange')).rejects.toThrow(/metrics.jsonl:1: step: .*expected number/);
      rowsOf();
      expect(await runs.series('strange')).toEqual({});
    });
  });
  it('hands on no variable that all objects inherit, which spawn would copy', () => {
    const inherited = { PATH: '/inherited', NODE_OPTIONS: '--import=data:text/javascript,0' };
    const environment = childEnvironment(Object.create(inherited, { HOME: { value: '/home', enumerable: true } }));
    const copied = [];
    for (const name in environment) copied.push(name);
    expect(copied).toEqual(['HOME']);
    expect(Object.getPrototypeOf(environment)).toBeNull();
  });
  it('a run knows of the environment only what is named', async () => {
    process.env.GOODHART_TEST_SECRET = 'not for runs';
    try {
      const run = await runs.start({ yaml: yamlOf('telling'), set: [] }, anyProject);
      await expect.poll(() => statusOf(run), { timeout: 60_000 }).toBe('complete');
      const environment = JSON.parse(readFileSync(join(folder, 'runs', run, 'environment.json'), 'utf8'));
      expect(environment.PATH).toBe(process.env.PATH);
      expect(Object.keys(environment).filter((name) => name.startsWith('GOODHART_TEST_'))).toEqual([]);
    } finally {
      delete process.env.GOODHART_TEST_SECRET;
    }
  });
  it('starts on a project by a recipe, with the store where nobody else reads its address', async () => {
    const { mayRead } = anyProject;
    const tell = ['name=telling'];
    const run = await runs.start({ project: 'p q', recipe: 'your-judgments', set: tell }, { mayRead });
    expect(run).toBe('telling-1');
    await expect.poll(() => statusOf(run), { timeout: 60_000 }).toBe('complete');
    const [row] = await runs.list();
    expect(row).toMatchObject({ id: run, project: 'p q' });
    const environment = JSON.parse(readFileSync(join(folder, 'runs', run, 'environment.json'), 'utf8'));
    expect(environment.GOODHART_STORE).toBe(STORE);
    expect(JSON.stringify((await runs.detail(run))!.config)).toContain('"layout":"project"');
    // A run on a ground has no business with the store.
    const other = await runs.start({ yaml: yamlOf('telling'), set: [] }, { mayRead });
    await expect.poll(() => statusOf(other), { timeout: 60_000 }).toBe('complete');
    expect(readFileSync(join(folder, 'runs', other, 'environment.json'), 'utf8')).not.toContain(STORE);
    expect((await runs.list()).map(({ project }) => project).sort()).toEqual([null, 'p q'].sort());
  });
  it('starts nothing on a project by a recipe that is not there, or on data of somebody else', async () => {
    const start = (recipe: string, set: string[]) => runs.start({ project: 'p', recipe, set }, anyProject);
    await expect(start('none', [])).rejects.toThrow(/^there is no recipe none; there are .*your-judgments/);
    await expect(start('your-judgments', ['data.project=q'])).rejects.toThrow(/leave data out/);
    await expect(start('your-judgments', ['policy.stesp=2'])).rejects.toThrow(/unknown key policy.stesp/);
    const mine = { project: 'p', recipe: 'your-judgments', set: [] };
    await expect(runs.start(mine, { mayRead: () => false })).rejects.toThrow(/there is no such project/);
    expect(await runs.list()).toEqual([]);
  });
  it('two that are started at once on one project are two runs', async () => {
    const wanted = { yaml: yamlOf('short'), set: [] };
    const both = await Promise.all([runs.start(wanted, anyProject), runs.start(wanted, anyProject)]);
    expect(both.sort()).toEqual(['short-1', 'short-2']);
    for (const run of both) await expect.poll(() => statusOf(run), { timeout: 60_000 }).toBe('complete');
  });
  describe('the policy of a finished run', () => {
    const stored: Item[] = [];
    const add = async (items: readonly Item[]) => {
      stored.push(...items);
      return { added: items.length, known: 0 };
    };
    const wanted = { prompts: 3, replies: 2, split: 'train', seed: 7, project: 'p' } as const;
    const asksOf = async (run: string) => (await runs.detail(run))!.asks;
    const sealed = { 'run.json': '{}', 'disclosure/seal.json': '{}' };
    const finished = () => {
      mkdirSync(join(folder, 'runs', 'short', 'disclosure'), { recursive: true });
      return writeRun('short', sealed);
    };
    beforeEach(() => {
      stored.length = 0;
    });
    it('is asked in a process; what it says becomes items of the project, each naming its snapshot', async () => {
      const place = finished();
      writeFileSync(join(place, 'wait'), '');
      expect(await runs.ask('short', wanted, add)).toBe('1');
      const progress = async () => (await asksOf('short'))[0]?.progress;
      await expect.poll(progress, { timeout: 60_000 }).toMatchObject({ stage: 'sample', done: 1, total: 3 });
      await expect(runs.ask('short', wanted, add)).rejects.toThrow(/is being asked; wait/);
      rmSync(join(place, 'wait'));
      const status = async () => (await asksOf('short'))[0]?.status;
      await expect.poll(status, { timeout: 60_000 }).toBe('complete');
      const batch = 'short/0123/2/7/';
      expect(await asksOf('short')).toEqual([
        {
          ...wanted,
          id: '1',
          status: 'complete',
          progress: null,
          added: 2,
          known: 0,
          passedOver: 1,
          batch,
          error: null,
        },
      ]);
      expect(stored.map(({ id, projectId }) => [id, projectId])).toEqual([
        [`${batch}0`, 'p'],
        [`${batch}1`, 'p'],
      ]);
      expect(stored[0]!.source.sampling).toMatchObject({ run: 'short', seal: '0123', step: 2 });
    });
    it('that says nothing of use, or fails, is told in one line; an unsealed one is not asked', async () => {
      finished();
      const ask = async (split: 'evaluation' | 'deploy') => {
        const id = await runs.ask('short', { ...wanted, split }, add);
        const row = async () => (await asksOf('short')).find((one) => one.id === id)!;
        await expect.poll(async () => (await row()).status, { timeout: 60_000 }).toBe('failed');
        return (await row()).error;
      };
      expect(await ask('evaluation')).toMatch(/too little that differs/);
      expect(await ask('deploy')).toBe('goodhart: no prompt of deploy; name another split');
      expect(stored).toEqual([]);
      const broken = await runs.ask('short', wanted, () => Promise.reject(new Error('the store is full')));
      const told = async () => (await asksOf('short')).find(({ id }) => id === broken)!.error;
      await expect.poll(told, { timeout: 60_000 }).toBe('the store is full');
      writeRun('open', { 'run.json': '{}' });
      await expect(runs.ask('open', wanted, add)).rejects.toThrow(/not sealed yet/);
    });
  });
  it('curves grow while a run writes them, read in a thread', async () => {
    const place = writeRun('growing', { 'metrics.jsonl': '' });
    const line = (step: number) => `${JSON.stringify({ stage: 'policy', step, metrics: { loss: 1 / step } })}\n`;
    const reader = createRunReaderThread(join(folder, 'runs'));
    try {
      for (let step = 1; step <= 3; step++) {
        appendFileSync(join(place, 'metrics.jsonl'), line(step).slice(0, -1));
        const before = (await reader.series('growing')).policy?.loss ?? [];
        expect(before.length).toBe(step - 1);
        appendFileSync(join(place, 'metrics.jsonl'), '\n');
        expect((await reader.series('growing')).policy!.loss!.at(-1)).toEqual([step, 1 / step]);
      }
    } finally {
      await reader.close();
    }
  });
  it.each(['__proto__.NODE_OPTIONS=--import=data:', 'data.constructor.prototype.x=1', 'prototype=1'])(
    'refuses the override %s',
    async (set) => {
      await expect(runs.start({ yaml: yamlOf('short'), set: [set] }, anyProject)).rejects.toThrow(
        /expected keys of a configuration, got/,
      );
      expect(({} as Record<string, unknown>).NODE_OPTIONS).toBeUndefined();
      expect(await runs.list()).toEqual([]);
    },
  );
  it('knows nothing outside its folder', async () => {
    mkdirSync(join(folder, 'outside'), { recursive: true });
    const outside = { config: { name: 'x', seed: 1 }, command: '', versions: {}, startedAt: '2026-01-01' };
    writeFileSync(join(folder, 'outside', 'run.json'), JSON.stringify(outside));
    for (const run of ['../outside', '..', '.studio', '', 'nowhere']) {
      expect({ run, has: await runs.has(run) }).toEqual({ run, has: false });
      expect(await runs.detail(run)).toBeUndefined();
      expect(await runs.file(run, 'run.json')).toBeUndefined();
    }
    const run = await runs.start({ yaml: yamlOf('short'), set: [] }, anyProject);
    await expect.poll(() => statusOf(run), { timeout: 60_000 }).toBe('complete');
    expect(await runs.file(run, 'run.json')).toMatchObject({ type: 'application/json; charset=utf-8' });
    expect(await runs.file(run, '../../outside/run.json')).toBeUndefined();
    // A page of the Studio may load the Studio's scripts, and a run holds none of these.
    writeFileSync(join(folder, 'runs', run, 'x.js'), 'alert(1)');
    expect(await runs.file(run, 'x.js')).toMatchObject({ type: 'text/plain; charset=utf-8' });
  });
});
