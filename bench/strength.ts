/**
 * How fast are strengths from comparisons, how do they grow, and do others find the same? See README.md in this folder.
 *
 * usage: tsx bench/strength.ts [--sizes 10000,100000,1000000] [--models map,ml,…] [--rounds 3]
 *                              [--peer-sizes 10000,100000,1000000] [--no-peer] [--out FILE]
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createRng, fitPreferences, fitRationality, quantile, type RatedComparisons } from '../src/stats/index.ts';
import { generateComparisons } from './strength-data.ts';
import { type Peer, peers } from './strength-peers.ts';

interface Found {
  readonly strengths: Float64Array;
  readonly iterations: number;
  readonly gradient: number;
  readonly logLikelihood: number;
}
interface Model {
  readonly connected: boolean;
  /** Precision of the prior on strengths, for peers; null where they have no such model. */
  readonly peerRidge: number | null;
  prepare(data: RatedComparisons): RatedComparisons;
  estimate(data: RatedComparisons): Found | { readonly undefined: string };
}

/** Every tenth comparison said to be a tie, so that a tie model has some. */
const withTies = (data: RatedComparisons): RatedComparisons => {
  const tied = (e: number) => Number(e % 10 === 9);
  return {
    ...data,
    firstWins: data.firstWins.map((w, e) => w * (1 - tied(e))),
    secondWins: data.secondWins.map((w, e) => w * (1 - tied(e))),
    ties: data.firstWins.map((_, e) => tied(e)),
  };
};
const withStyle = (data: RatedComparisons): RatedComparisons => {
  const rng = createRng('style');
  const covariates = ['length', 'lists'].map((name) => ({ name, values: data.firstWins.map(() => rng.normal()) }));
  return { ...data, covariates };
};
const same = (data: RatedComparisons) => data;

const MODELS = {
  map: { connected: false, peerRidge: 1, prepare: same, estimate: (d) => fitPreferences(d, { ridge: 1 }) },
  ml: { connected: true, peerRidge: 0, prepare: same, estimate: (d) => fitPreferences(d) },
  'map-davidson': {
    connected: false,
    peerRidge: null,
    prepare: withTies,
    estimate: (d) => fitPreferences(d, { ridge: 1 }),
  },
  'map-order-style': {
    connected: false,
    peerRidge: null,
    prepare: withStyle,
    estimate: (d) => fitPreferences(d, { ridge: 1, order: true }),
  },
  'map-rationality': { connected: false, peerRidge: null, prepare: same, estimate: (d) => fitRationality(d) },
} as const satisfies Record<string, Model>;
type ModelName = keyof typeof MODELS;

const here = dirname(fileURLToPath(import.meta.url));
const say = (line: string) => process.stdout.write(`${line}\n`);

interface Case {
  readonly model: ModelName;
  readonly n: number;
}
interface Request extends Case {
  readonly repeats: number;
  /** Where columns and strengths are left for a peer; null leaves nothing. */
  readonly folder: string | null;
}
interface Run {
  readonly seconds: readonly number[];
  readonly cpuSeconds: readonly number[];
  readonly iterations: number;
  readonly gradient: number;
  readonly logLikelihood: number;
  /** Of the whole process: Node.js, the loader, making the data and fitting. */
  readonly peakMB: number;
}

/** Runs one case in this process, from columns to strengths, `repeats` times. */
function measure({ model, n, repeats, folder }: Request): Run {
  const { connected, prepare, estimate }: Model = MODELS[model];
  const data = prepare(generateComparisons(n, { connected }));
  const seconds: number[] = [];
  const cpuSeconds: number[] = [];
  let found: ReturnType<Model['estimate']> | null = null;
  for (let r = 0; r < repeats; r++) {
    const cpu = process.cpuUsage();
    const began = performance.now();
    found = estimate(data);
    seconds.push((performance.now() - began) / 1e3);
    const used = process.cpuUsage(cpu);
    cpuSeconds.push((used.user + used.system) / 1e6);
  }
  if (found === null) throw new RangeError('expected at least one repeat');
  if ('undefined' in found) throw new Error(found.undefined);
  if (folder !== null) {
    writeFileSync(join(folder, 'first.i32'), data.first);
    writeFileSync(join(folder, 'second.i32'), data.second);
    writeFileSync(join(folder, 'firstWins.f64'), data.firstWins);
    writeFileSync(join(folder, 'sizes.json'), JSON.stringify({ contestants: data.contestants }));
    writeFileSync(join(folder, 'ours.f64'), found.strengths);
  }
  const { iterations, gradient, logLikelihood } = found;
  return { seconds, cpuSeconds, iterations, gradient, logLikelihood, peakMB: process.resourceUsage().maxRSS / 1024 };
}

