import { spawnSync } from 'node:child_process';
import { createWriteStream, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

/**
 * How fast, and in how much memory, are feedback data imported and exported? 160,000 dialogue pairs of HH-RLHF's shape,
 * made from a seed; every step is a process of its own, as a user runs it, on the built code. With `--data` also: do the
 * published data sets in a folder (ukp, hh-rlhf, pandalm) import whole?
 *
 *   npx tsx bench/exchange.ts [--pairs 160000] [--data <folder>] [--heap <MB>]
 *
 * Without `--heap` the peak is mostly garbage that V8 has not yet had a reason to collect; `--heap 128` bounds it
 * (`NODE_OPTIONS=--max-old-space-size=128` for the command) and shows what the work itself needs.
 */
const root = fileURLToPath(new URL('..', import.meta.url));
const { values } = parseArgs({
  options: {
    pairs: { type: 'string', default: '160000' },
    data: { type: 'string' },
    heap: { type: 'string' },
  },
});
const pairs = Number(values.pairs);
const WORDS = 'the ferry leaves at six and arrives before noon if weather permits so take bread water a coat'.split(
  ' ',
);

/** A generator of whole numbers below n (Lehmer, modulus 2³¹ − 1): the same file for everyone. */
function lehmer(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (state * 48271) % 2147483647;
    return state % n;
  };
}

/** Dialogues of two to four turns of the lengths that HH-RLHF has: about 1,900 characters a row. */
async function generate(path: string): Promise<void> {
  const below = lehmer(1);
  const sentence = (least: number, more: number) =>
    Array.from({ length: least + below(more) }, () => WORDS[below(WORDS.length)]).join(' ');
  const out = createWriteStream(path);
  for (let i = 0; i < pairs; i++) {
    const turns = Array.from(
      { length: 1 + below(3) },
      () => `\n\nHuman: ${sentence(5, 30)}\n\nAssistant: ${sentence(15, 60)}`,
    );
    const start = `${turns.slice(1).join('')}\n\nHuman: ${sentence(5, 30)} ${i}\n\nAssistant:`;
    const row = { chosen: `${start} ${sentence(20, 80)}`, rejected: `${start} ${sentence(20, 80)}` };
    if (!out.write(`${JSON.stringify(row)}\n`))
      await new Promise<void>((resolve) => out.once('drain', () => resolve()));
  }
  await new Promise<void>((resolve) => out.end(() => resolve()));
}

interface Measured {
  readonly step: string;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakMb: number;
  readonly rows: number;
  readonly items: number;
  readonly judgments: number;
  readonly rejected: number;
}

/** Runs one call of the built door in a process of its own. */
function measure(step: string, call: 'importLayout' | 'exportLayout', options: object): Measured {
  const door = pathToFileURL(join(root, 'dist/exchange/node.js')).href;
  const code = `const door = await import(${JSON.stringify(door)});
    const started = performance.now();
    const made = await door.${call}({ now: () => '2026-01-01T00:00:00Z', ...${JSON.stringify(options)} });
    const { user, system } = process.cpuUsage();
    process.stdout.write(JSON.stringify({
      seconds: (performance.now() - started) / 1000,
      cpuSeconds: (user + system) / 1e6,
      peakMb: process.resourceUsage().maxRSS / 1024,
      rows: made.rows, items: made.items, judgments: made.judgments, rejected: made.rejected ?? 0,
    }));`;
  const bound = values.heap === undefined ? [] : [`--max-old-space-size=${values.heap}`];
  const child = spawnSync(process.execPath, [...bound, '--input-type=module', '-e', code], { encoding: 'utf8' });
  if (child.status !== 0) throw new Error(`${step}: ${child.stderr}`);
  const made = JSON.parse(child.stdout) as Omit<Measured, 'step'>;
  const round = (value: number) => Math.round(value * 10) / 10;
  return {
    step,
    ...made,
    seconds: round(made.seconds),
    cpuSeconds: round(made.cpuSeconds),
    peakMb: round(made.peakMb),
  };
}

const built = spawnSync(process.execPath, [
  join(root, 'node_modules/typescript/bin/tsc'),
  '-b',
  join(root, 'src/exchange'),
]);
if (built.status !== 0) throw new Error(`the build failed: ${built.stdout}`);
const folder = mkdtempSync(join(tmpdir(), 'goodhart-bench-exchange-'));
const steps: Measured[] = [];
const run = (...args: Parameters<typeof measure>) => {
  const made = measure(...args);
  steps.push(made);
  process.stdout.write(
    `${made.step}: ${made.seconds} s (CPU ${made.cpuSeconds} s), ${made.peakMb} MB, ${made.judgments} judgments, ${made.rejected} rejected\n`,
  );
};
try {
  const source = join(folder, 'pairs.jsonl');
  const project = join(folder, 'project');
  await generate(source);
  const bytes = statSync(source).size;
  run('import hh-rlhf', 'importLayout', { layout: 'hh-rlhf', path: source, out: project });
  run('import project', 'importLayout', { layout: 'project', path: project, out: join(folder, 'again') });
  for (const [layout, name] of [
    ['hh-rlhf', 'x.jsonl'],
    ['trl-preference', 'x.jsonl'],
    ['trl-preference', 'x.parquet'],
    ['csv', 'x.csv'],
  ] as const) {
    const out = join(folder, `${layout}-${name}`, name);
    mkdirSync(join(folder, `${layout}-${name}`));
    run(`export ${layout} to ${name.slice(1)}`, 'exportLayout', { project, layout, out });
    if (name !== 'x.jsonl')
      run(`import ${layout} from ${name.slice(1)}`, 'importLayout', {
        layout,
        path: out,
        out: join(folder, `${layout}-${name}-again`),
      });
    rmSync(join(folder, `${layout}-${name}-again`), { recursive: true, force: true });
  }
  const real: Measured[] = [];
  const sets = { ukp: 'ukp', 'hh-rlhf': 'hh-rlhf/harmless-base-test.jsonl.gz', pandalm: 'pandalm/testset-v1.json.gz' };
  for (const [layout, name] of Object.entries(sets)) {
    const path = values.data === undefined ? '' : join(values.data, name);
    if (path === '' || !existsSync(path)) continue;
    run(`published ${layout}`, 'importLayout', { layout, path, out: join(folder, `real-${layout}`) });
    real.push(steps.pop()!);
  }
  const machine = {
    cores: availableParallelism(),
    node: process.version,
    loadAverage: loadavg()
      .map((x) => x.toFixed(1))
      .join(' '),
  };
  const target = { step: 'import hh-rlhf', seconds: 20, peakMb: 300 };
  const results = {
    question: 'How fast, and in how much memory, are 160,000 pairs imported and exported?',
    machine,
    pairs,
    bytes,
    target,
    steps,
    ...(real.length > 0 && { published: real }),
  };
  mkdirSync(join(root, 'bench/results'), { recursive: true });
  writeFileSync(join(root, 'bench/results/exchange.json'), `${JSON.stringify(results, null, 2)}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
