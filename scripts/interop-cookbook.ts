/**
 * Do recipes of tinker-cookbook run against our server unchanged but for the address? `sl_loop` (supervised) and `rl_loop` (groups
 * of samples, importance sampling) train a model of bytes that was taught here to answer with one of three numbers:
 *
 *   npx tsx scripts/interop-cookbook.ts [--python path/to/python]     # one that has tinker, tinker_cookbook, datasets and torch
 *
 * Data sets and the tokenizer are made in place of the hub's. Exit code 1 where the supervised loss does not fall or `rl_loop`
 * does not come to its end (so few steps do not tell whether its reward rises); without the libraries one line says why nothing was run.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { ModelSpec } from '../src/engine/index.ts';
import { createEmbeddedEngine } from '../src/engine-embedded/index.ts';
import { createRng } from '../src/stats/index.ts';
import { missing } from './interop-python.ts';
import { askThroughServer } from './interop-served.ts';

const { values: args } = parseArgs({
  options: {
    python: { type: 'string', default: 'bench/results/venv/bin/python' },
    steps: { type: 'string', default: '8' },
  },
});
const MODEL = 'Qwen/Qwen3-8B-Base';
const ANSWERS = ['3', '4', '5'];
const spec: ModelSpec = { vocabulary: 257, width: 48, layers: 2, heads: 4, feedForward: 96, maxContext: 640, seed: 1 };
const bytesOf = (text: string) => [...Buffer.from(text, 'utf8')];

const reason = missing(args.python, ['tinker', 'tinker_cookbook', 'datasets', 'torch']);
if (reason !== undefined) {
  process.stdout.write(`nothing was run: ${reason}\n`);
  process.exit(0);
}

/** A checkpoint of a model that answers whatever stands before `Assistant:` with a number in a box. */
async function taught(folder: string): Promise<void> {
  const engine = createEmbeddedEngine({ threads: 1 });
  const model = await engine.createModel(spec);
  const rng = createRng(3);
  for (let step = 0; step < 150; step++) {
    const data = Array.from({ length: 8 }, () => {
      const answer = ANSWERS[rng.integer(ANSWERS.length)]!;
      // Of several lengths, so that the place of the answer does not matter.
      const question = bytesOf(`a question ${'about numbers '.repeat(rng.integer(16))}inside \\boxed{}.\n\nAssistant:`);
      const ids = Int32Array.from([...question, ...bytesOf(` \\boxed{${answer}}\n\nUser:`)]);
      const weights = Float32Array.from({ length: ids.length - 1 }, (_, t) => (t >= question.length - 1 ? 0.02 : 0));
      return { tokens: ids.slice(0, -1), targets: ids.slice(1), weights };
    });
    await model.forwardBackward(data, 'cross_entropy');
    await model.optimStep({ learningRate: 3e-3, gradClipNorm: 1 });
  }
  await model.saveState(folder);
  await engine.dispose();
}

const place = mkdtempSync(join(tmpdir(), 'goodhart-cookbook-'));
try {
  await taught(join(place, 'base'));
  const decode = (ids: readonly number[]) => Buffer.from(ids.filter((id) => id < 256)).toString('utf8');
  const bases = [{ name: MODEL, spec, start: { from: join(place, 'base') }, stop: [256], decode }];
  const request = { model: MODEL, answers: ANSWERS, steps: Number(args.steps) };
  const { nll, rewards } = await askThroughServer<{ nll: number[]; rewards: number[] }>(
    args.python,
    'interop-cookbook.py',
    { bases, request },
  );
  const shown = (values: readonly number[]) => values.map((value) => value.toPrecision(2)).join(' ');
  // One of three answers is wanted: after a step, every batch costs less than the first.
  const falls = Math.max(...nll.slice(1)) < nll[0]!;
  const ends = rewards.length === request.steps && rewards.every(Number.isFinite);
  process.stdout.write(`${falls ? 'falls ' : 'DOES NOT FALL'} sl_loop, loss a token: ${shown(nll)}\n`);
  process.stdout.write(`${ends ? 'ends  ' : 'DOES NOT END'} rl_loop, mean reward: ${shown(rewards)}\n`);
  process.exitCode = falls && ends ? 0 : 1;
} finally {
  rmSync(place, { recursive: true, force: true });
}