/** The same in a process of its own, so that its peak memory is its own. */
function measureApart(request: Request): Run {
  const script = fileURLToPath(import.meta.url);
  const child = spawnSync(process.execPath, ['--import', 'tsx', script, '--child', JSON.stringify(request)], {
    cwd: join(here, '..'),
    encoding: 'utf8',
  });
  if (child.status !== 0) throw new Error(`${request.model} at ${request.n} comparisons failed:\n${child.stderr}`);
  return JSON.parse(child.stdout) as Run;
}

const best = (values: readonly number[]) => Math.min(...values);

function summary({ model, n, runs }: Case & { readonly runs: readonly Run[] }) {
  const seconds = runs.flatMap((run) => run.seconds);
  const cpuSeconds = runs.flatMap((run) => run.cpuSeconds);
  const { iterations, gradient, logLikelihood } = runs[0]!;
  return {
    model,
    comparisons: n,
    contestants: n / 5,
    raters: Math.max(5, n / 50),
    iterations,
    gradient,
    logLikelihood,
    bestSeconds: best(seconds),
    medianSeconds: quantile(seconds, 0.5),
    firstSeconds: best(runs.map((run) => run.seconds[0]!)),
    bestCpuSeconds: best(cpuSeconds),
    runs: seconds.length,
    peakMB: Math.max(...runs.map((run) => run.peakMB)),
  };
}

/** Sizes and models take turns, so that a busy spell of the machine does not fall on one of them. */
function timings(cases: readonly Case[], rounds: number) {
  const rows = cases.map((c) => ({ ...c, runs: [] as Run[] }));
  for (let round = 0; round < rounds; round++) {
    for (const row of round % 2 === 0 ? rows : [...rows].reverse()) {
      const repeats = Math.max(1, Math.min(7, Math.round(3e5 / row.n)));
      row.runs.push(measureApart({ model: row.model, n: row.n, repeats, folder: null }));
      const { bestSeconds, bestCpuSeconds, iterations, peakMB } = summary(row);
      say(
        `round ${round + 1}: ${row.model} ${row.n} comparisons: best ${bestSeconds.toFixed(3)} s ` +
          `(cpu ${bestCpuSeconds.toFixed(3)} s), ${iterations} iterations, peak ${peakMB.toFixed(0)} MB`,
      );
    }
  }
  return rows.map(summary);
}

/** Exponent b of CPU time ∝ comparisons^b between the smallest and the largest size, by model. */
function growth(rows: readonly ReturnType<typeof summary>[]) {
  return [...new Set(rows.map((row) => row.model))].flatMap((model) => {
    const mine = rows.filter((row) => row.model === model).sort((a, b) => a.comparisons - b.comparisons);
    const [small, large] = [mine[0]!, mine.at(-1)!];
    if (small === large) return [];
    const ratio = Math.log(large.bestCpuSeconds / small.bestCpuSeconds);
    return [
      {
        model,
        from: small.comparisons,
        to: large.comparisons,
        exponent: ratio / Math.log(large.comparisons / small.comparisons),
      },
    ];
  });
}

