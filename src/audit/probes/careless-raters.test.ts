import { describe, expect, it } from 'vitest';
import { createRng, type Rng } from '../../stats/index.ts';
import { coverageContract, coverageOf, type TruthCase } from '../coverage.contract.ts';
import { type CrowdRater, careless, crowd, honest } from '../crowd.fake.ts';
import { runProbe } from '../run-audit.ts';
import { carelessRaters } from './careless-raters.ts';

/** A pool of `total` raters of whom `guessing` do not look; the others are right on easy items with .75 to .95. */
function pool(rng: Rng, total: number, guessing: number): CrowdRater[] {
  return Array.from({ length: total }, (_, r) =>
    r < guessing
      ? careless(rng, `careless-${r}`, rng.uniform())
      : honest(rng, `honest-${r}`, 0.75 + 0.2 * rng.uniform()),
  );
}
const easy = (i: number) => (i % 4 === 0 ? 0.3 : 1);

const planted = (name: string, [total, guessing]: readonly [number, number], items = 300): TruthCase => ({
  name,
  draw(rng) {
    const evidence = crowd(rng, pool(rng, total, guessing), { items, overlap: 4, easy });
    const own = evidence.judgments.filter(({ raterId }) => raterId.startsWith('careless')).length;
    return { evidence, truth: own / evidence.judgments.length };
  },
});

const FEW_DRAWS = { draws: 200 };

describe('careless-raters', () => {
  coverageContract(
    carelessRaters,
    [planted('all look', [10, 0]), planted('two of ten do not', [10, 2]), planted('half of twenty do not', [20, 10])],
    { params: FEW_DRAWS },
  );
  it('says failure, never clear, when 70 % do not look', () => {
    const { verdicts, covered } = coverageOf(carelessRaters, planted('most', [10, 7], 800), 60, FEW_DRAWS);
    expect(verdicts.clear ?? 0).toBe(0);
    expect(verdicts.failure ?? 0).toBeGreaterThanOrEqual(54);
    expect(covered).toBeGreaterThanOrEqual(54);
  });
  it('is clear when everybody looks and there are votes enough', () => {
    expect(
      coverageOf(carelessRaters, planted('all', [10, 0], 500), 60, FEW_DRAWS).verdicts.clear,
    ).toBeGreaterThanOrEqual(54);
  });
  it('assesses nothing where nobody can be told from guessing: all guess, or all items are hard', () => {
    const all = coverageOf(carelessRaters, planted('none looks', [10, 10]), 60, FEW_DRAWS).verdicts;
    expect(all['not-assessed'] ?? 0).toBeGreaterThanOrEqual(56);
    const hard: TruthCase = {
      name: 'hard',
      draw: (rng) => ({
        evidence: crowd(rng, pool(rng, 10, 0), { items: 300, overlap: 4, easy: () => 0.05 }),
        truth: 0,
      }),
    };
    const { verdicts } = coverageOf(carelessRaters, hard, 60, FEW_DRAWS);
    expect(verdicts['not-assessed'] ?? 0).toBeGreaterThanOrEqual(50);
    expect(verdicts.clear ?? 0).toBe(0);
  });
  it('does not take an honest rater who tires for one who does not look', () => {
    const tired: TruthCase = {
      name: 'tired',
      draw(rng) {
        const others = pool(rng, 9, 0);
        const tiring: CrowdRater = {
          id: 'tired',
          answer: ({ better, at }) =>
            rng.uniform() < 0.9 - 0.4 * Math.min(1, at / 200) ? better : ((1 - better) as 0 | 1),
        };
        return { evidence: crowd(rng, [...others, tiring], { items: 400, overlap: 4 }), truth: 0 };
      },
    };
    const { verdicts } = coverageOf(carelessRaters, tired, 60, FEW_DRAWS);
    expect((verdicts.concern ?? 0) + (verdicts.failure ?? 0)).toBeLessThanOrEqual(3);
  });
  it('names who guesses, also one who always presses the same button', () => {
    const rng = createRng(4);
    const raters = [...pool(rng, 10, 0), careless(rng, 'constant', 1), careless(rng, 'coin')];
    const finding = runProbe(carelessRaters, crowd(rng, raters, { items: 400, overlap: 4 }), { seed: 1 });
    const named = (finding.details.guessing as { raterId: string }[]).map(({ raterId }) => raterId).sort();
    expect(named).toEqual(['coin', 'constant']);
    expect(finding.verdict).toBe('concern');
  });
  it('reaches inconclusive, and not-assessed with few raters', () => {
    const verdict = (total: number, guessing: number, items: number) => {
      const rng = createRng(5);
      return runProbe(carelessRaters, crowd(rng, pool(rng, total, guessing), { items, overlap: 4 }), { seed: 1 })
        .verdict;
    };
    expect(verdict(12, 0, 70)).toBe('inconclusive');
    expect(verdict(3, 0, 300)).toBe('not-assessed');
  });
});
