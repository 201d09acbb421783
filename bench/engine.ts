/**
 * How fast does the embedded engine train, sample and score, and how do others fare at the same work? See README.md in this
 * folder.
 *
 * usage: tsx bench/engine.ts [--only lm-step,products,…] [--rounds 7] [--threads 2] [--no-peer] [--out FILE]
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createEmbeddedEngine } from '../src/engine-embedded/index.ts';
import { findPeers, type Peer, type Peers, type Run, type Side, type Skipped } from './engine-peers.ts';
import { productsOfStep } from './engine-products.ts';
import {
  enumeratedReplies,
  languageModelStep,
  type OneRun,
  rewardPairs,
  rewardStep,
  rlooStep,
  SPEC,
  sampling,
} from './engine-rows.ts';

const { values: args } = parseArgs({
  options: {
    only: { type: 'string' },
    rounds: { type: 'string', default: '7' },
    threads: { type: 'string', default: '2' },
    'no-peer': { type: 'boolean', default: false },
    out: { type: 'string', default: 'bench/results/engine.json' },
  },
});
const THREADS = Number(args.threads);
const ROUNDS = Number(args.rounds);
const say = (line: string) => process.stderr.write(`${line}\n`);

async function timed(effect: OneRun): Promise<Run> {
  const begin = performance.now();
  const cpu = process.cpuUsage();
  await effect();
  const used = process.cpuUsage(cpu);
  return { seconds: (performance.now() - begin) / 1000, cpuSeconds: (used.user + used.system) / 1e6 };
}

/** Our side of a row: an engine of its own, warmed up by one run. */
async function ourSide(
  name: string,
  make: (engine: ReturnType<typeof createEmbeddedEngine>) => Promise<OneRun>,
): Promise<Side> {
  const engine = createEmbeddedEngine({ threads: THREADS });
  const once = await make(engine);
  await once();
  return { name, run: () => timed(once), close: () => engine.dispose() };
}

const round = (value: number, digits = 4) => Number(value.toPrecision(digits));
function summary(runs: readonly Run[]) {
  const of = (pick: (run: Run) => number) => {
    const sorted = runs.map(pick).sort((a, b) => a - b);
    return { best: round(sorted[0]!), median: round(sorted[Math.floor((sorted.length - 1) / 2)]!) };
  };
  return { wall: of((r) => r.seconds), cpu: of((r) => r.cpuSeconds), runs: runs.length };
}

/** The sides in turn, `rounds` times. */
async function interleave(sides: readonly Side[], rounds: number) {
  const runs = sides.map((): Run[] => []);
  for (let i = 0; i < rounds; i++) for (const [s, side] of sides.entries()) runs[s]!.push(await side.run());
  return runs.map(summary);
}

interface Row {
  readonly question: string;
  /** What the ratio should reach, or with `atMost` not exceed. */
  readonly bar: number;
  readonly atMost?: boolean;
  measure(peers: Peers): Promise<Record<string, unknown>>;
}

/** Ours against the peers that can be had; ratio of times (theirs over ours), above 1 where ours is faster. */
async function against(ours: Side, peers: readonly (Peer | Skipped)[], request: Record<string, unknown>) {
  const sides: Side[] = [ours];
  const skipped: string[] = [];
  for (const peer of peers) {
    const side = 'skipped' in peer ? peer : await peer.prepare({ ...request, spec: SPEC, threads: THREADS });
    if ('skipped' in side) skipped.push(side.skipped);
    else sides.push(side);
  }
  try {
    const results = await interleave(sides, ROUNDS);
    const [mine] = results;
    return {
      ours: mine,
      peers: results.slice(1).map((theirs, i) => ({
        name: sides[i + 1]!.name,
        ...theirs,
        ratio: round(theirs.wall.best / mine!.wall.best, 3),
        ratioOfMedians: round(theirs.wall.median / mine!.wall.median, 3),
        ratioOfCpu: round(theirs.cpu.median / mine!.cpu.median, 3),
      })),
      skipped,
    };
  } finally {
    for (const side of sides) await side.close();
  }
}

/** 99th percentile and largest delay of this process's event loop while `effect` runs, in milliseconds. */
async function eventLoopDelay(effect: OneRun, times: number) {
  const monitor = monitorEventLoopDelay({ resolution: 1 });
  monitor.enable();
  for (let i = 0; i < times; i++) await effect();
  monitor.disable();
  // The monitor's own timer waits its resolution.
  return { p99: round(monitor.percentile(99) / 1e6 - 1, 3), max: round(monitor.max / 1e6 - 1, 3) };
}

