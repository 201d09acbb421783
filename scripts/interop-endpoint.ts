/**
 * Does the client for endpoints speak with a server that is not ours? `transformers serve` serves a tiny model made here, which says A, B
 * or C to everything, and the commands ask it over a socket, one of them killed in the middle:
 *
 *   npx tsx scripts/interop-endpoint.ts [--python path/to/python]     # one that has transformers, torch, fastapi, uvicorn and openai
 *   npx tsx scripts/interop-endpoint.ts --url http://127.0.0.1:8000/v1 --model NAME     # or any server that runs: what it says is printed
 *
 * A line per case. Exit code 1 where one is not as expected; without the libraries one line says why nothing was checked.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { missing } from './interop-python.ts';

const { values: args } = parseArgs({
  options: {
    python: { type: 'string', default: 'bench/results/venv/bin/python' },
    url: { type: 'string' },
    model: { type: 'string' },
  },
});
const COMMAND = fileURLToPath(new URL('../bin/goodhart.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'goodhart-interop-endpoint-'));
const out = (name: string) => join(folder, name);

/** The command in a process of its own, killed as soon as so many answers are kept where that is asked for. */
async function goodhart(command: readonly string[], killAt?: { readonly file: string; readonly lines: number }) {
  const child = spawn(process.execPath, [COMMAND, ...command, '--json', '--quiet'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [said, mistakes] = ['', ''];
  child.stdout.on('data', (data) => {
    said += String(data);
  });
  child.stderr.on('data', (data) => {
    mistakes += String(data);
  });
  const gone = once(child, 'exit');
  while (killAt !== undefined && child.exitCode === null) {
    await setTimeout(5);
    if (existsSync(killAt.file) && readFileSync(killAt.file, 'utf8').split('\n').length > killAt.lines)
      child.kill('SIGKILL');
    if (child.signalCode !== null || child.killed) break;
  }
  const [code] = await gone;
  // biome-ignore lint/suspicious/noExplicitAny: results of every shape
  const result: any = code === 0 ? JSON.parse(said.trim().split('\n').at(-1)!) : null;
  return { code, result, mistakes: mistakes.trim() };
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as { port: number };
  probe.close();
  return port;
}

/** `transformers serve` on the tiny model, once it answers. */
async function serve(): Promise<{ url: string; model: string; server: ChildProcess }> {
  const model = out('model');
  const made = spawnSync(args.python, [fileURLToPath(new URL('interop-endpoint.py', import.meta.url)), model], {
    encoding: 'utf8',
  });
  if (made.status !== 0) throw new Error(`${args.python}: ${made.stderr}`);
  const versions = JSON.parse(made.stdout.trim().split('\n').at(-1)!) as Record<string, string>;
  process.stdout.write(`against transformers serve: ${Object.entries(versions).flat().join(' ')}\n`);
  const port = await freePort();
  const where = ['--host', '127.0.0.1', '--port', String(port)];
  const server = spawn(args.python, ['-m', 'transformers.cli.transformers', 'serve', model, ...where], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, HF_HUB_OFFLINE: '1', CUDA_VISIBLE_DEVICES: '' },
  });
  let mistakes = '';
  server.stderr!.on('data', (data) => {
    mistakes += String(data);
  });
  for (let i = 0; i < 600; i++) {
    if (server.exitCode !== null) throw new Error(`transformers serve ended: ${mistakes.slice(-2000)}`);
    const up = await fetch(`http://127.0.0.1:${port}/v1/models`).catch(() => undefined);
    if (up?.ok === true) return { url: `http://127.0.0.1:${port}/v1`, model, server };
    await setTimeout(200);
  }
  server.kill('SIGKILL');
  throw new Error('transformers serve did not answer within two minutes');
}

let wrong = 0;
function say(what: string, isRight: boolean, found: unknown): void {
  if (!isRight) wrong += 1;
  process.stdout.write(`${isRight ? 'as expected' : 'WRONG      '}  ${what}: ${JSON.stringify(found)}\n`);
}

