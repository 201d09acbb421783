/**
 * How fast is truth inference, how does it grow, and does it agree with others? See README.md in this folder.
 *
 * usage: tsx bench/truth.ts [--sizes 10000,100000,1000000] [--classes 2,5] [--methods dawid-skene,one-coin,mace,glad]
 *                           [--rounds 3] [--peer-sizes 10000,100000] [--no-peer] [--rates] [--data FOLDER] [--out FILE]
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  dawidSkene,
  glad,
  type LabelSizes,
  type Labels,
  mace,
  majorityVote,
  mostProbable,
  oneCoin,
  quantile,
  type TruthResult,
  wawa,
  wilson,
} from '../src/stats/index.ts';
import { barzan, generateCrowd, itemColumn, ukp } from './truth-data.ts';
import { type Peer, peers } from './truth-peers.ts';
import { detectionRates } from './truth-rates.ts';

/** Where a fit counts as converged: the objective rises by less than this share of its size. */
const TOLERANCE = 1e-7;

export type Method = 'dawid-skene' | 'one-coin' | 'mace' | 'glad';
const METHODS: Record<Method, (labels: Labels, sizes: LabelSizes) => TruthResult> = {
  'dawid-skene': (labels, sizes) => dawidSkene(labels, sizes, { tolerance: TOLERANCE }),
  'one-coin': (labels, sizes) => oneCoin(labels, sizes, { tolerance: TOLERANCE }),
  mace: (labels, sizes) => mace(labels, sizes, { tolerance: TOLERANCE }),
  glad: (labels, sizes) => glad(labels, sizes, { tolerance: TOLERANCE }),
};

const here = dirname(fileURLToPath(import.meta.url));
const say = (line: string) => process.stdout.write(`${line}\n`);

interface Case {
  readonly method: Method;
  readonly n: number;
  readonly classes: number;
  readonly repeats: number;
  /** Where columns and posteriors are left for a peer; null leaves nothing. */
  readonly folder: string | null;
}

interface Run {
  readonly seconds: readonly number[];
  readonly cpuSeconds: readonly number[];
  readonly iterations: number;
  readonly objective: number;
  readonly converged: boolean;
  /** Share of items whose most probable class is the true one. */
  readonly right: number;
  /** Of the whole process: Node.js, the loader, making the data, sorting and fitting. */
  readonly peakMB: number;
}

/** Runs one case in this process: sorts columns into a table and fits, `repeats` times. */
function measure({ method, n, classes, repeats, folder }: Case): Run {
  const { table, truth } = generateCrowd(n, classes);
  const columns = { item: itemColumn(table), rater: table.rater, label: table.label };
  const sizes = { items: table.items, raters: table.raters, classes };
  const seconds: number[] = [];
  const cpuSeconds: number[] = [];
  let fit: TruthResult | null = null;
  for (let r = 0; r < repeats; r++) {
    const cpu = process.cpuUsage();
    const began = performance.now();
    fit = METHODS[method](columns, sizes);
    seconds.push((performance.now() - began) / 1e3);
    const used = process.cpuUsage(cpu);
    cpuSeconds.push((used.user + used.system) / 1e6);
  }
  if (fit === null) throw new RangeError('expected at least one repeat');
  if (folder !== null) {
    for (const [name, column] of Object.entries(columns)) writeFileSync(join(folder, `${name}.i32`), column);
    writeFileSync(join(folder, 'sizes.json'), JSON.stringify(sizes));
    const flat = new Float64Array(table.items * classes);
    for (const [i, row] of fit.posteriors.entries()) flat.set(row, i * classes);
    writeFileSync(join(folder, 'ours.f64'), flat);
  }
  const right = mostProbable(fit.posteriors).filter((k, i) => k === truth[i]).length / table.items;
  return {
    seconds,
    cpuSeconds,
    iterations: fit.objectives.length,
    objective: fit.objectives.at(-1) ?? Number.NaN,
    converged: fit.converged,
    right,
    peakMB: process.resourceUsage().maxRSS / 1024,
  };
}

/** The same in a process of its own, so that its peak memory is its own. */
function measureApart(request: Case): Run {
  const script = fileURLToPath(import.meta.url);
  const child = spawnSync(process.execPath, ['--import', 'tsx', script, '--child', JSON.stringify(request)], {
    cwd: join(here, '..'),
    encoding: 'utf8',
  });
  if (child.status !== 0) throw new Error(`${request.method} at ${request.n} labels failed:\n${child.stderr}`);
  return JSON.parse(child.stdout) as Run;
}

const best = (values: readonly number[]) => Math.min(...values);

interface Row {
  readonly method: Method;
  readonly n: number;
  readonly classes: number;
  readonly runs: Run[];
}

