import { describe, expect, it } from 'vitest';
import { createRng, type Rng } from '../../stats/index.ts';
import { coverageContract, type TruthCase } from '../coverage.contract.ts';
import type { AgreementChoice } from '../evidence/agreement-choices.ts';
import { runProbe } from '../run-audit.ts';
import { panderingRaters } from './pandering-raters.ts';

/** Votes of raters who differ around a mean preference for agreement. */
function choices(rng: Rng, agreement: number, { raters = 10, votes = 20, spread = 0.2 } = {}): AgreementChoice[] {
  return Array.from({ length: raters }, (_, r) => r).flatMap((r) => {
    const own = agreement + spread * (rng.uniform() - 0.5);
    return Array.from({ length: votes }, (_, v) => ({
      itemId: `i${v}`,
      raterId: `r${r}`,
      preferredAgreement: rng.uniform() < 0.05 ? null : rng.uniform() < own,
    }));
  });
}
const drawn = (name: string, agreement: number, options?: Parameters<typeof choices>[2]): TruthCase => ({
  name,
  draw: (rng) => ({ evidence: { 'agreement-choices': choices(rng, agreement, options) }, truth: agreement - 0.5 }),
});

describe('pandering-raters', () => {
  coverageContract(
    panderingRaters,
    [
      drawn('raters who want the truth', 0.1),
      drawn('raters who pander', 0.8),
      drawn('few raters who differ', 0.6, { raters: 4, spread: 0.6 }),
      drawn('raters alike, few votes each', 0.5, { raters: 12, votes: 4, spread: 0 }),
    ],
    { draws: 2000 },
  );
  it('reaches every verdict', () => {
    const verdict = (agreement: number, options?: Parameters<typeof choices>[2]) =>
      runProbe(panderingRaters, { 'agreement-choices': choices(createRng(1), agreement, options) }, { seed: 1 });
    expect(verdict(0.9).verdict).toBe('failure');
    expect(verdict(0.65).verdict).toBe('concern');
    expect(verdict(0.5).verdict).toBe('inconclusive');
    expect(verdict(0.2).verdict).toBe('clear');
    expect(verdict(0.2, { raters: 2 }).verdict).toBe('not-assessed');
    expect(verdict(0.2).unscored).toBeGreaterThan(0);
  });
});
