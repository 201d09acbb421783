import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { COVERAGE, INTERVAL_METHOD_IDS } from '../src/stats/interval-coverage.ts';
import { COVERAGE_CASES, coverageRow } from './coverage-cases.ts';
import { coverageText } from './coverage-text.ts';

/**
 * How often every printed interval holds the truth, written beside the intervals and as a page: npx tsx scripts/coverage.ts
 * `--methods wilson,alpha` measures these anew and keeps the rows of the others, which are the same each time.
 */
const { values } = parseArgs({ options: { methods: { type: 'string', default: INTERVAL_METHOD_IDS.join(',') } } });
const wanted = values.methods.split(',');
const unknown = wanted.filter((name) => !INTERVAL_METHOD_IDS.some((id) => id === name));
if (unknown.length > 0)
  throw new Error(`--methods: expected some of ${INTERVAL_METHOD_IDS.join(', ')}, got ${unknown.join(', ')}`);
const rows = [];
for (const method of INTERVAL_METHOD_IDS) {
  if (!wanted.includes(method)) {
    rows.push(...COVERAGE.filter((row) => row.method === method));
    continue;
  }
  const { sizes, at } = COVERAGE_CASES[method];
  for (const n of sizes) {
    for (const value of at) {
      const row = coverageRow(method, n, value);
      rows.push(row);
      const share = ((100 * row.covered) / row.runs).toFixed(1);
      process.stdout.write(
        `${method.padEnd(16)} n ${String(n).padStart(4)}  ${row.at.padEnd(40)} ${share} % of ${row.runs}\n`,
      );
    }
  }
}
const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const table = { command: 'npx tsx scripts/coverage.ts', rows };
writeFileSync(path('../src/stats/coverage.json'), `${JSON.stringify(table, null, 2)}\n`);
writeFileSync(path('../docs/coverage.md'), coverageText(rows));
