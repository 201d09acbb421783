/**
 * Kills trainings with `kill -9` at random instants and resumes them; the end must be that of a training left alone, bit for bit:
 *
 *   npx tsx scripts/engine-crash.ts --kills 50
 *   npx tsx scripts/engine-crash.ts --kills 50 --run     # whole small runs of `goodhart run`, continued with --resume
 *
 * Exit code 1 when anything differs.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runCrashTrial } from '../src/cli/run-crash.fake.ts';
import { trainingCrashTrial } from '../src/engine-embedded/processes.fake.ts';

const { values: args } = parseArgs({
  options: {
    kills: { type: 'string', default: '50' },
    seed: { type: 'string', default: '1' },
    steps: { type: 'string', default: '150' },
    run: { type: 'boolean', default: false },
  },
});
const place = mkdtempSync(join(tmpdir(), 'goodhart-engine-crash-'));
try {
  const begin = performance.now();
  const progress = (n: number) => {
    if (n % 10 === 0) process.stderr.write(`${n} of ${args.kills} kills\n`);
  };
  const [kills, seed] = [Number(args.kills), Number(args.seed)];
  const report = args.run
    ? await runCrashTrial(place, { kills, seed, progress })
    : await trainingCrashTrial(place, { kills, seed, steps: Number(args.steps), progress });
  const seconds = Math.round((performance.now() - begin) / 1000);
  process.stdout.write(`${args.run ? 'run' : 'training'} crash ${JSON.stringify({ ...report, seed, seconds })}\n`);
  process.exitCode = report.faults.length === 0 ? 0 : 1;
} finally {
  rmSync(place, { recursive: true, force: true });
}
