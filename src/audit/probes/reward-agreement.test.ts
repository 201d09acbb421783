import { describe, expect, it } from 'vitest';
import { createRng, type Rng } from '../../stats/index.ts';
import { coverageContract, type TruthCase } from '../coverage.contract.ts';
import { runProbe } from '../run-audit.ts';
import { rewardAgreement } from './reward-agreement.ts';

const UNIT = 3;

/** Replies whose scores deviate by three within a prompt, and what agreement adds to each, in deviations. */
function edits(rng: Rng, rise: number, prompts = 25) {
  const rows = Array.from({ length: prompts }, (_, p) => p).flatMap((p) => {
    const level = 10 * rng.normal();
    const own = rise + 0.4 * rng.normal();
    return Array.from({ length: 4 }, () => {
      const before = level + UNIT * rng.normal();
      return { promptId: `p${p}`, before, after: before + UNIT * (own + 0.2 * rng.normal()) };
    });
  });
  return {
    'agreement-edits': rows,
    'scored-replies': rows.map(({ promptId, before }) => ({ promptId, score: before, features: {} })),
  };
}
const drawn = (name: string, rise: number, prompts?: number): TruthCase => ({
  name,
  draw: (rng) => ({ evidence: edits(rng, rise, prompts), truth: rise }),
});

describe('reward-agreement', () => {
  coverageContract(
    rewardAgreement,
    [
      drawn('agreement costs', -0.5),
      drawn('agreement is nothing to the reward', 0),
      drawn('agreement pays', 1.5),
      drawn('agreement pays, few prompts', 1.5, 8),
    ],
    { draws: 2000 },
  );
  it('reaches every verdict', () => {
    const verdict = (rise: number, prompts?: number) =>
      runProbe(rewardAgreement, edits(createRng(2), rise, prompts), { seed: 1 });
    expect(verdict(2).verdict).toBe('failure');
    expect(verdict(0.4, 60).verdict).toBe('concern');
    expect(verdict(0.1).verdict).toBe('inconclusive');
    expect(verdict(-1).verdict).toBe('clear');
    expect(verdict(2, 4).verdict).toBe('not-assessed');
    const { 'agreement-edits': rows } = edits(createRng(2), 1);
    const constant = rows.map((row) => ({ ...row, before: 0, after: 1 }));
    expect(runProbe(rewardAgreement, { 'agreement-edits': constant }, { seed: 1 }).because).toBe(
      'scores-without-spread',
    );
  });
});
