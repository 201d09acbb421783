/**
 * What does the Tinker protocol cost? The same calls in this process and through `engine serve`'s server on loopback, turn by turn:
 * a training step of 16 × 128 tokens, a sampling call of 16 prompts, a call that scores 64 sequences, and steps that are submitted
 * ahead over a line with a round trip of 50 ms. Both sides alternate; the bars are 1.1 for a step and for sampling, 1.15 for the line.
 *
 *   npx tsx bench/engine-served.ts [--rounds 9]
 *
 * Prints best and median of both, processor time of their medians, and the ratios of best and of median.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Datum, Engine, ModelSpec, TrainableModel } from '../src/engine/index.ts';
import { createEmbeddedEngine } from '../src/engine-embedded/index.ts';
import { serveEngine } from '../src/engine-server/index.ts';
import { createTinkerEngine } from '../src/engine-tinker/index.ts';
import { createRng } from '../src/stats/index.ts';

const { values: args } = parseArgs({ options: { rounds: { type: 'string', default: '9' } } });
const ROUNDS = Number(args.rounds);
const [ROWS, TOKENS, AHEAD] = [16, 128, 6];
const spec: ModelSpec = {
  vocabulary: 2000,
  width: 128,
  layers: 4,
  heads: 4,
  feedForward: 344,
  maxContext: 256,
  seed: 1,
};
const rng = createRng(5);
const ids = (count: number) => Int32Array.from({ length: count }, () => rng.integer(spec.vocabulary));
const data = Array.from({ length: ROWS }, (): Datum => {
  const row = ids(TOKENS + 1);
  return { tokens: row.slice(0, -1), targets: row.slice(1) };
});
const prompts = Array.from({ length: 16 }, () => ids(32));
const sequences = Array.from({ length: 64 }, () => ids(96));
const ADAM = { learningRate: 1e-4 };

const step = async (model: TrainableModel) => {
  await Promise.all([model.forwardBackward(data, 'cross_entropy'), model.optimStep(ADAM)]);
};
const ahead = async (model: TrainableModel) => {
  await Promise.all(Array.from({ length: AHEAD }, () => step(model)));
};
const sampling = async (model: TrainableModel) => {
  const sampler = await model.sampler({ retain: true });
  return () => sampler.sample(prompts, { n: 4, maxTokens: 64, stop: [], seed: 1 });
};
const scoring = async (model: TrainableModel) => {
  const sampler = await model.sampler({ retain: true });
  return () => sampler.logprobs(sequences);
};

/** Wall and processor milliseconds of all threads. */
interface Run {
  readonly wall: number;
  readonly cpu: number;
}
async function timed(work: () => Promise<unknown>): Promise<Run> {
  const [start, used] = [performance.now(), process.cpuUsage()];
  await work();
  const { user, system } = process.cpuUsage(used);
  return { wall: performance.now() - start, cpu: (user + system) / 1000 };
}
const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

function shown(runs: readonly Run[]): { best: number; middle: number; text: string } {
  const [best, middle, cpu] = [
    Math.min(...runs.map(({ wall }) => wall)),
    median(runs.map(({ wall }) => wall)),
    median(runs.map((run) => run.cpu)),
  ];
  return { best, middle, text: `${best.toFixed(0)} / ${middle.toFixed(0)} ms (processor ${cpu.toFixed(0)})` };
}

type Work = () => Promise<unknown>;

/** Both in turn, so that what else the machine does meets both. */
async function compare(name: string, bar: number, [here, there]: readonly [Work, Work]): Promise<void> {
  await here();
  await there();
  const [a, b]: [Run[], Run[]] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    a.push(await timed(here));
    b.push(await timed(there));
  }
  const [mine, theirs] = [shown(a), shown(b)];
  const [best, middle] = [theirs.best / mine.best, theirs.middle / mine.middle].map((ratio) => ratio.toFixed(2));
  const line = `${name.padEnd(36)} ${mine.text.padEnd(36)} ${theirs.text.padEnd(36)} ${best} / ${middle} (bar ${bar})`;
  process.stdout.write(`${line}\n`);
}

const folder = mkdtempSync(join(tmpdir(), 'goodhart-bench-'));
const [here, behind] = [createEmbeddedEngine({ threads: 1 }), createEmbeddedEngine({ threads: 1 })];
const report = (id: string, error: unknown) => process.stderr.write(`${id}: ${String(error)}\n`);
const server = await serveEngine({ engine: behind, bases: [], folder, port: 0, report });
const later = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
/** A line on which every request and every answer takes 25 ms. */
const far: typeof fetch = async (...request) => {
  await later(25);
  const response = await fetch(...request);
  await later(25);
  return response;
};
const near = createTinkerEngine({ url: server.url });
const distant = createTinkerEngine({ url: server.url, fetch: far });
try {
  process.stdout.write(
    `${'best / median'.padStart(50)}${'behind the protocol'.padStart(36)}   ratio of best / of median\n`,
  );
  const made = (engine: Engine) => engine.createModel(spec);
  const [own, served, remote] = [await made(here), await made(near), await made(distant)];
  await compare(`a step of ${ROWS} × ${TOKENS} tokens`, 1.1, [() => step(own), () => step(served)]);
  await compare('16 × 4 samples of 64 tokens', 1.1, [await sampling(own), await sampling(served)]);
  await compare('64 sequences of 96 tokens scored', 1.1, [await scoring(own), await scoring(served)]);
  await compare(`${AHEAD} steps ahead, round trip 50 ms`, 1.15, [() => ahead(served), () => ahead(remote)]);
} finally {
  await near.dispose();
  await distant.dispose();
  await server.close();
  await Promise.all([here.dispose(), behind.dispose()]);
  rmSync(folder, { recursive: true, force: true });
}
