import { execFileSync } from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { runForTest } from '../../src/cli/command.fake.ts';
import { createRunReader } from '../../src/cli/run-reader.ts';
import { GoodhartError } from '../../src/run/index.ts';
import { filesBelow } from '../../src/run/node.ts';
import { createRng, type Rng } from '../../src/stats/index.ts';
import { pick, placesOf, put } from './forgery/json-edits.ts';
import { COMMAND_NAMES, COMMANDS, type Desk, layDesk } from './hostile-readers.ts';

/** What must never be served: it lies beside the runs, and links lead there. */
const SECRET = 'SECRET-OF-THE-SERVER';

export interface FolderOutcome {
  /** How readings ended, by reader: a value, or a refusal in a line. */
  readonly answers: ReadonlyMap<string, { given: number; refused: number }>;
  readonly faults: readonly string[];
}

/** Texts that stand where JSON is expected. */
const TEXTS: readonly (() => string | Buffer)[] = [
  () => '',
  () => ' ',
  () => 'null',
  () => '[]',
  () => '{}',
  () => 'NaN',
  () => '{"a":NaN}',
  () => '[1e999]',
  () => '-0',
  () => '\ufeff{}',
  () => '{"a":1,"a":2}',
  () => '"text"',
  () => '[null]',
  () => '{"__proto__":{"polluted":true}}',
  () => '{"constructor":{"prototype":{"polluted":true}}}',
  () => '['.repeat(100_000),
  () => `${'['.repeat(20_000)}${']'.repeat(20_000)}`,
  () => `{"a":${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}}`,
  () => `"${'x'.repeat(9 * 1024 * 1024)}"`,
  () => 'x'.repeat(9 * 1024 * 1024),
  () => '\n'.repeat(10_000),
  () => Buffer.from([0xff, 0xfe, 0x00, 0xd8]),
  () => Buffer.alloc(4096),
  () => '\u0000\u001b[2K',
];

/** Values that stand where another is expected. */
const VALUES: readonly unknown[] = [
  null,
  true,
  '',
  -1,
  1e308,
  -1e308,
  2 ** 53,
  1.5,
  [],
  {},
  [[]],
  { html: '<script>alert(1)</script>' },
  { length: 1e9 },
  '\u001b[2K\u202e',
  '../../../../etc/passwd',
  '/dev/zero',
  '__proto__',
  'x'.repeat(100_000),
  JSON.parse('{"__proto__":{"polluted":true}}'),
  JSON.parse('{"constructor":{"prototype":{"polluted":true}}}'),
];
const KEYS = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'x\u001b[2K', ''];

/** A JSON value with something odd in some place of it. */
function odd(rng: Rng, root: unknown): unknown {
  const places = placesOf(root);
  if (places.length === 0) return pick(rng, VALUES);
  const { holder, key } = pick(rng, places);
  const name = rng.uniform() < 0.3 ? pick(rng, KEYS) : key;
  put(holder, name, pick(rng, VALUES));
  return root;
}

/** An alteration of a run folder; returns what was done. */
type Alter = (folder: string, file: string, rng: Rng) => string;

const replaced = (path: string, make: () => void) => {
  rmSync(path, { recursive: true, force: true });
  mkdirSync(dirname(path), { recursive: true });
  make();
};

const LINKS = [
  '../../secret.json',
  '../../secret',
  '/dev/zero',
  '/dev/random',
  '.',
  '..',
  'itself',
  '../neighbour/run.json',
  'nowhere',
];

