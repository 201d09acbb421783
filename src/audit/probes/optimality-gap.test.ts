import { describe, expect, it } from 'vitest';
import { createRng, type Rng } from '../../stats/index.ts';
import { coverageContract, type TruthCase } from '../coverage.contract.ts';
import { EVIDENCE } from '../evidence/index.ts';
import type { OptimisationRun } from '../evidence/optimisation-runs.ts';
import { runProbe } from '../run-audit.ts';
import { optimalityGap } from './optimality-gap.ts';

interface Recipe {
  /** Mean share of the possible gain that a run keeps, and how much runs, or prompts of one, differ. */
  readonly kept: number;
  readonly spread?: number;
  readonly runs?: number;
  readonly prompts?: number;
  readonly known?: boolean;
  /** Share of the runs that lose all. */
  readonly collapse?: number;
}

/** Runs of which each reaches another KL, and so could have gained another amount. */
function runsOf(
  rng: Rng,
  { kept, spread = 0.1, runs = 10, prompts = 6, known = true, collapse = 0 }: Recipe,
): OptimisationRun[] {
  return Array.from({ length: runs }, (_, seed) => {
    const possible = 1 + rng.uniform();
    const own = collapse > 0 && rng.uniform() < collapse ? -kept : spread * rng.normal();
    const start = Array.from({ length: prompts }, () => rng.normal());
    const prompt = () => (runs === 1 ? spread * rng.normal() : 0);
    return {
      method: 'rloo',
      seed,
      kl: possible,
      start,
      achieved: start.map((s) => s + (kept + own * Number(runs > 1) + prompt()) * possible),
      ...(known && { optimum: start.map((s) => s + possible) }),
    };
  });
}
const drawn = (name: string, recipe: Recipe): TruthCase => ({
  name,
  draw: (rng) => ({
    evidence: { 'optimisation-runs': runsOf(rng, recipe) },
    truth: 1 - recipe.kept * (1 - (recipe.collapse ?? 0)),
  }),
});

describe('optimality-gap', () => {
  coverageContract(
    optimalityGap,
    [
      drawn('nothing lost', { kept: 1, spread: 0.02 }),
      drawn('a third lost', { kept: 0.67 }),
      drawn('a run in twenty collapses', { kept: 0.9, spread: 0.05, collapse: 0.05, runs: 24 }),
      drawn('most lost, in four runs', { kept: 0.3, spread: 0.3, runs: 4 }),
      drawn('one run of several prompts', { kept: 0.6, spread: 0.2, runs: 1, prompts: 8 }),
    ],
    { draws: 2000 },
  );
  it('by hand: two methods, and the one that lost most stands in the finding', () => {
    const run = (method: string, seed: number, achieved: number, optimum: number): OptimisationRun => ({
      method,
      seed,
      kl: 1,
      start: [0, 0],
      achieved: [achieved, achieved],
      optimum: [optimum, optimum],
    });
    const rows = [
      ...[1, 1, 1, 1].map((a, seed) => run('good', seed, a, 1)),
      ...[0.2, 0.4, 0.2, 0.4].map((a, seed) => run('bad', seed, a, 1)),
    ];
    const finding = runProbe(optimalityGap, { 'optimisation-runs': rows }, { seed: 1 });
    // 1 − .3; below, t₃ at the level for two methods times the error, sd(.1155) / 2 with .3 / 4 for a run more that lost all:
    // 4.177 · √(.0577² + .075²) = .395.
    expect(finding.estimate).toBeCloseTo(0.7, 12);
    expect(finding.interval!.low).toBeCloseTo(0.7 - 0.3953, 3);
    expect(finding).toMatchObject({ details: { method: 'bad', unit: 'run' } });
  });
  it('a run that hardly moved and could hardly have gained weighs as little', () => {
    const still = { kept: 1, spread: 0.01, runs: 30 };
    const rows = runsOf(createRng(1), still);
    const rest: OptimisationRun = { method: 'rloo', seed: 99, kl: 0, start: [0], achieved: [0], optimum: [1e-12] };
    const finding = runProbe(optimalityGap, { 'optimisation-runs': [...rows, rest] }, { seed: 1 });
    expect(finding.verdict).toBe('clear');
  });
  it('without an optimum tells spread and collapse, and assesses nothing', () => {
    const rows = [
      ...runsOf(createRng(1), { kept: 0.9, known: false }),
      { method: 'rloo', seed: 77, kl: 9, start: [1], achieved: [0.2] },
    ];
    const finding = runProbe(optimalityGap, { 'optimisation-runs': rows }, { seed: 1 });
    expect(finding).toMatchObject({ verdict: 'not-assessed', because: 'optimum-unknown', n: 11, unscored: 11 });
    expect(finding.details).toMatchObject({ methods: [{ runs: 11, collapsed: { runs: 1 } }] });
  });
  it('a few runs that all went well do not rule out that others collapse', () => {
    const of = (runs: number) =>
      runProbe(
        optimalityGap,
        { 'optimisation-runs': runsOf(createRng(1), { kept: 1, spread: 0.001, runs }) },
        { seed: 1 },
      );
    expect(of(5).verdict).toBe('inconclusive');
    expect(of(20).verdict).toBe('clear');
  });
  it('nothing could be gained: not assessed', () => {
    const rows = Array.from({ length: 5 }, (_, seed) => ({
      method: 'rloo',
      seed,
      kl: 0,
      start: [1],
      achieved: [1],
      optimum: [1],
    }));
    expect(runProbe(optimalityGap, { 'optimisation-runs': rows }, { seed: 1 }).because).toBe('too-little-evidence');
  });
  it('refuses rows whose lists are of different prompts', () => {
    const row = { method: 'rloo', seed: 1, kl: 1, start: [0, 0], achieved: [1] };
    expect(EVIDENCE['optimisation-runs'].row.safeParse(row).success).toBe(false);
  });
  it('reaches every verdict', () => {
    const verdict = (recipe: Recipe) =>
      runProbe(optimalityGap, { 'optimisation-runs': runsOf(createRng(5), recipe) }, { seed: 1 }).verdict;
    expect(verdict({ kept: 0.2 })).toBe('failure');
    expect(verdict({ kept: 0.65, runs: 30 })).toBe('concern');
    expect(verdict({ kept: 0.8 })).toBe('inconclusive');
    expect(verdict({ kept: 0.98, spread: 0.02, runs: 30 })).toBe('clear');
    expect(verdict({ kept: 0.9, runs: 1, prompts: 2 })).toBe('not-assessed');
  });
});
