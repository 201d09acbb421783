import { describe, expect, it } from 'vitest';
import { createRng, type Rng } from '../../stats/index.ts';
import { coverageContract, type TruthCase } from '../coverage.contract.ts';
import type { BaseReward } from '../evidence/base-rewards.ts';
import { runProbe } from '../run-audit.ts';
import { rewardInheritance } from './reward-inheritance.ts';

interface Rewards {
  /** Share of prompts on which a base turns its order round, and on which a fit does. */
  readonly base: number;
  readonly fit: number;
  readonly prompts?: number;
  readonly fits?: number;
}

/** Rewards that turn the order of a prompt's replies round, the bases and the fits each by their own chance. */
function rewards(rng: Rng, { base, fit, prompts = 40, fits = 2 }: Rewards): BaseReward[] {
  return Array.from({ length: prompts }, (_, p) => p).flatMap((p) => {
    const scores = Array.from({ length: 5 }, () => rng.normal());
    const turned = rng.uniform() < base;
    return ['one', 'other'].flatMap((name, b) =>
      Array.from({ length: fits }, (_, f): BaseReward => {
        const sign = (turned && b === 1 ? -1 : 1) * (rng.uniform() < fit ? -1 : 1);
        return { promptId: `p${p}`, base: name, fit: f, scores: scores.map((s) => sign * s) };
      }),
    );
  });
}
/** Two rewards of one base disagree with 2f(1 − f); of two, that is turned round on the prompts on which the base does. */
const truthOf = ({ base, fit }: Rewards) => base * (1 - 4 * fit * (1 - fit));
const drawn = (name: string, own: Rewards): TruthCase => ({
  name,
  draw: (rng) => ({ evidence: { 'base-rewards': rewards(rng, own) }, truth: truthOf(own) }),
});

describe('reward-inheritance', () => {
  coverageContract(rewardInheritance, [
    drawn('fits differ, bases do not', { base: 0, fit: 0.1, prompts: 60 }),
    drawn('bases differ on a fifth of the prompts', { base: 0.2, fit: 0.05, prompts: 80 }),
    drawn('bases differ, few prompts', { base: 0.5, fit: 0.05, prompts: 12, fits: 3 }),
  ]);
  it('by hand: pairs ordered oppositely across bases, less those within', () => {
    const prompts = Array.from({ length: 8 }, (_, p) => `p${p}`);
    const rows = prompts.flatMap((promptId): BaseReward[] => [
      { promptId, base: 'a', fit: 1, scores: [1, 2, 3] },
      { promptId, base: 'a', fit: 2, scores: [1, 2, 3] },
      { promptId, base: 'b', fit: 1, scores: [3, 2, 1] },
      { promptId, base: 'b', fit: 2, scores: [2, 2, 1] },
    ]);
    // Across: 3/3 twice and (1 + 1 + ½)/3 twice; within a none, within b ½ of 3.
    const finding = runProbe(rewardInheritance, { 'base-rewards': rows }, { seed: 1 });
    expect(finding.estimate).toBeCloseTo((1 + 2.5 / 3) / 2 - 0.5 / 3 / 2, 12);
  });
  it('counts as unscored what cannot be compared: one base, one fit, other replies', () => {
    const rows = rewards(createRng(1), { base: 0, fit: 0.1 });
    const lost: BaseReward[] = [
      { promptId: 'x', base: 'one', fit: 0, scores: [1, 2] },
      { promptId: 'x', base: 'other', fit: 0, scores: [1, 2, 3] },
      { promptId: 'y', base: 'one', fit: 0, scores: [1, 2] },
    ];
    expect(runProbe(rewardInheritance, { 'base-rewards': [...rows, ...lost] }, { seed: 1 })).toMatchObject({
      n: 40,
      unscored: 2,
    });
    const once = rows.filter(({ fit }) => fit === 0);
    expect(runProbe(rewardInheritance, { 'base-rewards': once }, { seed: 1 }).verdict).toBe('not-assessed');
  });
  it('reaches every verdict', () => {
    const verdict = (own: Rewards) =>
      runProbe(rewardInheritance, { 'base-rewards': rewards(createRng(4), own) }, { seed: 1 }).verdict;
    expect(verdict({ base: 0.6, fit: 0.02 })).toBe('failure');
    expect(verdict({ base: 0.12, fit: 0, prompts: 400 })).toBe('concern');
    expect(verdict({ base: 0.1, fit: 0.05, prompts: 20 })).toBe('inconclusive');
    expect(verdict({ base: 0, fit: 0.02, prompts: 100 })).toBe('clear');
    expect(verdict({ base: 0, fit: 0, prompts: 3 })).toBe('not-assessed');
  });
});
