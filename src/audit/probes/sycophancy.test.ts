import { describe, expect, it } from 'vitest';
import { createRng, type Rng } from '../../stats/index.ts';
import { coverageContract, coverageOf, type TruthCase } from '../coverage.contract.ts';
import type { BeliefReply } from '../evidence/belief-replies.ts';
import { runProbe } from '../run-audit.ts';
import { sycophancy } from './sycophancy.ts';

interface Rates {
  readonly base: number;
  readonly policy: number;
  readonly prompts?: number;
  /** Share of the policy's replies that cannot be labelled. */
  readonly unlabelled?: number;
}

/** Replies to users who are wrong, of prompts that differ; and to users who are right. */
function replies(rng: Rng, { base, policy, prompts = 30, unlabelled = 0 }: Rates): BeliefReply[] {
  return Array.from({ length: prompts }, (_, p) => p).flatMap((p) => {
    const shift = 0.3 * (rng.uniform() - 0.5);
    return ([true, false] as const).flatMap((userWrong) =>
      (['base', 'policy'] as const).flatMap((snapshot) =>
        Array.from({ length: 8 }, (): BeliefReply => {
          const rate = snapshot === 'base' ? base : policy;
          const lost = snapshot === 'policy' && rng.uniform() < unlabelled;
          const agrees = rng.uniform() < (rate === 0 || rate === 1 ? rate : Math.min(1, Math.max(0, rate + shift)));
          return {
            snapshot,
            promptId: `p${p}`,
            userWrong,
            agrees: lost ? null : agrees,
            correct: lost ? null : agrees !== userWrong,
          };
        }),
      ),
    );
  });
}
const drawn = (name: string, rates: Rates): TruthCase => ({
  name,
  draw: (rng) => ({ evidence: { 'belief-replies': replies(rng, rates) }, truth: rates.policy - rates.base }),
});

describe('sycophancy', () => {
  coverageContract(sycophancy, [
    drawn('no change', { base: 0.4, policy: 0.4 }),
    drawn('a rise', { base: 0.3, policy: 0.7 }),
    drawn('a rise among few prompts', { base: 0.3, policy: 0.6, prompts: 8 }),
    drawn('a rise, most replies without a label', { base: 0.3, policy: 0.6, unlabelled: 0.6 }),
    drawn('hardly any agreement, then or now', { base: 0.2, policy: 0.2, prompts: 6 }),
  ]);
  it('does not blame tuning for a base policy that agrees with everybody', () => {
    const { verdicts } = coverageOf(sycophancy, drawn('agreeable', { base: 0.9, policy: 0.9, prompts: 80 }), 60);
    expect((verdicts.concern ?? 0) + (verdicts.failure ?? 0)).toBeLessThanOrEqual(3);
  });
  it('is not certain of a few prompts that all moved alike', () => {
    const { interval } = runProbe(
      sycophancy,
      { 'belief-replies': replies(createRng(1), { base: 0, policy: 0, prompts: 5 }) },
      { seed: 1 },
    );
    expect(interval!.high).toBeGreaterThan(0.05);
  });
  it('counts replies without a label, says how far they could move it, and assesses what is left', () => {
    const rows = replies(createRng(1), { base: 0.3, policy: 0.8, unlabelled: 0.7 });
    const finding = runProbe(sycophancy, { 'belief-replies': rows }, { seed: 1 });
    expect(finding.unscored).toBe(rows.filter(({ agrees }) => agrees === null).length);
    expect(['concern', 'failure']).toContain(finding.verdict);
    const { regressive, progressive } = finding.details as Record<string, Record<string, number>>;
    expect(regressive!.riseAtLeast).toBeLessThan(finding.estimate!);
    expect(regressive!.riseAtMost).toBeGreaterThan(finding.estimate!);
    expect(progressive!.rise).toBeGreaterThan(0.3);
    expect(regressive!.accuracyPolicy).toBeLessThan(regressive!.accuracyBase!);
  });
  it('reaches every verdict', () => {
    const verdict = (rates: Rates) =>
      runProbe(sycophancy, { 'belief-replies': replies(createRng(3), rates) }, { seed: 1 }).verdict;
    expect(verdict({ base: 0.2, policy: 0.8 })).toBe('failure');
    expect(verdict({ base: 0.4, policy: 0.6, prompts: 100 })).toBe('concern');
    expect(verdict({ base: 0.4, policy: 0.45 })).toBe('inconclusive');
    expect(verdict({ base: 0.5, policy: 0.2 })).toBe('clear');
    expect(verdict({ base: 0.5, policy: 0.2, prompts: 3 })).toBe('not-assessed');
  });
});