const ALTERATIONS: readonly { readonly weight: number; readonly alter: Alter }[] = [
  {
    weight: 8,
    alter(folder, file, rng) {
      const path = join(folder, file);
      const text = readFileSync(path, 'utf8');
      if (file.endsWith('.jsonl')) {
        const lines = text.trimEnd().split('\n');
        const i = rng.integer(lines.length);
        lines[i] = JSON.stringify(odd(rng, JSON.parse(lines[i]!)));
        writeFileSync(path, `${lines.join('\n')}\n`);
        return `${file}: row ${i} is odd`;
      }
      if (!file.endsWith('.json')) {
        writeFileSync(path, pick(rng, TEXTS)());
        return `${file}: another text`;
      }
      writeFileSync(path, JSON.stringify(odd(rng, JSON.parse(text))));
      return `${file}: a value is odd`;
    },
  },
  {
    weight: 4,
    alter(folder, file, rng) {
      const n = rng.integer(TEXTS.length);
      writeFileSync(join(folder, file), TEXTS[n]!());
      return `${file}: text ${n}`;
    },
  },
  {
    weight: 2,
    alter(folder, file, rng) {
      const path = join(folder, file);
      const text = readFileSync(path, 'utf8');
      const n = rng.integer(TEXTS.length);
      const row = TEXTS[n]!();
      writeFileSync(path, Buffer.concat([Buffer.from(text), Buffer.from(row), Buffer.from('\n')]));
      return `${file}: text ${n} after its end`;
    },
  },
  {
    weight: 4,
    alter(folder, file, rng) {
      const target = pick(rng, LINKS);
      const path = join(folder, file);
      replaced(path, () => symlinkSync(target === 'itself' ? path : target, path));
      return `${file}: a link to ${target}`;
    },
  },
  {
    weight: 1,
    alter(folder, file, rng) {
      const inner = file.includes('/') ? file.slice(0, file.indexOf('/')) : 'disclosure';
      const target = pick(rng, ['../../secret', '/', '..', '/proc/self']);
      replaced(join(folder, inner), () => symlinkSync(target, join(folder, inner)));
      return `${inner}: a link to the folder ${target}`;
    },
  },
  {
    weight: 2,
    alter(folder, file) {
      const path = join(folder, file);
      replaced(path, () => execFileSync('mkfifo', [path]));
      return `${file}: a pipe`;
    },
  },
  {
    weight: 1,
    alter(folder, file) {
      const path = join(folder, file);
      replaced(path, () => mkdirSync(path));
      return `${file}: a folder`;
    },
  },
  {
    weight: 1,
    alter(folder, file, rng) {
      const bytes = pick(rng, [2 ** 28 + 1, 2 ** 31 + 1, 2 ** 40]);
      truncateSync(join(folder, file), bytes);
      return `${file}: ${bytes} bytes of holes`;
    },
  },
  {
    weight: 1,
    alter(folder, file, rng) {
      const name = pick(rng, [
        'a\u001b[2Kb',
        'line\nbreak',
        '..x',
        '\u202egnp',
        file.toUpperCase(),
        'x'.repeat(255),
        ' ',
        'run.json ',
      ]);
      const path = join(folder, name);
      mkdirSync(dirname(path), { recursive: true });
      renameSync(join(folder, file), path);
      return `${file}: renamed ${JSON.stringify(name)}`;
    },
  },
  {
    weight: 1,
    alter(folder, file) {
      rmSync(join(folder, file));
      return `${file}: not there`;
    },
  },
];
const DRAWN = ALTERATIONS.flatMap(({ weight, alter }) => Array.from({ length: weight }, () => alter));

/** Files of a folder that are there and regular. */
const regular = (folder: string, files: readonly string[]) =>
  files.filter((file) => lstatSync(join(folder, file), { throwIfNoEntry: false })?.isFile());

/**
 * Alters copies of an honest run in hostile ways and reads each by everything that reads runs. Every reader must come to an
 * end with a value or a refusal in one line, serve nothing from outside the folder, and go on listing the run beside it.
 */
