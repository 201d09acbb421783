import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { isProbeId, PROBE_IDS, type ProbeId } from '../src/audit/index.ts';

/**
 * `npm run lab:rates -- [--seeds 200] [--first-seed 1001] [--probes a,b]`: measures the rates of probes on their
 * experiments, and how often their intervals hold the true value, and writes them into `src/lab/rates.json`. A new probe compiles
 * once they are there. Other probes keep theirs when they were measured on the same seeds.
 */
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '200' },
    'first-seed': { type: 'string', default: '1001' },
    probes: { type: 'string', default: PROBE_IDS.join(',') },
  },
});
const probes = values.probes.split(',').map((name): ProbeId => {
  if (isProbeId(name)) return name;
  throw new Error(`--probes ${name}: expected some of ${PROBE_IDS.join(', ')}`);
});
const file = 'src/lab/rates.json';
// Read only here: the committed rates may not have the shape of the code yet.
const { measureRates } = await import('../src/lab/index.ts');
const [seeds, firstSeed] = [Number(values.seeds), Number(values['first-seed'])];
const measured = await measureRates({ seeds, firstSeed, probes }, ({ stage, done, total, unit }) =>
  process.stderr.write(`${stage}: ${done} of ${total} ${unit}\n`),
);
// Read only now: another process may have measured other probes meanwhile.
const before = JSON.parse(readFileSync(file, 'utf8')) as { seeds: number; firstSeed: number; probes: object };
const same = before.seeds === seeds && before.firstSeed === firstSeed;
const all: Readonly<Record<string, unknown>> = { ...(same ? before.probes : {}), ...measured.probes };
const kept = Object.fromEntries(PROBE_IDS.flatMap((id) => (Object.hasOwn(all, id) ? [[id, all[id]]] : [])));
writeFileSync(file, `${JSON.stringify({ ...measured, probes: kept }, null, 2)}\n`);
// The compiler's memory of the last build does not notice that a JSON file changed its shape.
rmSync('dist/lab.tsbuildinfo', { force: true });