function summary({ method, n, classes, runs }: Row) {
  const seconds = runs.flatMap((run) => run.seconds);
  const cpuSeconds = runs.flatMap((run) => run.cpuSeconds);
  const { iterations, objective, converged, right } = runs[0]!;
  return {
    method,
    labels: n,
    items: n / 5,
    raters: Math.max(5, n / 50),
    classes,
    tolerance: TOLERANCE,
    iterations,
    converged,
    objective,
    right,
    bestSeconds: best(seconds),
    medianSeconds: quantile(seconds, 0.5),
    bestCpuSeconds: best(cpuSeconds),
    runs: seconds.length,
    peakMB: Math.max(...runs.map((run) => run.peakMB)),
  };
}

/** Sizes and methods take turns, so that a busy spell of the machine does not fall on one of them. */
function timings(cases: readonly Omit<Case, 'repeats' | 'folder'>[], rounds: number) {
  const rows: Row[] = cases.map((c) => ({ ...c, runs: [] }));
  for (let round = 0; round < rounds; round++) {
    for (const row of round % 2 === 0 ? rows : [...rows].reverse()) {
      const repeats = Math.max(1, Math.min(7, Math.round(3e5 / row.n)));
      row.runs.push(measureApart({ ...row, repeats, folder: null }));
      const { method, labels, classes, bestSeconds, bestCpuSeconds, iterations, peakMB } = summary(row);
      say(
        `round ${round + 1}: ${method} ${labels} labels ${classes} classes: best ${bestSeconds.toFixed(3)} s ` +
          `(cpu ${bestCpuSeconds.toFixed(3)} s), ${iterations} iterations, peak ${peakMB.toFixed(0)} MB`,
      );
    }
  }
  return rows.map(summary);
}

/** Exponent b of time per iteration ∝ labels^b between the smallest and the largest size, per method and classes. */
function growth(rows: readonly ReturnType<typeof summary>[]) {
  const groups = new Map<string, (typeof rows)[number][]>();
  for (const row of rows) {
    const name = `${row.method}, ${row.classes} classes`;
    groups.set(name, [...(groups.get(name) ?? []), row]);
  }
  return [...groups].flatMap(([name, group]) => {
    const [small, large] = [group[0]!, group.at(-1)!];
    if (small.labels === large.labels) return [];
    const each = (row: (typeof group)[number]) => row.bestCpuSeconds / row.iterations;
    const exponent = Math.log(each(large) / each(small)) / Math.log(large.labels / small.labels);
    return [{ name, from: small.labels, to: large.labels, exponentPerIteration: exponent }];
  });
}

/** Ours against each peer on the same labels for the same number of iterations; they take turns. */
function comparisons(cases: readonly Omit<Case, 'repeats' | 'folder'>[], scratch: string, rounds: number) {
  const found = peers(scratch);
  for (const peer of found) if ('skipped' in peer) say(`${peer.name}: skipped: ${peer.skipped}`);
  const usable = found.filter((peer): peer is Peer => 'run' in peer);
  const rows = cases.flatMap((request) => {
    const folder = mkdtempSync(join(scratch, 'labels-'));
    const ours: Run[] = [];
    const theirs = usable.map((peer) => ({
      peer,
      runs: [] as { seconds: number; cpuSeconds: number; peakMB: number }[],
    }));
    const notes = new Map<string, { maxDifference: number; implementation: string } | { skipped: string }>();
    for (let round = 0; round < rounds; round++) {
      ours.push(measureApart({ ...request, repeats: request.n <= 1e5 ? 3 : 1, folder }));
      for (const { peer, runs } of theirs) {
        const run = peer.run(folder, request.method, ours[0]!.iterations);
        if ('skipped' in run) {
          notes.set(peer.name, run);
          continue;
        }
        runs.push(run);
        const bytes = readFileSync(join(folder, 'ours.f64'));
        const own = new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
        let maxDifference = 0;
        for (const [c, p] of own.entries()) maxDifference = Math.max(maxDifference, Math.abs(p - run.posteriors[c]!));
        notes.set(peer.name, { maxDifference, implementation: run.implementation });
      }
    }
    rmSync(folder, { recursive: true });
    const oursBest = best(ours.flatMap((run) => run.seconds));
    const oursCpu = best(ours.flatMap((run) => run.cpuSeconds));
    return theirs.map(({ peer, runs }) => {
      const { method, n, classes } = request;
      const note = notes.get(peer.name)!;
      const base = { peer: peer.name, method, labels: n, classes, iterations: ours[0]!.iterations, ours: oursBest };
      if ('skipped' in note) {
        say(`${method} ${n} labels ${classes} classes against ${peer.name}: skipped: ${note.skipped}`);
        return { ...base, skipped: note.skipped };
      }
      const theirsBest = best(runs.map((run) => run.seconds));
      const theirsCpu = best(runs.map((run) => run.cpuSeconds));
      const row = {
        ...base,
        theirs: theirsBest,
        ratio: theirsBest / oursBest,
        cpuRatio: theirsCpu / oursCpu,
        theirPeakMB: Math.max(...runs.map((run) => run.peakMB)),
        ...note,
      };
      say(
        `${method} ${n} labels ${classes} classes against ${note.implementation}: ${row.ratio.toFixed(1)} × faster ` +
          `(cpu ${row.cpuRatio.toFixed(1)} ×), largest difference of a posterior ${note.maxDifference.toExponential(1)}`,
      );
      return row;
    });
  });
  const peersFound = found.map((peer) => ({
    name: peer.name,
    ...('skipped' in peer ? { skipped: peer.skipped } : {}),
  }));
  return { peers: peersFound, rows };
}

