import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { RatesFile } from '../src/quality/detector-rates.ts';
import { DETECTOR_IDS } from '../src/quality/index.ts';
import { measureRates, POOL } from '../src/quality/measure-rates.fake.ts';

/**
 * Power and false alarms of every detector on simulated pools, written beside the detectors:
 * npx tsx scripts/detector-rates.ts --seeds 100
 */
const { values } = parseArgs({ options: { seeds: { type: 'string', default: '100' } } });
const runs = Number(values.seeds);
const seeds = Array.from({ length: runs }, (_, i) => i + 1);
const detectors: Record<string, unknown> = {};
for (const id of DETECTOR_IDS) {
  const rates = measureRates(id, seeds);
  detectors[id] = rates;
  const powers = rates.planted.map(({ strength, power }) => `${strength}: ${power.toFixed(2)}`).join('  ');
  process.stdout.write(`${id.padEnd(20)} clean ${rates.clean.alarms}/${rates.clean.runs}  power ${powers}\n`);
}
const round = (_: string, value: unknown) =>
  typeof value === 'number' ? (Math.abs(value) < 1e-9 ? 0 : Number(value.toPrecision(4))) : value;
const file = {
  command: `npx tsx scripts/detector-rates.ts --seeds ${runs}`,
  seeds: { from: 1, to: runs },
  pool: POOL,
  detectors: detectors as RatesFile['detectors'],
} satisfies RatesFile;
const path = fileURLToPath(new URL('../src/quality/detector-rates.json', import.meta.url));
writeFileSync(path, `${JSON.stringify(file, round, 2)}\n`);
