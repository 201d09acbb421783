import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { COVERAGE_CASES, coverageLabel, coverageRow } from '../scripts/coverage-cases.ts';
import { coverageText } from '../scripts/coverage-text.ts';
import {
  COVERAGE,
  coverageAt,
  coverageRemark,
  INTERVAL_METHOD_IDS,
  INTERVAL_METHODS,
  type IntervalMethodId,
  LEAST_COVERAGE,
} from '../src/stats/interval-coverage.ts';

const ROOT = resolve(import.meta.dirname, '..');

/** Files that hold the bounds of intervals without deciding how they are made for a report, and why. */
const NO_METHOD: ReadonlyMap<RegExp, string> = new Map([
  [
    /^audit\/(finding|guessers|observed-drop|opposite-orders|rank-validity|run-audit|share-difference|shared-preference|two-sample|two-way-share)\.ts$|^audit\/probes\//,
    'probes: coverage by goodhart lab rates',
  ],
  [/^audit\/chains\//, 'stations that are no probe: coverage in chains.test.ts'],
  [/^lab\/(monitor-study|rater-study|rates)\.ts$/, 'rates of probes, signals and intervals: counts of runs, by wilson'],
  [
    /^(lab\/(kept-gold|phenomena-study|phenomena\/phenomenon)|reward\/(breakdown|distance|rewrites|people\/(difference|find-groups))|disclosure\/exports\/disclosed-run)\.ts$/,
    'means and shares of the table above, or passed on; percentile bootstraps over prompts (kept-gold, distance, difference) are not measured',
  ],
  [/^reward\/people\/people\.ts$/, 'raters beside a reward: coverage by goodhart lab raters'],
  [/^quality\/detectors\//, 'beside a flag, which was chosen for being extreme'],
  [
    /^(pipeline\/(report\/paths|results)|quality\/(document\/(time|truth)|consistency|truth-report)|reward\/document|server\/(project-pages|tables))\.ts$/,
    'passes on what was made elsewhere',
  ],
  [/^stats\/(cluster-bootstrap|kendall-w|rater-rationality|sequential-outlier)\.ts$/, 'printed by no report'],
  [/^stats\/correlated-errors\.ts$/, 'the width of chance under independence, beside a p-value'],
  [/^(reward\/features|stats\/calibration)\.ts$/, 'edges of a scale or of bins'],
]);

const MAKES = /\blow: [^z;]*,\s*high: |\{ low, high|wilson(At)?\(|bootstrap\(|bootstrapTally\(/;
const sources = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }).filter(
  (file) => file.endsWith('.ts') && !/\.(test|contract|fake)\.ts$/.test(file),
);
const makers = sources.filter((file) => MAKES.test(readFileSync(join(ROOT, 'src', file), 'utf8')));

describe('intervals that are printed', () => {
  it('stand in the one list, file by file, and nothing stands there that is gone', () => {
    const listed = new Set(Object.values(INTERVAL_METHODS).flatMap(({ files }): readonly string[] => files));
    const known = (file: string) => listed.has(file) || [...NO_METHOD.keys()].some((pattern) => pattern.test(file));
    expect(makers.filter((file) => !known(file))).toEqual([]);
    expect([...listed].filter((file) => !sources.includes(file))).toEqual([]);
    for (const pattern of NO_METHOD.keys())
      expect(
        makers.some((file) => pattern.test(file)),
        String(pattern),
      ).toBe(true);
  });
  it('have a measured row for every size and edge', () => {
    const wanted = INTERVAL_METHOD_IDS.flatMap((method) => {
      const { sizes, at } = COVERAGE_CASES[method];
      return sizes.flatMap((n) => at.map((value) => `${method} ${n} ${coverageLabel(method, value)}`));
    });
    expect(COVERAGE.map(({ method, n, at }) => `${method} ${n} ${at}`)).toEqual(wanted);
    for (const { covered, runs, drawn } of COVERAGE) {
      expect(runs).toBeGreaterThan(100);
      expect(covered).toBeLessThanOrEqual(runs);
      expect(runs).toBeLessThanOrEqual(drawn);
    }
  });
  it.each([
    ['wilson', 10, 0.97],
    ['cluster-share', 4, 0.97],
    ['alpha', 10, 0.03],
    ['cluster-mean', 4, 1],
    ['mean', 20, 3],
  ] as const)('%s of %i at %f is measured again to the bit', (method, n, at) => {
    const again = coverageRow(method, n, at);
    expect(COVERAGE.find((row) => row.method === method && row.n === n && row.at === again.at)).toEqual(again);
  });
  it('are on the page as they are in the table', () => {
    expect(readFileSync(join(ROOT, 'docs/coverage.md'), 'utf8')).toBe(coverageText(COVERAGE));
  });
  it('have a remark exactly where they cover too little', () => {
    for (const method of INTERVAL_METHOD_IDS) {
      for (const n of COVERAGE_CASES[method].sizes) {
        const { share } = coverageAt(method, n);
        expect(coverageRemark(method, n) === null).toBe(share >= LEAST_COVERAGE);
      }
    }
    // Between sizes that of the smaller one holds, and below the smallest its own.
    expect(coverageAt('wilson', 29)).toEqual(coverageAt('wilson', 10));
    expect(coverageAt('wilson', 2)).toEqual(coverageAt('wilson', 10));
  });
  it('cover where they did not: all right, few topics, rare labels', () => {
    const least = (method: IntervalMethodId, n: number) => coverageAt(method, n).share;
    expect(least('wilson', 30)).toBeGreaterThan(0.92);
    expect(least('cluster-share', 4)).toBeGreaterThan(0.92);
    expect(least('cluster-share', 8)).toBeGreaterThan(0.92);
    expect(least('alpha', 30)).toBeGreaterThan(0.9);
    for (const n of [20, 80]) expect(least('mean', n)).toBeGreaterThanOrEqual(LEAST_COVERAGE);
    // Eight values of a lognormal hardly show how far its tail reaches; nothing else tried falls below the least.
    const few = COVERAGE.filter((row) => row.method === 'mean' && row.n === 8).map((row) => row.covered / row.runs);
    expect(few.filter((share) => share < LEAST_COVERAGE)).toHaveLength(1);
    expect(Math.min(...few)).toBeGreaterThan(0.9);
  });
});