/** Accuracy against gold on public crowds in a folder. A tie for the top counts as wrong. */
function accuracyOnPublic(folder: string) {
  return [barzan(folder), ukp(folder)].flatMap(({ name, labels, sizes, gold }) => {
    const fits: Record<string, () => TruthResult> = {
      majority: () => majorityVote(labels, sizes),
      wawa: () => wawa(labels, sizes),
      'dawid-skene': () => dawidSkene(labels, sizes, { iterations: 2000 }),
      'dawid-skene, smoothing 1': () => dawidSkene(labels, sizes, { smoothing: 1 }),
      'one-coin': () => oneCoin(labels, sizes),
      mace: () => mace(labels, sizes),
      glad: () => glad(labels, sizes),
    };
    return Object.entries(fits).map(([method, infer]) => {
      const fit = infer();
      const known = mostProbable(fit.posteriors).flatMap((k, i) => (gold[i] === null ? [] : [k === gold[i]]));
      const k = known.filter((right) => right).length;
      const { low, high } = wilson(k, known.length);
      const share = k / known.length;
      say(
        `${name}: ${method} equals gold on ${share.toFixed(3)} of ${known.length} (95 % ${low.toFixed(3)}–${high.toFixed(3)})`,
      );
      const notes = fit.notes.map(({ code, count }) => ({ code, count }));
      return { data: name, method, share, n: known.length, low, high, converged: fit.converged, notes };
    });
  });
}

const numbers = (text: string): number[] => text.split(',').map(Number);

const { values: args } = parseArgs({
  options: {
    child: { type: 'string' },
    sizes: { type: 'string', default: '10000,100000,1000000' },
    classes: { type: 'string', default: '2,5' },
    methods: { type: 'string', default: Object.keys(METHODS).join(',') },
    rounds: { type: 'string', default: '3' },
    'peer-sizes': { type: 'string', default: '10000,100000' },
    'no-peer': { type: 'boolean', default: false },
    rates: { type: 'boolean', default: false },
    data: { type: 'string' },
    out: { type: 'string', default: join(here, 'results', 'truth.json') },
  },
});

if (args.child !== undefined) {
  process.stdout.write(JSON.stringify(measure(JSON.parse(args.child) as Case)));
} else {
  const methods = args.methods.split(',') as Method[];
  for (const method of methods)
    if (!(method in METHODS)) throw new RangeError(`expected a method of ${Object.keys(METHODS)}, got ${method}`);
  const rounds = Number(args.rounds);
  const casesOf = (sizes: number[]) =>
    numbers(args.classes).flatMap((classes) => methods.flatMap((method) => sizes.map((n) => ({ method, n, classes }))));
  const scratch = mkdtempSync(join(tmpdir(), 'truth-bench-'));
  try {
    const rows = timings(casesOf(numbers(args.sizes)), rounds);
    const results = {
      machine: {
        processor: cpus()[0]?.model ?? 'unknown',
        cores: cpus().length,
        node: process.version,
        load: loadavg(),
      },
      timings: rows,
      growth: growth(rows),
      comparison: args['no-peer'] ? null : comparisons(casesOf(numbers(args['peer-sizes'])), scratch, rounds),
      correlatedErrors: args.rates ? detectionRates(200, say) : null,
      publicCrowds: args.data === undefined ? null : accuracyOnPublic(args.data),
    };
    for (const { name, exponentPerIteration } of results.growth) {
      say(`${name}: time per iteration grows as labels^${exponentPerIteration.toFixed(2)}`);
    }
    mkdirSync(dirname(args.out), { recursive: true });
    writeFileSync(args.out, `${JSON.stringify(results, null, 1)}\n`);
    say(`written: ${args.out}`);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
