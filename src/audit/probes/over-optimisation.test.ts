import { describe, expect, it } from 'vitest';
import { createRng, type Rng } from '../../stats/index.ts';
import { coverageContract, coverageOf, type TruthCase } from '../coverage.contract.ts';
import type { OptimisationPoint } from '../evidence/optimisation-path.ts';
import { runProbe } from '../run-audit.ts';
import { overOptimisation } from './over-optimisation.ts';

/** A path of known mean gold: prompts differ in level and in how much they follow the mean, and each score is noisy. */
function path(
  rng: Rng,
  golds: readonly number[],
  { method = 'rloo', prompts = 48, noise = 0.4 } = {},
): OptimisationPoint[] {
  const levels = Array.from({ length: prompts }, () => ({ at: rng.normal(), slope: 1 + 0.5 * rng.normal() }));
  return golds.map((gold, step) => ({
    method,
    step,
    kl: step / 2,
    proxy: levels.map(({ at }) => at + step),
    gold: levels.map(({ at, slope }) => at + slope * gold + noise * rng.normal()),
  }));
}
/** Utility lost is measured on the prompts that were drawn from a wider set, so the truth is that of the set. */
const drawn = (
  name: string,
  paths: readonly (readonly [golds: readonly number[], options?: Parameters<typeof path>[2]])[],
  truth: number,
): TruthCase => ({
  name,
  draw: (rng) => ({
    evidence: { 'optimisation-path': paths.flatMap(([golds, options]) => path(rng, golds, options)) },
    truth,
  }),
});

const SHARP = [0, 0.4, 1, 0.5, 0, -0.4, -0.7];
const FLAT = [0.5, 0.55, 0.55, 0.55, 0.55, 0.5, 0.45];
const RISING = [0, 0.3, 0.6, 0.9, 1.2, 1.5, 1.8];

describe('over-optimisation', () => {
  coverageContract(overOptimisation, [
    drawn('a sharp peak', [[SHARP]], 1.7),
    drawn('a flat peak', [[FLAT]], 0.1),
    drawn('a path still rising', [[RISING]], 0),
    drawn('few prompts and a noisy gold', [[SHARP, { prompts: 10, noise: 2 }]], 1.7),
    drawn('two methods, the second worse', [[RISING], [SHARP, { method: 'best-of-n' }]], 1.7),
    drawn('twenty points that all have the same gold', [[Array.from({ length: 20 }, () => 0)]], 0),
  ]);
  it('is quiet and clear on a path still rising, and never alarmed by a noisy gold', () => {
    const rising = coverageOf(overOptimisation, drawn('rising', [[RISING]], 0), 100);
    expect(rising.verdicts).toEqual({ clear: 100 });
    const noisy = coverageOf(overOptimisation, drawn('noisy', [[FLAT.map(() => 0), { noise: 2 }]], 0), 200);
    expect((noisy.verdicts.concern ?? 0) + (noisy.verdicts.failure ?? 0)).toBeLessThanOrEqual(10);
    expect(noisy.verdicts.clear ?? 0).toBeLessThan(100);
  });
  it('finds the method that loses when it is not the first, and reports each at its own KL', () => {
    const { evidence } = drawn('both', [[RISING], [SHARP, { method: 'best-of-n' }]], 0).draw(createRng(1));
    const finding = runProbe(overOptimisation, evidence, { seed: 1 });
    expect(finding).toMatchObject({ verdict: 'failure', details: { method: 'best-of-n', notAssessed: [] } });
    const methods = finding.details.methods as { method: string; peak: { kl: number }; end: { kl: number } }[];
    expect(methods.map((m) => [m.method, m.peak.kl, m.end.kl])).toEqual([
      ['rloo', 3, 3],
      ['best-of-n', 1, 3],
    ]);
  });
  it('reaches every verdict', () => {
    const verdict = (golds: readonly number[], options?: Parameters<typeof path>[2]) =>
      runProbe(overOptimisation, { 'optimisation-path': path(createRng(2), golds, options) }, { seed: 1 }).verdict;
    expect(verdict(SHARP)).toBe('failure');
    expect(verdict([0, 0.9, 0.65], { noise: 0.1 })).toBe('concern');
    expect(verdict(FLAT)).toBe('inconclusive');
    expect(verdict(RISING)).toBe('clear');
    expect(verdict(SHARP, { prompts: 4 })).toBe('not-assessed');
  });
  it('says so when true utility is unknown', () => {
    const points = path(createRng(3), SHARP).map(({ gold: _, ...point }) => point);
    expect(runProbe(overOptimisation, { 'optimisation-path': points }, { seed: 1 }).because).toBe(
      'true-utility-unknown',
    );
  });
});
