import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { stringify } from 'csv-stringify/sync';
import fc from 'fast-check';
import { LAYOUT_IDS, type LayoutId } from '../src/exchange/index.ts';
import { exportLayout, importLayout, readProject } from '../src/exchange/node.ts';
import { itemSchema, judgmentSchema } from '../src/feedback/index.ts';
import { GoodhartError } from '../src/run/index.ts';

/**
 * Feeds the importers what they must survive: rows that are valid but strange, rows with a changed tree, files with
 * changed bytes, plain and compressed. After each case: either a whole project or one error that the user can mend, every
 * row accounted for, no half-written folder, no changed prototype.
 *
 *   npx tsx scripts/fuzz-importers.ts --cases 100000 --seed 1
 */
const STRANGE = [
  '',
  ' ',
  '\n',
  '\r\n',
  '\0',
  '\ufeff',
  '<script>alert(1)</script>',
  '=1+1',
  '"',
  "a,'b",
  '\n\nHuman: x',
  '\n\nAssistant: y',
  '__proto__',
  'constructor',
  '🚢',
  'é',
  '\\',
  '{{x}}',
  '../../etc',
];
const text = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 20 }), fc.constantFrom(...STRANGE));
const some = text.map((t) => `x${t}`);
const id = fc.oneof(fc.stringMatching(/^[a-z0-9-]{1,8}$/), some);
const label = fc.boolean();
const rater = fc.constantFrom('r1', 'r2', 'jo@example.org', 'A2SUAM1J3GNN3B', 'Jo Doe');
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const messages = (role: string) =>
  fc.array(fc.record({ role: fc.constant(role), content: text }), { minLength: 1, maxLength: 2 });
const prompt = fc.oneof(text, messages('user'));
const time = fc.constantFrom('2026-01-01T00:00:00Z', '2026-05-05', 'yesterday');

/** Rows that are valid by construction, by layout of one file. */
const ROWS: { readonly [I in Exclude<LayoutId, 'project' | 'ukp' | 'parquet'>]: fc.Arbitrary<object> } = {
  csv: fc.record({
    prompt: text,
    reply_a: some,
    reply_b: some,
    choice: fc.constantFrom('a', 'b', 'tie', ''),
    rater,
    reason: text,
  }),
  'hh-rlhf': fc.record({ start: text, chosen: text, rejected: text }).map(({ start, chosen, rejected }) => ({
    chosen: `\n\nHuman: ${start}\n\nAssistant: ${chosen}`,
    rejected: `\n\nHuman: ${start}\n\nAssistant: ${rejected}`,
  })),
  'trl-preference': fc.oneof(
    fc.record({ prompt: text, chosen: text, rejected: text, extra: fc.jsonValue() }),
    fc.record({ prompt: messages('user'), chosen: messages('assistant'), rejected: messages('assistant') }),
  ),
  'trl-unpaired': fc.record({ prompt, completion: text, label }),
  'trl-stepwise': fc
    .array(fc.tuple(some, label), { minLength: 1, maxLength: 4 })
    .map((steps) => ({ prompt: 'p', completions: steps.map(([s]) => s), labels: steps.map(([, l]) => l) })),
  'trl-prompt-completion': fc.record({ prompt, completion: some }),
  'openai-preference': fc.record({
    input: fc.record({ messages: messages('user') }),
    preferred_output: messages('assistant'),
    non_preferred_output: messages('assistant'),
  }),
  argilla: fc.record({
    id: optional(fc.integer()),
    fields: fc.record({ prompt: some, response_1: text, response_2: text }),
    metadata: fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 2, noNullPrototype: true }),
    suggestions: fc.constant({}),
    responses: fc.record({
      preference: fc.array(
        fc.record({
          value: fc.oneof(fc.constantFrom<unknown>('response_1', 'tie', 3), fc.jsonValue()),
          user_id: rater,
        }),
        { maxLength: 2 },
      ),
    }),
  }),
  'label-studio': fc.record({
    data: fc.record({ prompt: some, text1: text, text2: text }),
    annotations: fc.array(
      fc.record({
        completed_by: fc.integer(),
        created_at: time,
        result: fc.array(
          fc.oneof(
            fc.constant<unknown>({ type: 'pairwise', from_name: 'p', to_name: 'a', value: { selected: 'left' } }),
            fc.record({
              type: fc.constantFrom('labels', 'rating', 'ranker', 'x'),
              value: fc.dictionary(fc.string(), fc.jsonValue()),
            }),
          ),
          { maxLength: 3 },
        ),
      }),
      { maxLength: 2 },
    ),
  }),
  arena: fc.record({
    model_a: optional(id),
    model_b: optional(id),
    prompt,
    response_a: text,
    response_b: text,
    winner: fc.constantFrom('model_a', 'model_b', 'tie', 'tie (bothbad)'),
    judge: rater,
  }),
  'alpaca-eval': fc.record({
    instruction: text,
    output_1: text,
    output_2: text,
    generator_1: id,
    generator_2: id,
    annotator: rater,
    preference: fc.oneof(fc.constantFrom(1, 2, 1.5, null), fc.double({ min: 1, max: 2, noNaN: true })),
  }),
  prm800k: fc.record({
    labeler: id,
    timestamp: time,
    question: fc.record({ problem: text }),
    label: fc.record({
      steps: fc.array(
        fc.record({
          completions: fc.array(fc.record({ text: some, rating: fc.constantFrom(-1, 0, 1) }), {
            minLength: 1,
            maxLength: 3,
          }),
          chosen_completion: fc.constant(0),
        }),
        { minLength: 1, maxLength: 3 },
      ),
      total_time: fc.nat(),
      finish_reason: fc.constantFrom('solution', 'found_error', 'give_up'),
    }),
  }),
  pandalm: fc.record({
    idx: fc.nat(),
    instruction: text,
    input: text,
    response1: fc.oneof(text, fc.boolean()),
    response2: text,
    annotator1: fc.constantFrom(0, 1, 2),
    annotator2: fc.constantFrom(0, 1, 2),
    annotator3: fc.constantFrom(0, 1, 2),
  }),
  rewardbench: fc.record({
    id: fc.nat(),
    prompt: text,
    chosen: fc.oneof(text, fc.array(text, { maxLength: 3 })),
    rejected: fc.oneof(text, fc.array(text, { maxLength: 4 })),
    subset: text,
  }),
};

