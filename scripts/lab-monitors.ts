import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { watchRuns } from '../src/lab/monitor-study.ts';
import { digestValue } from '../src/run/index.ts';

/**
 * `npm run lab:monitors -- [--runs 200] [--first-seed 20001]`: watches runs and writes how high every signal stood in each into
 * `src/lab/monitors.json`. The rates of `goodhart lab monitors` and of every disclosure follow from these.
 */
const { values } = parseArgs({
  options: { runs: { type: 'string', default: '200' }, 'first-seed': { type: 'string', default: '20001' } },
});
const [runs, firstSeed] = [Number(values.runs), Number(values['first-seed'])];
const watched = await watchRuns({ runs, firstSeed }, ({ stage, done, total, unit }) =>
  process.stderr.write(`${stage}: ${done} of ${total} ${unit}\n`),
);
const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
const file = {
  command: `npm run lab:monitors -- --runs ${runs} --first-seed ${firstSeed}`,
  versions: { goodhart: version, node: process.version },
  /** Of what follows: whoever watches these runs again gets the same. */
  digest: digestValue(watched),
  ...watched,
};
writeFileSync('src/lab/monitors.json', `${JSON.stringify(file, null, 2)}\n`);
// The compiler's memory of the last build does not notice that a JSON file changed its shape.
if (existsSync('dist/lab.tsbuildinfo')) rmSync('dist/lab.tsbuildinfo');