const N = 12;
/** Items whose two replies differ in length, and what three people say of them. */
function writeProject(): string {
  const project = out('project');
  const items = Array.from({ length: N }, (_, i) => ({
    id: `i${i}`,
    projectId: 'p',
    prompt: `Question ${i}?`,
    replies: [
      { id: `i${i}/0`, text: i % 2 === 0 ? 'Yes.' : 'No, and here is why.' },
      { id: `i${i}/1`, text: i % 2 === 0 ? 'No, and here is why.' : 'Yes.' },
    ],
    source: { origin: 'interop', selection: 'all' },
  }));
  const presentation = { order: [0, 1], view: 'full', instructionsVersion: '1', shownAt: 'then' };
  const judgments = items.flatMap(({ id }, i) =>
    ['anna', 'ben', 'cleo'].map((raterId) => ({
      ...{ id: `${id}/${raterId}`, projectId: 'p', itemId: id, raterId, presentation, activeMs: null },
      ...{ answer: { kind: 'comparison', outcome: i % 2 }, submittedAt: 'then', source: 'studio' },
    })),
  );
  spawnSync('mkdir', ['-p', project]);
  const lines = (rows: readonly object[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  writeFileSync(join(project, 'items.jsonl'), lines(items));
  writeFileSync(join(project, 'judgments.jsonl'), lines(judgments));
  return project;
}

async function check(url: string, model: string, isTiny: boolean): Promise<void> {
  const project = writeProject();
  const at = ['--endpoint', url, '--model', model];
  const judge = ['feedback', 'judge', project, ...at, '--concurrency', '1', '--out', out('judged')];
  const answers = join(out('judged'), 'answers.jsonl');
  const killed = await goodhart(judge, { file: answers, lines: 5 });
  const kept = readFileSync(answers, 'utf8').split('\n').length - 1;
  say('judge, killed in the middle, kept its answers', killed.code === null && kept >= 5 && kept < 2 * N, { kept });
  const judged = await goodhart(judge);
  const [measure] = judged.result?.measures ?? [];
  const { tally } = judged.result ?? {};
  say(
    'judge, started again, asks only what is left',
    tally?.answered.kept === kept && tally?.answered.now === 2 * N - kept,
    tally ?? judged.mistakes,
  );
  const found = measure && {
    by: measure.asks.by,
    first: measure.position.first.value,
    consistent: measure.position.consistent.value,
    error: measure.agreement.error.value,
  };
  say(
    'judge, measured',
    isTiny ? found?.first === 1 && found?.consistent === 0 && found?.error === 0.5 : found !== undefined,
    found ?? judged.mistakes,
  );
  const again = await goodhart(judge);
  say('judge, a third time, asks nothing', again.result?.tally.requests === 0, again.result?.tally ?? again.mistakes);
  writeFileSync(out('prompts.txt'), 'One?\nTwo?\nThree?\n');
  const generated = await goodhart([
    'feedback',
    'generate',
    out('prompts.txt'),
    ...at,
    '--replies',
    '3',
    '--max-tokens',
    '8',
    '--out',
    out('items'),
  ]);
  say('generate', generated.result?.items === 3, generated.result ?? generated.mistakes);
  const criticised = await goodhart([
    'feedback',
    'critique',
    project,
    ...at,
    '--limit',
    '2',
    '--max-tokens',
    '8',
    '--out',
    out('criticised'),
  ]);
  say('critique', criticised.result?.critiques === 4, criticised.result ?? criticised.mistakes);
  const asked = await goodhart([
    'policy',
    'ask',
    out('prompts.txt'),
    ...at,
    '--base-model',
    model,
    '--replies',
    '2',
    '--max-tokens',
    '8',
    '--out',
    out('asked'),
  ]);
  say(
    'ask',
    asked.result?.prompts === 3,
    asked.result && { evidence: asked.result.evidence, without: asked.result.without },
  );
  const text = await goodhart([
    'feedback',
    'generate',
    out('prompts.txt'),
    ...at,
    '--protocol',
    'completions',
    '--max-tokens',
    '8',
    '--attempts',
    '2',
    '--out',
    out('texts'),
  ]);
  process.stdout.write(
    `${text.code === 0 ? 'offered    ' : 'not offered'}  completions: ${JSON.stringify(text.result?.tally ?? text.mistakes)}\n`,
  );
}

const why =
  args.url === undefined ? missing(args.python, ['transformers', 'torch', 'fastapi', 'uvicorn', 'openai']) : undefined;
if (why !== undefined) {
  process.stdout.write(`nothing checked: ${why}\n`);
} else {
  const { url, model, server } =
    args.url === undefined ? await serve() : { url: args.url, model: args.model ?? '', server: undefined };
  try {
    await check(url, model, args.url === undefined);
  } finally {
    server?.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
  process.exitCode = wrong === 0 ? 0 : 1;
}