const ARRAYS: readonly LayoutId[] = ['argilla', 'label-studio', 'alpaca-eval', 'pandalm'];
const serialise = (layout: LayoutId, rows: readonly object[]): Buffer => {
  if (layout === 'csv') return Buffer.from(stringify(rows as object[], { header: true, quoted_string: true }));
  if (ARRAYS.includes(layout)) return Buffer.from(JSON.stringify(rows));
  return Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
};

/** One change of a JSON tree: at a random place, remove, replace, repeat, or add under a strange key. */
const edit = fc.record({
  at: fc.array(fc.nat(20), { maxLength: 6 }),
  how: fc.constantFrom('remove', 'replace', 'repeat', 'add'),
  value: fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.constantFrom<unknown>(...STRANGE, 1e308, -1, '\ud800', [[[]]])),
  key: fc.constantFrom('__proto__', 'constructor', 'id', 'text', 'value'),
});
type Edit = typeof edit extends fc.Arbitrary<infer T> ? T : never;

function changeTree(root: unknown, { at, how, value, key }: Edit): unknown {
  const copy = JSON.parse(JSON.stringify({ root })) as { root: unknown };
  let parent: Record<string, unknown> = copy as Record<string, unknown>;
  let name = 'root';
  for (const step of at) {
    const here = parent[name];
    if (typeof here !== 'object' || here === null) break;
    const names = Object.keys(here);
    if (names.length === 0) break;
    parent = here as Record<string, unknown>;
    name = names[step % names.length]!;
  }
  const here = parent[name];
  if (how === 'remove' && Array.isArray(parent)) parent.splice(Number(name), 1);
  else if (how === 'remove') delete parent[name];
  else if (how === 'repeat' && Array.isArray(parent)) parent.push(here);
  else if (how === 'add' && typeof here === 'object' && here !== null && !Array.isArray(here))
    Object.defineProperty(here, key, { value, enumerable: true, configurable: true, writable: true });
  else parent[name] = value;
  return copy.root;
}

const change = fc.record({
  at: fc.double({ min: 0, max: 0.999999, noNaN: true }),
  how: fc.constantFrom('flip', 'insert', 'delete', 'cut', 'repeat', 'zero'),
  byte: fc.nat(255),
  length: fc.nat(40),
});
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

function changeBytes(bytes: Buffer, changes: readonly Change[]): Buffer {
  let all = bytes;
  for (const { at, how, byte, length } of changes) {
    const i = Math.floor(at * all.length);
    const [head, tail] = [all.subarray(0, i), all.subarray(i)];
    if (how === 'flip') all = Buffer.concat([head, Buffer.from([(tail[0] ?? 0) ^ (byte || 1)]), tail.subarray(1)]);
    else if (how === 'insert') all = Buffer.concat([head, Buffer.alloc(length + 1, byte), tail]);
    else if (how === 'delete') all = Buffer.concat([head, tail.subarray(length + 1)]);
    else if (how === 'cut') all = head;
    else if (how === 'repeat') all = Buffer.concat([head, tail.subarray(0, length), tail]);
    else all = Buffer.concat([head, Buffer.alloc(Math.min(length, tail.length)), tail.subarray(length)]);
  }
  return all;
}