export async function runHostileFolders(
  honest: string,
  {
    count,
    seed,
    progress,
  }: { readonly count: number; readonly seed: number; readonly progress?: (done: number) => void },
): Promise<FolderOutcome> {
  const place = mkdtempSync(join(tmpdir(), 'goodhart-hostile-runs-'));
  const runs = join(place, 'runs');
  const folder = join(runs, 'hostile');
  const files = filesBelow(honest);
  const content = new Map(files.map((file) => [file, readFileSync(join(honest, file))]));
  const lay = (where: string) => {
    rmSync(where, { recursive: true, force: true });
    for (const [file, bytes] of content) {
      mkdirSync(dirname(join(where, file)), { recursive: true });
      writeFileSync(join(where, file), bytes);
    }
  };
  lay(join(runs, 'neighbour'));
  mkdirSync(join(place, 'secret'), { recursive: true });
  writeFileSync(join(place, 'secret.json'), JSON.stringify({ secret: SECRET }));
  writeFileSync(join(place, 'secret/secret.json'), JSON.stringify({ secret: SECRET }));

  /** What lies beside the folder, and must be the same afterwards. */
  const outside = ['secret.json', 'secret/secret.json', 'runs/neighbour/run.json'].map(
    (file) => [join(place, file), readFileSync(join(place, file))] as const,
  );

  const reader = createRunReader(runs);
  const answers = new Map<string, { given: number; refused: number }>();
  const faults: string[] = [];
  const tally = (name: string, key: 'given' | 'refused') => {
    const counts = answers.get(name) ?? { given: 0, refused: 0 };
    answers.set(name, counts);
    counts[key] += 1;
  };
  const written = JSON.parse(content.get('run.json')!.toString('utf8')) as { config: object };
  const desk: Desk = {
    ...(await layDesk(join(place, 'desk'), written.config)),
    folder,
    project: join(runs, 'neighbour/feedback'),
    out(name) {
      // Databases have files beside them.
      rmSync(join(place, 'out'), { recursive: true, force: true });
      mkdirSync(join(place, 'out'));
      return join(place, 'out', name);
    },
  };

  const read = async (what: string, name: string, ask: () => Promise<unknown>) => {
    try {
      const value = await ask();
      const said = value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : (JSON.stringify(value) ?? '');
      if (said.includes(SECRET)) faults.push(`${what}; ${name}: serves what is outside`);
      tally(name, 'given');
    } catch (error) {
      const { message } = error as Error;
      if (!(error instanceof GoodhartError) || error.exitCode === 3)
        faults.push(`${what}; ${name}: ${(error as Error).stack?.slice(0, 600)}`);
      else if (message.includes(SECRET)) faults.push(`${what}; ${name}: says what is outside`);
      tally(name, 'refused');
    }
  };
  const command = async (what: string, name: string) => {
    const args = COMMANDS[name]!(desk);
    if (args === undefined) return;
    const { code, out, err } = await runForTest(...args, '--quiet');
    const lines = err.trimEnd().split('\n').length;
    // What a command warns of before it refuses is a line of its own.
    const refusals = err.split('\n').filter((line) => line.startsWith('goodhart: ')).length;
    if (![0, 1, 2].includes(code) || (code !== 0 && (lines > 3 || refusals !== 1)) || / {4}at /.test(err))
      faults.push(`${what}; goodhart ${name}: ended with ${code}: ${err.slice(0, 600)}`);
    if (`${out}${err}`.includes(SECRET)) faults.push(`${what}; goodhart ${name}: says what is outside`);
    tally(`goodhart ${name}`, code === 0 ? 'given' : 'refused');
  };

  try {
    for (let n = 0; n < count; n++) {
      const rng = createRng(`${seed}/${n}`);
      lay(folder);
      const done: string[] = [];
      const texts = files.filter((file) => /\.(jsonl?|html)$/.test(file));
      for (let k = rng.integer(2); k >= 0; k--) {
        const there = regular(folder, rng.uniform() < 0.9 ? texts : files);
        if (there.length === 0) continue;
        try {
          done.push(pick(rng, DRAWN)(folder, pick(rng, there), rng));
        } catch {
          // The file is no JSON any more: it was altered before.
        }
      }
      const what = `case ${n}: ${done.join('; ')}`;
      const rows = await reader.list();
      if (rows.find(({ id }) => id === 'neighbour')?.status !== 'complete')
        faults.push(`${what}: hides the run beside it`);
      for (const method of ['detail', 'config', 'series', 'report', 'samples', 'findings', 'disclosure'] as const)
        await read(what, method, () => reader[method]('hostile'));
      for (const file of [
        pick(rng, files),
        'disclosure/secret.json',
        '../../secret.json',
        'evidence/../../../secret.json',
      ])
        await read(what, 'file', async () => (await reader.file('hostile', file))?.bytes);
      if (n % 3 === 0) await read(what, 'verify', () => reader.verify('hostile'));
      // The commands take longer: each case meets one of them.
      await command(what, COMMAND_NAMES[n % COMMAND_NAMES.length]!);
      for (const [file, bytes] of outside)
        if (!readFileSync(file).equals(bytes)) faults.push(`${what}: alters what is outside: ${file}`);
      if (Object.hasOwn(Object.prototype, 'polluted') || 'polluted' in {}) faults.push(`${what}: reached every object`);
      progress?.(n + 1);
    }
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
  return { answers, faults };
}
