import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runForTest } from '../../src/cli/command.fake.ts';
import { saveTinyProject } from '../../src/cli/tiny-run.fake.ts';

const place = mkdtempSync(join(tmpdir(), 'goodhart-project-folders-'));
const project = join(place, 'project');
const outside = join(place, 'outside');
const good = join(place, 'good.mjs');
beforeAll(() => {
  saveTinyProject(project);
  writeFileSync(good, 'export default (_, replies) => replies.map((text) => text.length);\n');
});
afterAll(() => rmSync(place, { recursive: true, force: true }));

/** Where a command writes what it makes of a folder. */
let outs = 0;
const out = (name: string): string => {
  outs += 1;
  return join(place, `out-${outs}-${name}`);
};

/** Every command that reads a folder of judgments that somebody sent. */
const READERS: Readonly<Record<string, () => string[]>> = {
  'feedback report': () => ['feedback', 'report', project, '--replicates', '20'],
  'feedback leaderboard': () => ['feedback', 'leaderboard', project],
  import: () => ['import', 'auto', project, '--out', out('imported')],
  export: () => ['export', project, '--layout', 'trl-preference', '--out', out('rows.jsonl')],
  'store create': () => ['store', 'create', project, '--store', out('a.db')],
  'reward fit': () => ['reward', 'fit', project, '--out', out('reward')],
  'reward eval': () => ['reward', 'eval', good, project],
  run: () => ['run', configured(project), '--out', out('run')],
};

function configured(folder: string): string {
  const path = join(place, 'run.yaml');
  writeFileSync(path, `name: x\ndata: { layout: project, folder: ${JSON.stringify(folder)} }\n`);
  return path;
}

const KINDS: Readonly<Record<string, (path: string) => void>> = {
  'a link to a good file elsewhere': (path) => symlinkSync(join(outside, 'file'), path),
  'a pipe': (path) => execFileSync('mkfifo', [path]),
  'a link to a device': (path) => symlinkSync('/dev/zero', path),
};

/** Puts something else in a file's place, and the file back. */
async function instead(path: string, lay: (path: string) => void, then: () => Promise<void>): Promise<void> {
  mkdirSync(outside, { recursive: true });
  renameSync(path, join(outside, 'file'));
  try {
    lay(path);
    await then();
  } finally {
    rmSync(path, { force: true });
    renameSync(join(outside, 'file'), path);
  }
}

describe.skipIf(process.platform === 'win32')('a folder of judgments that somebody sent', () => {
  it('is read from regular files of its own alone, by every command', async () => {
    const files = readdirSync(project);
    expect(files.length).toBeGreaterThan(2);
    for (const file of files)
      for (const [kind, lay] of Object.entries(KINDS))
        await instead(join(project, file), lay, async () => {
          for (const [name, args] of Object.entries(READERS)) {
            const { code, err } = await runForTest(...args(), '--quiet');
            expect({ file, kind, name, code, err }).toMatchObject({
              code: 2,
              err: expect.stringMatching(/expected a regular file/),
            });
            expect(err.trimEnd().split('\n').length).toBe(1);
          }
        });
    expect(readdirSync(place).filter((name) => /^out-.*(imported|rows|reward)/.test(name))).toEqual([]);
  });
  it('of a layout of several files, too', async () => {
    const folder = join(place, 'arguments');
    mkdirSync(folder);
    const text = (rows: object[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
    const [pairs, said] = [join(folder, 'pairs.jsonl'), join(folder, 'arguments.jsonl')];
    writeFileSync(pairs, text([{ topic: 't', a1: 'x', a2: 'y', assignments: [] }]));
    writeFileSync(
      said,
      text([
        { id: 'x', text: 'X' },
        { id: 'y', text: 'Y' },
      ]),
    );
    for (const path of [pairs, said])
      for (const [kind, lay] of Object.entries(KINDS))
        await instead(path, lay, async () => {
          const { code, err } = await runForTest('import', 'ukp', folder, '--out', out('ukp'), '--quiet');
          expect({ path, kind, code, err }).toMatchObject({ code: 2, err: expect.stringMatching(/regular file/) });
        });
    expect(existsSync(pairs) && readFileSync(pairs, 'utf8')).toMatch(/assignments/);
  });
});