/** Ours against each peer on the same comparisons; they take turns. */
function comparisons(cases: readonly Case[], scratch: string, rounds: number) {
  const found = peers(scratch);
  for (const peer of found) if ('skipped' in peer) say(`${peer.name}: skipped: ${peer.skipped}`);
  const usable = found.filter((peer): peer is Peer => 'run' in peer);
  const rows = cases.flatMap((request) => {
    const ridge = MODELS[request.model].peerRidge;
    if (ridge === null) return [];
    const folder = mkdtempSync(join(scratch, 'comparisons-'));
    const repeats = request.n <= 1e5 ? 3 : 1;
    const ours: Run[] = [];
    const theirs = usable.map((peer) => ({
      peer,
      runs: [] as { seconds: number; cpuSeconds: number; peakMB: number }[],
    }));
    const notes = new Map<string, { maxDifference: number; implementation: string } | { skipped: string }>();
    // The largest take minutes each; one round of them says enough.
    for (let round = 0; round < (request.n > 1e5 ? 1 : rounds); round++) {
      ours.push(measureApart({ ...request, repeats, folder }));
      for (const { peer, runs } of theirs) {
        const run = peer.run(folder, ridge);
        if ('skipped' in run) {
          notes.set(peer.name, run);
          continue;
        }
        runs.push(run);
        const bytes = readFileSync(join(folder, 'ours.f64'));
        const own = new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
        let maxDifference = 0;
        for (const [i, s] of own.entries()) maxDifference = Math.max(maxDifference, Math.abs(s - run.strengths[i]!));
        notes.set(peer.name, { maxDifference, implementation: run.implementation });
      }
    }
    rmSync(folder, { recursive: true });
    const oursBest = best(ours.flatMap((run) => run.seconds));
    const oursCpu = best(ours.flatMap((run) => run.cpuSeconds));
    return theirs.map(({ peer, runs }) => {
      const note = notes.get(peer.name)!;
      const base = { peer: peer.name, model: request.model, comparisons: request.n, ours: oursBest, oursCpu };
      if ('skipped' in note) {
        say(`${request.model} ${request.n} comparisons against ${peer.name}: skipped: ${note.skipped}`);
        return { ...base, skipped: note.skipped };
      }
      const theirsBest = best(runs.map((run) => run.seconds));
      const theirsCpu = best(runs.map((run) => run.cpuSeconds));
      const theirPeakMB = Math.max(...runs.map((run) => run.peakMB));
      const [ratio, cpuRatio] = [theirsBest / oursBest, theirsCpu / oursCpu];
      say(
        `${request.model} ${request.n} comparisons against ${note.implementation}: ${ratio.toFixed(1)} × faster ` +
          `(cpu ${cpuRatio.toFixed(1)} ×), largest difference of a strength ${note.maxDifference.toExponential(1)}`,
      );
      return { ...base, theirs: theirsBest, theirsCpu, ratio, cpuRatio, theirPeakMB, ...note };
    });
  });
  return { peers: found.map((p) => ({ name: p.name, ...('skipped' in p && { skipped: p.skipped }) })), rows };
}

const { values: args } = parseArgs({
  options: {
    child: { type: 'string' },
    sizes: { type: 'string', default: '10000,100000,1000000' },
    models: { type: 'string', default: Object.keys(MODELS).join(',') },
    rounds: { type: 'string', default: '3' },
    'peer-sizes': { type: 'string', default: '10000,100000,1000000' },
    'no-peer': { type: 'boolean', default: false },
    out: { type: 'string', default: join(here, 'results', 'strength.json') },
  },
});

if (args.child !== undefined) {
  process.stdout.write(JSON.stringify(measure(JSON.parse(args.child) as Request)));
} else {
  const models = args.models.split(',') as ModelName[];
  for (const model of models) {
    if (!(model in MODELS)) throw new RangeError(`expected a model of ${Object.keys(MODELS)}, got ${model}`);
  }
  const casesOf = (sizes: string): Case[] =>
    models.flatMap((model) => sizes.split(',').map((n) => ({ model, n: Number(n) })));
  const rounds = Number(args.rounds);
  const scratch = mkdtempSync(join(tmpdir(), 'strength-bench-'));
  try {
    const load = loadavg();
    const rows = timings(casesOf(args.sizes), rounds);
    const results = {
      machine: { processor: cpus()[0]?.model ?? 'unknown', cores: cpus().length, node: process.version, load },
      timings: rows,
      growth: growth(rows),
      comparison: args['no-peer'] ? null : comparisons(casesOf(args['peer-sizes']), scratch, rounds),
    };
    for (const { model, exponent } of results.growth)
      say(`${model}: CPU time grows as comparisons^${exponent.toFixed(2)}`);
    mkdirSync(dirname(args.out), { recursive: true });
    writeFileSync(args.out, `${JSON.stringify(results, null, 1)}\n`);
    say(`written: ${args.out}`);
  } finally {
    rmSync(scratch, { recursive: true });
  }
}
