/**
 * Does the official Tinker SDK train our engine to our numbers? It drives `engine serve`'s server over a socket (supervised
 * steps, ratio losses, a custom loss, sampling, scoring, saving, loading), and the same is done in this process beside it:
 *
 *   npx tsx scripts/interop-tinker.ts [--python path/to/python]     # one that has tinker and torch
 *
 * A line per case with the largest difference, relative where a number is larger than one. Exit code 1 where one exceeds 1e-5
 * or a loss does not fall; without the libraries one line says why nothing was checked.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Datum, ModelSpec, TrainableModel } from '../src/engine/index.ts';
import { createEmbeddedEngine } from '../src/engine-embedded/index.ts';
import { LORA_ALPHA } from '../src/engine-server/index.ts';
import { readPretrainedSpec } from '../src/model/node.ts';
import { createRng } from '../src/stats/index.ts';
import { missing } from './interop-python.ts';
import { askThroughServer } from './interop-served.ts';

const { values: args } = parseArgs({
  options: { python: { type: 'string', default: 'bench/results/venv/bin/python' } },
});
const TOLERANCE = 1e-5;
const FIXTURE = fileURLToPath(new URL('../fixtures/pretrained/llama', import.meta.url));
const [STEPS, RANK, SEED, RATE] = [4, 4, 3, 1e-2];

interface Step {
  readonly loss: number;
  readonly norm: number;
  readonly logprobs?: number[][];
}
interface Drawn {
  readonly tokens: number[];
  readonly logprobs: number[];
}
interface Answers {
  readonly train: Step[];
  readonly ratio: Step[];
  readonly custom: Step[];
  readonly resumed: Step[];
  readonly scored: number[][];
  readonly kept: number[][];
  readonly greedy: Drawn[][];
  readonly drawn: Drawn[][];
  readonly listed: string[];
  readonly weights: object;
  readonly info: string;
}

const spec: ModelSpec = { ...readPretrainedSpec(FIXTURE), seed: 1 };
const rng = createRng(11);
const ids = (count: number) => Array.from({ length: count }, () => 2 + rng.integer(spec.vocabulary - 2));
const data = [ids(9), ids(4), ids(12), ids(6)];
const pairs = [ids(7), ids(5), ids(8), ids(8)];
const prompts = [ids(3), ids(6)];

const datum = (tokens: readonly number[]): Datum => ({
  tokens: Int32Array.from(tokens.slice(0, -1)),
  targets: Int32Array.from(tokens.slice(1)),
});
const adam = { learningRate: RATE, beta1: 0.9, beta2: 0.95, eps: 1e-8 };
const plain = (rows: readonly Float32Array[]) => rows.map((row) => Array.from(row));
const sum = (row: Float32Array) => row.reduce((a, b) => a + b, 0);

async function train(model: TrainableModel): Promise<Step[]> {
  const steps: Step[] = [];
  for (let step = 0; step < STEPS; step++) {
    const { loss, logprobs } = await model.forwardBackward(data.map(datum), 'cross_entropy');
    steps.push({ loss, logprobs: plain(logprobs), norm: (await model.optimStep(adam)).gradNorm });
  }
  return steps;
}

async function ratios(model: TrainableModel): Promise<Step[]> {
  const steps: Step[] = [];
  for (const loss of ['importance_sampling', 'ppo', 'cispo'] as const) {
    const rated = data.map(datum).map((each, i) => ({
      ...each,
      logprobs: new Float32Array(each.tokens.length).fill(-2),
      advantages: new Float32Array(each.tokens.length).fill(0.5 - (i % 2)),
    }));
    const output = await model.forwardBackward(rated, loss);
    steps.push({ loss: output.loss, norm: (await model.optimStep({ ...adam, learningRate: 0 })).gradNorm });
  }
  return steps;
}

async function preferences(model: TrainableModel): Promise<Step[]> {
  const steps: Step[] = [];
  for (let step = 0; step < STEPS; step++) {
    const { loss } = await model.forwardBackwardCustom(pairs.map(datum), (logprobs) => {
      const margins = [0, 2].map((i) => sum(logprobs[i]!) - sum(logprobs[i + 1]!));
      const slopes = margins.map((m) => -0.3 / (1 + Math.exp(0.3 * m)));
      return {
        loss: margins.reduce((total, m) => total + Math.log1p(Math.exp(-0.3 * m)), 0),
        gradients: logprobs.map((row, i) => row.map(() => (i % 2 === 0 ? 1 : -1) * slopes[Math.floor(i / 2)]!)),
      };
    });
    steps.push({ loss, norm: (await model.optimStep(adam)).gradNorm });
  }
  return steps;
}

/** The same in this process. */
async function here(): Promise<Omit<Answers, 'info' | 'listed' | 'weights'>> {
  const engine = createEmbeddedEngine({ threads: 1 });
  const place = mkdtempSync(join(tmpdir(), 'goodhart-here-'));
  try {
    const lora = { rank: RANK, alpha: LORA_ALPHA };
    const model = await engine.createModel({ ...spec, seed: SEED, lora }, { from: FIXTURE });
    const trained = await train(model);
    await model.saveState(join(place, 'half-way'));
    const ratio = await ratios(model);
    const custom = await preferences(model);
    const sampler = await model.sampler();
    const sequences = prompts.map((each) => Int32Array.from(each));
    const scored = plain(await sampler.logprobs(sequences));
    const draw = async (more: { n: number; temperature?: number }) => {
      const groups: Drawn[][] = [];
      for (const prompt of sequences) {
        const [samples] = await sampler.sample([prompt], { maxTokens: 6, stop: [], seed: 5, ...more });
        groups.push(samples!.map(({ tokens, logprobs }) => ({ tokens: [...tokens], logprobs: Array.from(logprobs) })));
      }
      return groups;
    };
    const [greedy, drawn] = [await draw({ n: 1, temperature: 0 }), await draw({ n: 3 })];
    await model.loadState(join(place, 'half-way'));
    const resumed = await train(model);
    return { train: trained, ratio, custom, scored, kept: scored, greedy, drawn, resumed };
  } finally {
    await engine.dispose();
    rmSync(place, { recursive: true, force: true });
  }
}

