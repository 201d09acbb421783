import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startProcess } from '../run/node.ts';
import { openTestStudio, type TestStudio, testProject } from '../server/studio.fake.ts';
import { openStore } from '../store/index.ts';
import { childEnvironment } from './child-environment.ts';
import { createImportProcesses, type ImportOrder } from './import-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'goodhart-imports-'));
const place = join(folder, 'store.db');
const from = new URL('../../dist/cli/import-process.js', import.meta.url).href;
const importer = createImportProcesses(place, { from });
let studio: TestStudio;
beforeAll(async () => {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-b', 'src/cli'], { cwd: root });
  await (await openStore(place, { create: true })).close();
  studio = await openTestStudio({ importer }, place);
});
afterAll(async () => {
  await studio.close();
  rmSync(folder, { recursive: true });
});

const ROUTE = 'POST /api/projects/{project}/items';
const pairs = (rows: number, from = 0) =>
  Array.from({ length: rows }, (_, i) =>
    JSON.stringify({ prompt: `question ${from + i}`, chosen: `yes ${from + i}`, rejected: `no ${from + i}` }),
  ).join('\n');
const upload = (text: string, layout = 'auto') => ({ layout, fileName: 'pairs.jsonl', text });
/** A folder with a body in it, as the server hands it to the process. */
const jobOf = (projectId: string, body: unknown) => {
  const here = mkdtempSync(join(folder, 'job-'));
  writeFileSync(join(here, 'body.json'), JSON.stringify(body));
  return { projectId, folder: here, import: { id: 'import-1', at: '2026-01-01T00:00:00Z' } };
};
const never = () => new AbortController().signal;

describe('adding a file in a process of its own', () => {
  it('leaves the server to all others, however long the file takes', async () => {
    await studio.store.putProject(testProject());
    const owner = await studio.person('owner');
    const rows = 2000;
    let done = false;
    const adding = owner.call(ROUTE, { params: { project: 'p' }, body: upload(pairs(rows)) }).finally(() => {
      done = true;
    });
    let [answered, between] = [0, 0];
    while (!done) {
      const { projects } = await owner.call('GET /api/projects');
      answered += 1;
      const { items } = projects.find(({ id }) => id === 'p')!.counts!;
      if (items > 0 && items < rows) between += 1;
      await new Promise(setImmediate);
    }
    const said = {
      import: expect.stringMatching(/^import-/),
      items: rows,
      judgments: rows,
      rejected: [],
      rejectedCount: 0,
    };
    expect(await adding).toEqual(said);
    // Where it happens on the server, some 150 are answered meanwhile.
    expect(answered).toBeGreaterThan(400);
    expect(between).toBeGreaterThan(3);
    expect((await studio.store.progress('p')).records).toBe(rows);
  });

  it('says what is wrong in a line, as the server would', async () => {
    await studio.store.putProject(testProject({ id: 'q' }));
    const owner = await studio.person('owner');
    const response = await owner.send(ROUTE, { params: { project: 'q' }, body: upload('{"no":"layout"}') });
    expect([response.status, await response.json()]).toMatchObject([
      400,
      { error: { code: 'layout', message: expect.stringMatching(/^upload.jsonl: expected a row of a known layout/) } },
    ]);
    expect(await studio.store.progress('q')).toMatchObject({ records: 0, items: { total: 0 } });
  });
});

describe('a file over its bounds', () => {
  const refused = async (bounds: { heapMb?: number; readMs?: number }, stop?: AbortController) => {
    const bounded = createImportProcesses(place, { from, ...bounds });
    // Objects for 5 MB of text.
    const body = upload(`{"a":[${'{},'.repeat(1_700_000)}{}]}\n`.repeat(4));
    const adding = bounded.add(jobOf('q', body), stop?.signal ?? never());
    stop?.abort();
    const error = await adding.catch((reason: Error) => reason);
    expect(await studio.store.progress('q')).toMatchObject({ records: 0, items: { total: 0 } });
    return error;
  };
  it('ends its process and nothing else, and leaves nothing behind', async () => {
    expect(await refused({ heapMb: 60 })).toMatchObject({
      code: 'memory',
      message: 'expected a file that is read within 60 MB of memory, got one that takes more; split it',
    });
    expect(await refused({ readMs: 1 })).toMatchObject({
      code: 'time',
      message: 'expected a file that is read in 0.001 s, got a longer one; split it',
    });
    expect(await refused({}, new AbortController())).toMatchObject({ code: 'stopped', exitCode: 2 });
  });
});

describe('a server that is gone', () => {
  /** Begins to add a file as a server does, which then leaves: before the process may write, or after. */
  const leave = async (when: 'before' | 'after', projectId: string, rows: number) => {
    await studio.store.putProject(testProject({ id: projectId }));
    const job = jobOf(projectId, upload(pairs(rows, 10_000)));
    const child = startProcess(from, 'import-child', {
      heapMb: 512,
      env: childEnvironment(),
    });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.once('message', () => {
      if (when === 'after') child.send({ write: true }, () => child.disconnect());
      else child.disconnect();
    });
    child.send({ store: place, job } satisfies ImportOrder);
    await ended;
    expect(existsSync(job.folder)).toBe(false);
    return (await studio.store.progress(projectId)).records;
  };
  it('leaves a file added whole or not at all', async () => {
    expect(await Promise.all([leave('before', 'r', 500), leave('after', 's', 500)])).toEqual([0, 500]);
  });
});