async function memory(peers: Peers) {
  const here = dirname(fileURLToPath(import.meta.url));
  const sizes = [LM.batch, LM.time, THREADS].map(String);
  const child = spawnSync(process.execPath, ['--import', 'tsx', join(here, 'engine-memory.ts'), ...sizes], {
    encoding: 'utf8',
  });
  if (child.status !== 0) throw new Error(`engine-memory.ts failed: ${child.stderr}`);
  const { peakMB } = JSON.parse(child.stdout) as { peakMB: number };
  const ours = round(peakMB, 3);
  if ('skipped' in peers.torch) return { ours, skipped: [peers.torch.skipped] };
  const side = await peers.torch.prepare({ prepare: 'language-model', ...LM, spec: SPEC, threads: THREADS });
  if ('skipped' in side) return { ours, skipped: [side.skipped] };
  for (let i = 0; i < 4; i++) await side.run();
  const theirs = await side.peakMB!();
  await side.close();
  return { ours, peers: [{ name: side.name, peakMB: round(theirs, 3), ratio: round(theirs / peakMB, 3) }] };
}

const LM = { batch: 16, time: 128 };
const RLOO = { groups: 8, samples: 8, prompt: 16, count: 48 };
const SAMPLING = { prompt: 16, count: 112 };

const samplingRow = (batch: number): Row => ({
  question: `Sampling ${SAMPLING.count} tokens at batch ${batch}: a snapshot of the weights, then the tokens`,
  bar: 3,
  async measure(peers) {
    const ours = await ourSide('ours', (engine) => sampling(engine, batch, SAMPLING.prompt, SAMPLING.count));
    const result = await against(ours, [peers.hugging, peers.torch], { prepare: 'sampling', batch, ...SAMPLING });
    return { tokensPerSecond: Math.round((batch * SAMPLING.count) / result.ours!.wall.best), ...result };
  },
});

