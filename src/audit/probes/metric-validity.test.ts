import { describe, expect, it } from 'vitest';
import { createRng, type Rng } from '../../stats/index.ts';
import { coverageContract, type TruthCase } from '../coverage.contract.ts';
import type { RewardMetrics } from '../evidence/reward-metrics.ts';
import { runProbe } from '../run-audit.ts';
import { metricValidity } from './metric-validity.ts';

interface Options {
  readonly models?: number;
  readonly error?: number;
}

/** Reward models whose accuracy is correlated with what they lead to. */
function models(rng: Rng, correlation: number, { models: n = 20, error = 0 }: Options = {}): RewardMetrics[] {
  return Array.from({ length: n }, (_, i) => {
    const accuracy = rng.normal();
    const gold = correlation * accuracy + Math.sqrt(1 - correlation ** 2) * rng.normal() + error * rng.normal();
    return {
      model: `m${i}`,
      metrics: { accuracy: 0.7 + 0.05 * accuracy, ece: 0.1 - 0.01 * accuracy },
      gold,
      ...(error > 0 && { goldError: error }),
    };
  });
}
const drawn = (name: string, correlation: number, options?: Options): TruthCase => ({
  name,
  draw: (rng) => ({
    evidence: { 'reward-metrics': models(rng, correlation, options) },
    truth: 1 - (6 / Math.PI) * Math.asin(correlation / 2),
  }),
});
const found = (rows: readonly RewardMetrics[], params: object = {}) =>
  runProbe(metricValidity, { 'reward-metrics': rows }, { seed: 1, params });

describe('metric-validity', () => {
  coverageContract(
    metricValidity,
    [
      drawn('a metric that ranks well', 0.95),
      drawn('a metric that ranks well, eight models', 0.95, { models: 8 }),
      drawn('a metric that says nothing', 0),
      drawn('a metric that ranks upside down', -0.9, { models: 12 }),
      drawn('utility measured with error', 0.8, { models: 16, error: 0.6 }),
    ],
    { draws: 1000 },
  );
  it('reaches every verdict', () => {
    const verdict = (correlation: number, options?: Options) =>
      found(models(createRng(2), correlation, options)).verdict;
    expect(verdict(-0.95)).toBe('failure');
    expect(verdict(0, { models: 200 })).toBe('concern');
    expect(verdict(0.5, { models: 10 })).toBe('inconclusive');
    expect(verdict(0.97)).toBe('clear');
    expect(verdict(0.97, { models: 4 })).toBe('not-assessed');
  });
  it('of models that differ by noise only decides nothing: there is nothing to rank', () => {
    const rows = models(createRng(3), 0).map((row) => ({ ...row, gold: 0.1 * row.gold, goldError: 0.5 }));
    expect(found(rows)).toMatchObject({ verdict: 'inconclusive', interval: { low: 0, high: 2 } });
    const alike = rows.map((row) => ({ ...row, gold: 1 }));
    expect(found(alike)).toMatchObject({ verdict: 'not-assessed', because: 'nothing-to-rank' });
  });
  it('knows which metrics are better when lower, takes another on request, and counts models without it', () => {
    const rows = models(createRng(5), 0.95);
    const { estimate } = found(rows);
    expect(found(rows, { metric: 'ece' }).estimate).toBeCloseTo(estimate!, 12);
    expect(found(rows, { metric: 'ece', lowerIsBetter: [] }).estimate).toBeCloseTo(2 - estimate!, 12);
    const some = rows.map((row, i) => (i < 3 ? { ...row, metrics: { ece: 0.1 } } : row));
    expect(found(some)).toMatchObject({ n: 17, unscored: 3 });
    const { metrics } = found(rows).details as { metrics: { metric: string }[] };
    expect(metrics.map(({ metric }) => metric)).toEqual(['accuracy', 'ece']);
    // A name that an object has anyway is no metric.
    expect(found(rows, { metric: 'constructor' }).verdict).toBe('not-assessed');
  });
});