/** Valid files to change, by layout: the examples of the repository, and a Parquet file made of them. */
interface Base {
  readonly layout: LayoutId;
  /** One file, or the files of a folder. */
  readonly files: Readonly<Record<string, Buffer>>;
}

async function bases(folder: string): Promise<Base[]> {
  const root = fileURLToPath(new URL('../fixtures/layouts', import.meta.url));
  const found = readdirSync(root, { withFileTypes: true }).map((entry): Base => {
    const path = join(root, entry.name);
    const names = entry.isDirectory() ? readdirSync(path) : [];
    const layout = basename(entry.name).replace(/\.[a-z]+$/, '') as LayoutId;
    if (!entry.isDirectory()) return { layout, files: { [entry.name]: readFileSync(path) } };
    return { layout, files: Object.fromEntries(names.map((name) => [name, readFileSync(join(path, name))])) };
  });
  const project = join(folder, 'csv-project');
  const out = join(folder, 'parquet', 'table.parquet');
  await importLayout({ layout: 'csv', path: join(root, 'csv.csv'), out: project, durable: false });
  await exportLayout({ project, layout: 'parquet', out, now: () => '2026-01-01', durable: false });
  return [...found, { layout: 'parquet', files: { 'table.parquet': readFileSync(out) } }];
}