/** What the SDK finds through the server. */
function there(): Promise<Answers> {
  const bases = [{ name: 'local/llama', spec, start: { from: FIXTURE } }];
  const request = { base: 'local/llama', data, pairs, prompts, steps: STEPS, rank: RANK, seed: SEED, rate: RATE };
  return askThroughServer<Answers>(args.python, 'interop-tinker.py', { bases, request });
}

const numbersIn = (value: unknown): number[] =>
  typeof value === 'number' ? [value] : Array.isArray(value) ? value.flatMap(numbersIn) : [];
const flat = (value: unknown): number[] =>
  numbersIn(JSON.parse(JSON.stringify(value), (_, v) => (v && typeof v === 'object' ? Object.values(v) : v)));

function difference(got: unknown, want: unknown): number {
  const [a, b] = [flat(got), flat(want)];
  if (a.length !== b.length || a.length === 0) return Number.POSITIVE_INFINITY;
  return Math.max(...a.map((value, i) => Math.abs(value - b[i]!) / Math.max(1, Math.abs(b[i]!))));
}

const reason = missing(args.python, ['tinker', 'torch']);
if (reason !== undefined) {
  process.stdout.write(`nothing was checked: ${reason}\n`);
  process.exit(0);
}
const got = await there();
const want = await here();
let failed = false;
const line = (name: string, ok: boolean, text: string) => {
  failed ||= !ok;
  process.stdout.write(`${ok ? 'agrees ' : 'DIFFERS'} ${name.padEnd(42)} ${text}\n`);
};
const CASES = {
  train: 'supervised steps: loss, logprobs, norm',
  ratio: 'importance_sampling, ppo, cispo',
  custom: 'custom loss (DPO) through two passes',
  scored: 'log-probabilities of a sampler',
  kept: 'the same of saved sampler weights',
  greedy: 'greedy samples',
  drawn: 'seeded samples',
  resumed: 'steps resumed from a saved state',
} as const;
for (const [key, name] of Object.entries(CASES) as [keyof typeof CASES, string][]) {
  const off = difference(got[key], want[key]);
  line(name, off <= TOLERANCE, off.toExponential(1));
}
const falls = (steps: readonly Step[]) => steps.at(-1)!.loss < steps[0]!.loss;
line(
  'losses fall',
  falls(got.train) && falls(got.custom) && falls(got.resumed),
  `${got.train.map((s) => s.loss.toFixed(2)).join(' ')}`,
);
line(
  'saved states are listed',
  got.listed.length === 2,
  got.listed.map((path) => path.split('/').slice(3).join('/')).join(', '),
);
process.exit(failed ? 1 : 0);
