import { describe, expect, it } from 'vitest';
import type { Item } from '../../feedback/index.ts';
import { createRng, mean, type Rng } from '../../stats/index.ts';
import { coverageContract, type TruthCase } from '../coverage.contract.ts';
import { evidenceKind } from '../evidence/index.ts';
import { runProbe } from '../run-audit.ts';
import { type FakeRater, judgedBy } from '../votes.fake.ts';
import { confirmedOf, sharedCue } from './shared-cue.ts';

const RATERS = 6;
const PROMPTS = 31;

/** Pairs whose first reply is the better one, some to a prompt. */
const itemsOf = (count: number): Item[] => {
  const example = evidenceKind('items').example as Item;
  return Array.from({ length: count }, (_, i) => ({
    ...example,
    id: `i${i}`,
    prompt: `Question ${i % PROMPTS}?`,
    gold: 0,
  }));
};
/** A panel of three wrong by majority, and another one wrong less right, where each errs with this chance. */
const confirmed = (e: number) => (3 * e ** 2 - 2 * e ** 3) * (2 * e - 1);

/** Every so many pairs hold a cue by which all raters go; elsewhere each errs by himself. */
function crowd(rng: Rng, { every, cue, error, count = 100, overlap = 4 }: Crowd) {
  const wrongAt = (item: number) => (item % every === 0 ? cue : error);
  const raters = Array.from({ length: RATERS }, (_, r): FakeRater => ({ id: `r${r}`, prefers: (i) => 1 - wrongAt(i) }));
  return { items: itemsOf(count), judgments: judgedBy(rng, raters, { items: count, overlap }) };
}
interface Crowd {
  readonly every: number;
  readonly cue: number;
  readonly error: number;
  readonly count?: number;
  readonly overlap?: number;
}
const truthOf = ({ every, cue, error, count = 100 }: Crowd) =>
  Math.max(0, mean(Array.from({ length: count }, (_, i) => confirmed(i % every === 0 ? cue : error))));
const drawn = (name: string, own: Crowd): TruthCase => ({
  name,
  draw: (rng) => ({ evidence: crowd(rng, own), truth: truthOf(own) }),
});
const NEVER = 1e9;

describe('shared-cue', () => {
  coverageContract(sharedCue, [
    drawn('independent errors', { every: NEVER, cue: 0.1, error: 0.1 }),
    drawn('a cue on one pair in seven', { every: 7, cue: 0.95, error: 0.1 }),
    drawn('hard items', { every: NEVER, cue: 0.5, error: 0.5 }),
    drawn('a cue on every third pair, few items, five votes', {
      every: 3,
      cue: 0.9,
      error: 0.2,
      count: 60,
      overlap: 5,
    }),
  ]);
  it('is right on average whatever the chance of an error: exactly, over all numbers of wrong votes', () => {
    const choose = (n: number, k: number): number => (k === 0 ? 1 : (choose(n - 1, k - 1) * n) / k);
    for (const votes of [4, 5, 9])
      for (const e of [0, 0.2, 0.5, 0.9, 1]) {
        const expected = Array.from({ length: votes + 1 }, (_, wrong) => wrong).reduce(
          (sum, wrong) =>
            sum + choose(votes, wrong) * e ** wrong * (1 - e) ** (votes - wrong) * confirmedOf({ votes, wrong }, 3),
          0,
        );
        expect(expected).toBeCloseTo(confirmed(e), 10);
      }
  });
  it('is, by hand: of four votes of which three are wrong, the panel of the three is corrected, others are confirmed', () => {
    // One panel of four holds the three wrong ones, and the fourth corrects it; three hold two, and the third wrong one confirms.
    expect(confirmedOf({ votes: 4, wrong: 3 }, 3)).toBeCloseTo((3 - 1) / 4, 12);
    expect(confirmedOf({ votes: 4, wrong: 1 }, 3)).toBe(0);
  });
  it('reaches every verdict; careless raters and hard items are no cue', () => {
    const verdict = (own: Crowd) => runProbe(sharedCue, crowd(createRng(2), own), { seed: 1 }).verdict;
    const many = { count: 1200 };
    expect(verdict({ every: 3, cue: 0.95, error: 0.05, ...many })).toBe('failure');
    expect(verdict({ every: 8, cue: 0.95, error: 0.05, ...many })).toBe('concern');
    expect(verdict({ every: 12, cue: 0.9, error: 0.05, count: 60 })).toBe('inconclusive');
    expect(verdict({ every: NEVER, cue: 0, error: 0.1, ...many })).toBe('clear');
    expect(verdict({ every: NEVER, cue: 0, error: 0.5, ...many })).toBe('clear');
    expect(verdict({ every: 3, cue: 0.95, error: 0.05, overlap: 3 })).toBe('not-assessed');
    expect(verdict({ every: 3, cue: 0.95, error: 0.05, count: 20 })).toBe('not-assessed');
  });
  it('leaves out items without a known answer, and counts those with too few votes', () => {
    const { items, judgments } = crowd(createRng(1), { every: 7, cue: 0.9, error: 0.1 });
    const { gold: _, ...unknown } = items[0]!;
    const tied: Item = { ...items[1]!, gold: 'tie' };
    const thin = judgments.filter(
      ({ itemId, raterId }) => itemId !== 'i2' || raterId === judgments.find((j) => j.itemId === 'i2')!.raterId,
    );
    const found = runProbe(sharedCue, { items: [unknown, tied, ...items.slice(2)], judgments: thin }, { seed: 1 });
    expect(found).toMatchObject({ n: 97, unscored: 1 });
  });
});
