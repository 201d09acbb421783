import { describe, expect, it } from 'vitest';
import type { Judgment } from '../../feedback/index.ts';
import { createRng, type Rng } from '../../stats/index.ts';
import { coverageContract, type TruthCase } from '../coverage.contract.ts';
import { runProbe } from '../run-audit.ts';
import { comparison } from '../votes.fake.ts';
import { selfConsistency } from './self-consistency.ts';

const again = (
  before: Judgment,
  outcome: 0 | 1 | 'tie',
  purpose: 'repeat' | 'swapped-repeat' = 'repeat',
): Judgment => ({
  ...before,
  id: `${before.id}/${purpose}`,
  presentation: { ...before.presentation, purpose, repeats: before.id },
  answer: { kind: 'comparison', outcome },
});

/** Raters by how often they prefer the first reply: asked twice, they answer otherwise in 2p(1 − p). */
function twice(rng: Rng, chances: readonly number[], repeats: number): Judgment[] {
  return chances.flatMap((p, r) =>
    Array.from({ length: repeats }, (_, i) => {
      const answer = () => (rng.uniform() < p ? 0 : 1);
      const before = comparison({ item: `i${i}`, rater: `r${r}` }, answer());
      return [before, again(before, answer(), i % 2 === 0 ? 'repeat' : 'swapped-repeat')];
    }).flat(),
  );
}
const wavering = (p: number) => 2 * p * (1 - p);
function truthOf(chances: readonly number[]): number {
  const own = chances.map(wavering);
  const total = own.reduce((a, b) => a + b, 0);
  return Math.max(0, ...own.map((one) => one - (total - one) / (own.length - 1)));
}
const drawn = (name: string, chances: readonly number[], repeats = 40): TruthCase => ({
  name,
  draw: (rng) => ({ evidence: { judgments: twice(rng, chances, repeats) }, truth: truthOf(chances) }),
});
const [SURE, HARD, GUESS] = [0.92, 0.65, 0.5];

describe('self-consistency', () => {
  coverageContract(selfConsistency, [
    drawn('raters who are sure', [SURE, SURE, SURE, SURE]),
    drawn('one who guesses', [GUESS, SURE, SURE, SURE]),
    drawn('one who guesses at times, few repeats', [0.75, SURE, SURE], 25),
    drawn('hard items, on which all waver', [HARD, HARD, HARD, HARD]),
  ]);
  it('is, by hand, the largest share answered otherwise less that of the others', () => {
    const judgments = ['r0', 'r1', 'r2'].flatMap((rater, r) =>
      Array.from({ length: 20 }, (_, i) => {
        const before = comparison({ item: `i${i}`, rater }, 0);
        // Of twenty, 10, 2 and 4 are answered otherwise.
        return [before, again(before, i < [10, 2, 4][r]! ? 1 : 0)];
      }).flat(),
    );
    const { estimate, n, details } = runProbe(selfConsistency, { judgments }, { seed: 1 });
    expect(estimate).toBeCloseTo(10 / 20 - 6 / 40, 12);
    expect(n).toBe(60);
    expect(details).toMatchObject({ rater: 'r0', otherwise: 0.5, others: 0.15, sameOrder: 16 / 60, otherOrder: null });
  });
  it('reaches every verdict, and takes hard items for no fault of one', () => {
    const verdict = (chances: readonly number[], repeats = 400) =>
      runProbe(selfConsistency, { judgments: twice(createRng(3), chances, repeats) }, { seed: 1 }).verdict;
    const others = [0.95, 0.95, 0.95, 0.95, 0.95];
    expect(verdict([GUESS, ...others])).toBe('failure');
    expect(verdict([0.8, ...others], 2000)).toBe('concern');
    expect(verdict([0.8, ...others], 30)).toBe('inconclusive');
    expect(verdict(others)).toBe('clear');
    expect(verdict([HARD, HARD, HARD, HARD, HARD])).toBe('clear');
    expect(verdict([0.9, 0.9])).toBe('not-assessed');
    expect(verdict(others, 10)).toBe('not-assessed');
  });
  it('counts what it cannot compare, and never as agreement', () => {
    const judgments = twice(createRng(1), [SURE, SURE, SURE], 40);
    const [before] = judgments;
    const lost = again({ ...before!, id: 'undone' }, 0);
    const other = { ...again(before!, 0), id: 'elsewhere', raterId: 'r2' };
    const unable: Judgment = {
      ...again(before!, 0),
      id: 'unable',
      answer: { kind: 'comparison', outcome: 'cant-judge' },
    };
    const found = runProbe(selfConsistency, { judgments: [...judgments, lost, other, unable] }, { seed: 1 });
    expect(found).toMatchObject({ n: 120, unscored: 3 });
    expect(
      runProbe(selfConsistency, { judgments: judgments.filter((_, i) => i % 2 === 0) }, { seed: 1 }),
    ).toMatchObject({
      verdict: 'not-assessed',
      because: 'too-little-evidence',
    });
  });
});
