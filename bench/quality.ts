import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Item, Judgment } from '../src/feedback/index.ts';
import { ColumnsBuilder, columnsReport } from '../src/quality/index.ts';
import { createRng, sigmoid } from '../src/stats/index.ts';

/**
 * How long does the whole quality report take, from judgments to JSON, and how does it grow?
 * npx tsx bench/quality.ts                 10⁴, 10⁵ and 10⁶ comparisons, five an item, fifty a rater
 * taskset -c 0 node --single-threaded-gc --import tsx bench/quality.ts     the same on one core
 */
const { values } = parseArgs({ options: { sizes: { type: 'string', default: '10000,100000,1000000' } } });
const REPLICATES = 100;

function itemsOf(count: number): Item[] {
  const rng = createRng('bench/quality/items');
  return Array.from({ length: count }, (_, i) => {
    const id = `item-${i}`;
    return {
      id,
      projectId: 'bench',
      prompt: `question ${i}`,
      replies: [0, 1].map((k) => ({ id: `${id}/${k}`, text: 'x'.repeat(40 + rng.integer(400)) })),
      source: { origin: 'bench', selection: 'random' },
      gold: rng.integer(2),
      strata: { topic: `topic ${i % 12}` },
    };
  });
}

/** Judgments one at a time, as a store would stream them: each is made, added to the columns, and gone. */
function* judgmentsOf(items: readonly Item[], raters: number): Generator<Judgment> {
  const rng = createRng('bench/quality/judgments');
  const ability = Array.from({ length: raters }, () => 1.2 + 0.8 * rng.normal());
  const ease = items.map(() => 0.5 * rng.normal());
  const started = Date.UTC(2026, 0, 1);
  for (const [i, item] of items.entries()) {
    const seen = new Set<number>();
    for (let k = 0; k < 5; k++) {
      let rater = rng.integer(raters);
      while (seen.has(rater)) rater = rng.integer(raters);
      seen.add(rater);
      const gold = item.gold as number;
      const right = rng.uniform() < sigmoid(ability[rater]! + ease[i]!);
      const first = (i + k) % 2;
      const activeMs = Math.round(12_000 * Math.exp(0.5 * rng.normal()));
      const at = new Date(started + i * 1000 + k * 60_000).toISOString();
      yield {
        id: `${item.id}/${rater}`,
        projectId: 'bench',
        itemId: item.id,
        raterId: `rater-${rater}`,
        presentation: { order: [first, 1 - first], view: 'full', instructionsVersion: '1', shownAt: at },
        answer: { kind: 'comparison', outcome: rng.uniform() < 0.05 ? 'tie' : right ? gold : 1 - gold },
        activeMs,
        submittedAt: at,
        source: 'bench',
      };
    }
  }
}

const results = [];
for (const judgments of values.sizes.split(',').map(Number)) {
  const items = itemsOf(judgments / 5);
  const raters = Math.max(20, judgments / 50);
  const builder = new ColumnsBuilder(items);
  const clock = { wall: 0, cpu: 0 };
  const timed = <T>(work: () => T): T => {
    const [wall, cpu] = [performance.now(), process.cpuUsage()];
    const made = work();
    const { user, system } = process.cpuUsage(cpu);
    clock.wall += (performance.now() - wall) / 1000;
    clock.cpu += (user + system) / 1e6;
    return made;
  };
  // Making the judgments is the benchmark's own work: they come in batches, and only reading these is timed.
  let batch: Judgment[] = [];
  const read = () => {
    const own = batch;
    batch = [];
    timed(() => {
      for (const judgment of own) builder.add(judgment);
    });
  };
  for (const judgment of judgmentsOf(items, raters)) if (batch.push(judgment) === 1000) read();
  read();
  const reading = { ...clock };
  const report = timed(() => columnsReport(builder.finish(), { seed: 1, replicates: REPLICATES }));
  const row = {
    judgments,
    items: items.length,
    raters,
    replicates: REPLICATES,
    seconds: { reading: reading.wall, report: clock.wall - reading.wall, all: clock.wall },
    cpuSeconds: { reading: reading.cpu, report: clock.cpu - reading.cpu, all: clock.cpu },
    peakMegabytes: Math.round(process.resourceUsage().maxRSS / 1024),
    alpha: 'value' in report.alphaNominal ? report.alphaNominal.value : null,
    flags: report.detectors.reduce((sum, d) => sum + d.flags.length, 0),
  };
  results.push(row);
  process.stdout.write(`${JSON.stringify(row)}\n`);
}
const oneCore = process.execArgv.includes('--single-threaded-gc');
const command = oneCore
  ? 'taskset -c 0 node --single-threaded-gc --import tsx bench/quality.ts'
  : 'npx tsx bench/quality.ts';
const folder = fileURLToPath(new URL('results/', import.meta.url));
mkdirSync(folder, { recursive: true });
// On a busy machine the wall clock counts the others' work; CPU seconds stand beside it.
const machine = { cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length, node: process.version, load: loadavg() };
writeFileSync(`${folder}quality.json`, `${JSON.stringify({ command, machine, results }, null, 2)}\n`);
