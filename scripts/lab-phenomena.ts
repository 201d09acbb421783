import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { PHENOMENON_IDS, type PhenomenonId } from '../src/lab/phenomena/index.ts';
import type { PhenomenaRuns } from '../src/lab/phenomena-study.ts';

/**
 * `npm run lab:phenomena -- [--seeds 20] [--first-seed 1] [--names a,b]`: runs published phenomena and writes what each run gave
 * into `src/lab/phenomena.json`. Others keep theirs.
 */
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '20' },
    'first-seed': { type: 'string', default: '1' },
    names: { type: 'string', default: PHENOMENON_IDS.join(',') },
  },
});
const names = values.names.split(',').map((name): PhenomenonId => {
  const known = PHENOMENON_IDS.find((id) => id === name);
  if (known !== undefined) return known;
  throw new Error(`--names ${name}: expected some of ${PHENOMENON_IDS.join(', ')}`);
});
const file = 'src/lab/phenomena.json';
const { phenomenaStudy } = await import('../src/lab/phenomena-study.ts');
const [seeds, firstSeed] = [Number(values.seeds), Number(values['first-seed'])];
const phenomena = await phenomenaStudy({ names, seeds, firstSeed }, ({ stage, done, total, unit }) =>
  process.stderr.write(`${stage}: ${done} of ${total} ${unit}\n`),
);
// Read only now: another process may have measured others meanwhile.
const before = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as PhenomenaRuns) : {};
const all: Readonly<Record<string, unknown>> = { ...before, ...phenomena };
const kept = Object.fromEntries(PHENOMENON_IDS.flatMap((id) => (Object.hasOwn(all, id) ? [[id, all[id]]] : [])));
writeFileSync(file, `${JSON.stringify(kept, null, 2)}\n`);
// The compiler's memory of the last build does not notice that a JSON file changed its shape.
rmSync('dist/lab.tsbuildinfo', { force: true });