const ROWS: Readonly<Record<string, Row>> = {
  'lm-step': {
    question: `Language-model step, ${LM.batch} x ${LM.time} tokens, with AdamW`,
    bar: 1.3,
    async measure(peers) {
      const ours = await ourSide('ours', (engine) => languageModelStep(engine, LM.batch, LM.time));
      return against(ours, [peers.torch], { prepare: 'language-model', ...LM });
    },
  },
  products: {
    question: 'Share of the matrix-product bound in that step: its products alone, in the same process, over the step',
    bar: 0.8,
    async measure() {
      const step = await ourSide('step', (engine) => languageModelStep(engine, LM.batch, LM.time));
      const products = await productsOfStep(SPEC, LM.batch, LM.time, THREADS);
      await products.run();
      const bound: Side = { name: 'products', run: () => timed(products.run), close: products.close };
      const [whole, alone] = await interleave([step, bound], ROUNDS);
      await step.close();
      await bound.close();
      return {
        ratio: round(alone!.wall.best / whole!.wall.best, 3),
        ratioOfMedians: round(alone!.wall.median / whole!.wall.median, 3),
        gflopsPerSecond: round(products.flops / 1e9 / alone!.wall.best, 3),
        step: whole,
        products: alone,
      };
    },
  },
  'reward-step': {
    question: 'Reward-model step (Bradley-Terry) on 16 pairs, 64 tokens on average, 128 at most, with AdamW',
    bar: 2,
    async measure(peers) {
      const sequences = rewardPairs(16);
      const lengths = sequences.map((s) => s.length);
      const ours = await ourSide('ours', (engine) => rewardStep(engine, sequences));
      const request = { prepare: 'reward', sequences: sequences.map((s) => [...s]) };
      return {
        tokens: { mean: lengths.reduce((a, b) => a + b, 0) / lengths.length, longest: Math.max(...lengths) },
        ...(await against(ours, [peers.hugging, peers.torch], request)),
      };
    },
  },
  'sampling-64': samplingRow(64),
  'sampling-256': samplingRow(256),
  scoring: {
    question:
      'Exact log-probabilities of 10,000 enumerated replies: one call, against each reply alone (1 in 50 of them, times 50)',
    bar: 8,
    async measure(peers) {
      const { sequences, vocabulary } = enumeratedReplies(10_000);
      const spec = { ...SPEC, vocabulary };
      const engine = createEmbeddedEngine({ threads: THREADS });
      const sampler = await (await engine.createModel(spec)).sampler();
      const every = 50;
      const some = sequences.filter((_, i) => i % every === 0);
      const alone = async () => {
        for (const sequence of some) await sampler.logprobs([sequence]);
      };
      const together = async () => void (await sampler.logprobs(sequences));
      const sides = [together, alone].map((run, i): Side => {
        const times = i === 0 ? 1 : every;
        const scaled = (r: Run) => ({ seconds: r.seconds * times, cpuSeconds: r.cpuSeconds * times });
        return { name: `${i}`, run: async () => scaled(await timed(run)), close: async () => {} };
      });
      await together();
      await alone();
      const [shared, each] = await interleave(sides, Math.min(ROUNDS, 7));
      await engine.dispose();
      const request = { prepare: 'scoring', sequences: some.map((s) => [...s]), spec, threads: THREADS };
      const peer = 'skipped' in peers.torch ? peers.torch : await peers.torch.prepare(request);
      let padded: Record<string, unknown> = 'skipped' in peer ? { ...peer } : {};
      if ('run' in peer) {
        const [theirs] = await interleave([peer], ROUNDS);
        await peer.close();
        padded = {
          name: `${peer.name}, padded batch of ${some.length}`,
          ...theirs,
          ratio: round((theirs!.wall.best * every) / shared!.wall.best, 3),
        };
      }
      return {
        ratio: round(each!.wall.best / shared!.wall.best, 3),
        ratioOfMedians: round(each!.wall.median / shared!.wall.median, 3),
        together: shared,
        alone: each,
        padded,
      };
    },
  },
  'rloo-step': {
    question: `RLOO step: ${RLOO.groups * RLOO.samples} completions of ${RLOO.count} tokens, ${RLOO.samples} a prompt, KL to a reference`,
    bar: 3,
    async measure(peers) {
      const ours = await ourSide('ours', (engine) => rlooStep(engine, RLOO));
      return against(ours, [peers.hugging, peers.torch], { prepare: 'rloo', ...RLOO });
    },
  },
  memory: {
    question: 'Peak resident memory of a process that runs the language-model step, in megabytes (theirs over ours)',
    bar: 1,
    measure: memory,
  },
  'event-loop': {
    question: 'Delay of the event loop of the process that asks, while training steps run (p99 in milliseconds)',
    bar: 20,
    atMost: true,
    async measure() {
      const engine = createEmbeddedEngine({ threads: THREADS });
      const step = await languageModelStep(engine, LM.batch, LM.time);
      const [first, steady] = [await eventLoopDelay(step, 1), await eventLoopDelay(step, ROUNDS)];
      await engine.dispose();
      return { ratio: steady.p99, first, steady };
    },
  },
};

const only = args.only?.split(',') ?? Object.keys(ROWS);
for (const name of only)
  if (!(name in ROWS)) throw new Error(`no row ${name}; expected ${Object.keys(ROWS).join(', ')}`);

const scratch = mkdtempSync(join(tmpdir(), 'goodhart-bench-'));
const none = { skipped: '--no-peer' };
const peers = args['no-peer'] ? { torch: none, hugging: none } : findPeers(scratch);
for (const [name, peer] of Object.entries(peers)) if ('skipped' in peer) say(`${name}: skipped, ${peer.skipped}`);
// A row measured before stays until it is measured again.
let before: { rows?: Record<string, unknown> } = {};
try {
  before = JSON.parse(readFileSync(args.out, 'utf8'));
} catch {
  // The first run.
}
const rows: Record<string, unknown> = { ...before.rows };
const machine = () => ({
  node: process.version,
  cpu: cpus()[0]?.model,
  cores: cpus().length,
  memoryGB: Math.round(totalmem() / 2 ** 30),
  load: loadavg().map((l) => round(l, 3)),
});
try {
  for (const name of only) {
    const { question, bar, atMost = false, measure } = ROWS[name]!;
    say(`${name}: ${question}`);
    const result = await measure(peers);
    rows[name] = {
      question,
      [atMost ? 'atMost' : 'atLeast']: bar,
      threads: THREADS,
      at: new Date().toISOString(),
      machine: machine(),
      ...result,
    };
    say(`  ${JSON.stringify(result)}`);
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
  mkdirSync(dirname(args.out), { recursive: true });
  writeFileSync(args.out, `${JSON.stringify({ machine: machine(), rows }, null, 2)}\n`);
}