const step = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      mode: fc.constant('rows' as const),
      pick: fc.nat(),
      size: fc.integer({ min: 1, max: 6 }),
      seed: fc.integer(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      mode: fc.constant('tree' as const),
      pick: fc.nat(),
      edits: fc.array(edit, { minLength: 1, maxLength: 4 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      mode: fc.constant('bytes' as const),
      pick: fc.nat(),
      file: fc.nat(),
      packed: fc.boolean(),
      changes: fc.array(change, { minLength: 1, maxLength: 5 }),
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** The case as files, and how many rows must be accepted where that is known. */
function build(one: Step, all: readonly Base[]): Base & { readonly valid?: number } {
  if (one.mode === 'rows') {
    const layouts = Object.keys(ROWS) as (keyof typeof ROWS)[];
    const layout = layouts[one.pick % layouts.length]!;
    const rows = fc.sample(ROWS[layout], { numRuns: one.size, seed: one.seed });
    return { layout, files: { 'rows.data': serialise(layout, rows) }, valid: rows.length };
  }
  const base = all[one.pick % all.length]!;
  if (one.mode === 'bytes') {
    const names = Object.keys(base.files);
    const name = names[one.file % names.length]!;
    const bytes = base.files[name]!;
    const changed = one.packed && name.endsWith('.jsonl') ? gzipSync(bytes) : bytes;
    return { layout: base.layout, files: { ...base.files, [name]: changeBytes(changed, one.changes) } };
  }
  const files = Object.fromEntries(
    Object.entries(base.files).map(([name, bytes]) => {
      if (!/\.jsonl?$/.test(name)) return [name, bytes];
      const whole = bytes.toString('utf8');
      const array = name.endsWith('.json');
      let rows = array
        ? (JSON.parse(whole) as unknown)
        : whole
            .trim()
            .split('\n')
            .map((line) => JSON.parse(line) as unknown);
      for (const one_ of one.edits) rows = changeTree(rows, one_);
      if (array || !Array.isArray(rows)) return [name, Buffer.from(JSON.stringify(rows) ?? 'null')];
      return [name, Buffer.from(rows.map((row) => `${JSON.stringify(row) ?? ''}\n`).join(''))];
    }),
  );
  return { layout: base.layout, files };
}

/** Runs one case; throws what is wrong with how it ended. */
async function survive(one: Step, all: readonly Base[], folder: string): Promise<'whole' | 'refused'> {
  const { layout, files, valid } = build(one, all);
  const input = join(folder, 'in');
  const out = join(folder, 'out');
  for (const path of [input, out]) rmSync(path, { recursive: true, force: true });
  mkdirSync(input);
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(input, name), bytes);
  const single = Object.keys(files).length === 1 && layout !== 'ukp' && layout !== 'project';
  const path = single ? join(input, Object.keys(files)[0]!) : input;
  const check = (good: boolean, what: string) => {
    if (!good) throw new Error(`${layout}: ${what}`);
  };
  let ended: 'whole' | 'refused' = 'whole';
  try {
    const summary = await importLayout({ layout, path, out, durable: false });
    const rejected = existsSync(join(out, 'rejected.jsonl'))
      ? readFileSync(join(out, 'rejected.jsonl'), 'utf8').trim().split('\n').length
      : 0;
    check(summary.rejected === rejected, `${summary.rejected} rejected, ${rejected} in the side file`);
    check(valid === undefined || summary.rows === valid, `${summary.rows} of ${valid} rows`);
    const { items, judgments } = await readProject(out);
    check(items.length === summary.items, 'items lost');
    for (const item of items) itemSchema.parse(item);
    for (const judgment of judgments) judgmentSchema.parse(judgment);
  } catch (error) {
    if (!(error instanceof GoodhartError) || error.exitCode !== 2) throw error;
    check(!error.message.includes('\n    at '), 'a message with a stack');
    const left = existsSync(out) ? readdirSync(out) : [];
    check(
      left.every((name) => name === 'rejected.jsonl'),
      `a refused import left ${left.join(', ')}`,
    );
    ended = 'refused';
  }
  check(
    readdirSync(folder).every((name) => !name.includes('.partial-')),
    'an unfinished folder',
  );
  check(Object.keys(Object.prototype).length === 0 && !('polluted' in {}), 'a changed prototype');
  return ended;
}

export interface FuzzResult {
  readonly cases: number;
  readonly whole: number;
  readonly refused: number;
  readonly slowestMs: number;
}

/** Runs cases of one seed; the first that fails throws, with what repeats it. */
export async function fuzzImporters(cases: number, seed: number): Promise<FuzzResult> {
  // In memory where the system offers it: the disk is not what is tested.
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'goodhart-fuzz-'));
  try {
    const all = await bases(folder);
    const counts = { whole: 0, refused: 0 };
    let slowestMs = 0;
    for (const [i, one] of fc.sample(step, { numRuns: cases, seed }).entries()) {
      const started = performance.now();
      try {
        counts[await survive(one, all, folder)] += 1;
      } catch (error) {
        const kept = join(tmpdir(), `goodhart-fuzz-failure-${seed}-${i}`);
        cpSync(join(folder, 'in'), kept, { recursive: true });
        throw new Error(`seed ${seed}, case ${i} (${one.mode}), input kept in ${kept}`, { cause: error });
      }
      slowestMs = Math.max(slowestMs, performance.now() - started);
    }
    return { cases, ...counts, slowestMs };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const BATCH = 2000;
const BATCH_MS = 10 * 60_000;

/** Batches in processes of their own: one that hangs or dies is named by its seed. */
function runAll(cases: number, seed: number): void {
  const started = performance.now();
  const sum = { cases: 0, whole: 0, refused: 0, slowestMs: 0 };
  for (let batch = 0; sum.cases < cases; batch++) {
    const size = Math.min(BATCH, cases - sum.cases);
    const args = [
      '--import',
      'tsx',
      fileURLToPath(import.meta.url),
      '--cases',
      `${size}`,
      '--seed',
      `${seed + batch}`,
      '--batch',
    ];
    const child = spawnSync(process.execPath, args, { timeout: BATCH_MS, encoding: 'utf8' });
    if (child.status !== 0) {
      const hang = (child.error as NodeJS.ErrnoException | undefined)?.code === 'ETIMEDOUT';
      const why = hang
        ? `a hang: no end after ${BATCH_MS} ms`
        : `ended by ${child.signal ?? `exit code ${child.status}`}`;
      process.stderr.write(`fuzz-importers: seed ${seed + batch}: ${why}\n${child.stderr}`);
      process.exit(1);
    }
    const result = JSON.parse(child.stdout) as FuzzResult;
    sum.cases += result.cases;
    sum.whole += result.whole;
    sum.refused += result.refused;
    sum.slowestMs = Math.max(sum.slowestMs, result.slowestMs);
    process.stderr.write(`${sum.cases}/${cases} cases\n`);
  }
  const seconds = (performance.now() - started) / 1000;
  process.stdout.write(
    `${JSON.stringify({ ...sum, slowestMs: Math.round(sum.slowestMs), seed, seconds: Math.round(seconds), layouts: LAYOUT_IDS.length })}\n`,
  );
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { values } = parseArgs({
    options: {
      cases: { type: 'string', default: '100000' },
      seed: { type: 'string', default: '1' },
      batch: { type: 'boolean', default: false },
    },
  });
  const [cases, seed] = [Number(values.cases), Number(values.seed)];
  if (values.batch) process.stdout.write(JSON.stringify(await fuzzImporters(cases, seed)));
  else runAll(cases, seed);
}
