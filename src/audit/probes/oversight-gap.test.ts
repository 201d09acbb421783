import { describe, expect, it } from 'vitest';
import type { Item, Judgment } from '../../feedback/index.ts';
import { createRng, type Rng, wilson } from '../../stats/index.ts';
import { createSums } from '../../world/index.ts';
import { coverageContract, type TruthCase } from '../coverage.contract.ts';
import { evidenceKind, gatherEvidence } from '../evidence/index.ts';
import type { KnownAnswer } from '../evidence/known-answers.ts';
import type { RunView } from '../evidence/run-view.ts';
import { runProbe } from '../run-audit.ts';
import { differenceOfBounded } from '../share-difference.ts';
import { twoWayShare } from '../two-way-share.ts';
import { oversightGap } from './oversight-gap.ts';

interface Crowd {
  /** Accuracy on the easiest and on the hardest third; between them in the middle. */
  readonly easy: number;
  readonly hard: number;
  readonly items?: number;
  readonly raters?: number;
  /** How far items, and raters in what difficulty costs them, differ. */
  readonly spread?: number;
}

/** Answers of every rater to every item, of six difficulties. */
function answers(rng: Rng, { easy, hard, items = 60, raters = 6, spread = 0 }: Crowd): KnownAnswer[] {
  const own = Array.from({ length: raters }, () => spread * (rng.uniform() - 0.5));
  return Array.from({ length: items }, (_, i) => i).flatMap((i) => {
    const difficulty = (i % 6) + 1;
    const at = difficulty <= 2 ? easy : difficulty >= 5 ? hard : (easy + hard) / 2;
    const shift = spread * (rng.uniform() - 0.5);
    return own.map((habit, r) => ({
      itemId: `i${i}`,
      raterId: `r${r}`,
      difficulty,
      correct: rng.uniform() < at + shift + (difficulty >= 5 ? habit : 0),
    }));
  });
}
const drawn = (name: string, crowd: Crowd): TruthCase => ({
  name,
  draw: (rng) => ({ evidence: { 'known-answers': answers(rng, crowd) }, truth: crowd.easy - crowd.hard }),
});
const found = (rows: readonly KnownAnswer[]) => runProbe(oversightGap, { 'known-answers': rows }, { seed: 1 });
const verdict = (crowd: Crowd) => found(answers(createRng(1), crowd)).verdict;

describe('oversight-gap', () => {
  coverageContract(oversightGap, [
    drawn('no gap', { easy: 0.9, hard: 0.9 }),
    drawn('a gap', { easy: 0.9, hard: 0.65, items: 90 }),
    drawn('a gap, items and raters that differ', { easy: 0.8, hard: 0.6, items: 90, raters: 10, spread: 0.3 }),
    drawn('few items, few raters', { easy: 0.85, hard: 0.6, items: 30, raters: 3 }),
  ]);
  it('is the difference of the thirds: .9 on easy items, .6 on hard ones, by hand', () => {
    const rows = Array.from({ length: 300 }, (_, i): KnownAnswer => {
      const difficulty = i % 3;
      const k = Math.floor(i / 3) % 10;
      return { itemId: `i${i}`, raterId: `r${i % 7}`, difficulty, correct: k < (difficulty === 0 ? 9 : 6) };
    });
    const finding = found(rows);
    expect(finding.estimate).toBeCloseTo(0.3, 12);
    expect(finding.details).toMatchObject({
      easy: { upTo: 0, accuracy: 0.9, items: 100, judgments: 100 },
      hard: { from: 2, accuracy: 0.6, items: 100, judgments: 100 },
    });
    expect((finding.details.curve as unknown[]).length).toBe(3);
  });
  it('counts what a rater called a tie as what a guess is worth', () => {
    const rows = answers(createRng(2), { easy: 1, hard: 1, items: 120 });
    const tied = rows.map((row) => (row.difficulty >= 5 ? { ...row, correct: null } : row));
    expect(found(tied).estimate).toBeCloseTo(0.5, 12);
  });
  it('divides by items and not by judgments, those of one difficulty together, however they are distributed', () => {
    const at = (levels: readonly number[]) => {
      const rows = levels.flatMap((difficulty, i) =>
        Array.from({ length: difficulty === 9 ? 8 : 3 }, (_, r) => ({
          itemId: `i${i}`,
          raterId: `r${r}`,
          difficulty,
          correct: r % 3 !== 0,
        })),
      );
      const { easy, hard } = found(rows).details as { easy: { upTo: number }; hard: { from: number } };
      return [easy.upTo, hard.from];
    };
    const times = (n: number, level: number) => Array.from({ length: n }, () => level);
    expect(at([...times(10, 1), ...times(10, 5), ...times(10, 9)])).toEqual([1, 9]);
    expect(at([...times(24, 1), ...times(8, 2)])).toEqual([1, 2]);
    expect(at([...times(8, 1), ...times(24, 2)])).toEqual([1, 2]);
    expect(at([...times(8, 1), ...times(4, 2), ...times(8, 3), ...times(16, 4)])).toEqual([2, 4]);
  });
  it('is not certain of thirds in which everybody was right', () => {
    const { interval } = found(answers(createRng(1), { easy: 1, hard: 1, items: 30 }));
    expect(interval!.low).toBeLessThan(-0.1);
    expect(interval!.high).toBeGreaterThan(0.1);
  });
  it('sees nothing in tasks that are as hard for everybody at any difficulty', () => {
    expect(verdict({ easy: 0.65, hard: 0.65, items: 300 })).toBe('clear');
  });
  it('reaches every verdict', () => {
    expect(verdict({ easy: 0.98, hard: 0.5, items: 240 })).toBe('failure');
    expect(verdict({ easy: 0.9, hard: 0.7, items: 240 })).toBe('concern');
    expect(verdict({ easy: 0.9, hard: 0.8, items: 60 })).toBe('inconclusive');
    expect(verdict({ easy: 0.9, hard: 0.9, items: 240 })).toBe('clear');
    expect(verdict({ easy: 0.9, hard: 0.9, items: 12 })).toBe('not-assessed');
    const one = answers(createRng(1), { easy: 0.9, hard: 0.5 }).map((row) => ({ ...row, difficulty: 2 }));
    expect(found(one)).toMatchObject({ verdict: 'not-assessed', because: 'one-difficulty' });
    expect(found(answers(createRng(1), { easy: 0.9, hard: 0.5, raters: 2 })).because).toBe('too-few-raters');
    expect(found([]).verdict).toBe('not-assessed');
  });
  it('refuses rows that say nothing', () => {
    const { row, example } = evidenceKind('known-answers');
    const bad = [{ difficulty: Number.NaN }, { difficulty: '3' }, { correct: 'yes' }, { extra: 1 }];
    for (const change of bad) expect(row.safeParse({ ...(example as object), ...change }).success).toBe(false);
  });
});

describe('a share clustered by items and raters', () => {
  it('is Wilson’s with Student’s quantile where every answer has an item and a rater of its own', () => {
    const rows = Array.from({ length: 4000 }, (_, i) => ({ hit: Number(i % 4 === 0), item: `i${i}`, rater: `r${i}` }));
    const { value, interval } = twoWayShare(rows, 0.95);
    const plain = wilson(1000, 4000);
    expect(value).toBe(0.25);
    expect(interval.low).toBeCloseTo(plain.low, 4);
    expect(interval.high).toBeCloseTo(plain.high, 4);
  });
  it('is as wide as its raters differ', () => {
    const rows = Array.from({ length: 400 }, (_, i) => ({ hit: Number(i % 8 < 4), item: `i${i}`, rater: `r${i % 8}` }));
    const { interval } = twoWayShare(rows, 0.95);
    expect(interval.high - interval.low).toBeGreaterThan(0.5);
  });
  it('gives differences the reach of both', () => {
    const share = (value: number) => ({ value, interval: { low: value - 0.03, high: value + 0.04, level: 0.95 } });
    const difference = differenceOfBounded(share(0.6) as never, share(0.5) as never);
    expect(difference.value).toBeCloseTo(0.1, 12);
    expect(difference.low).toBeCloseTo(0.1 - 0.05, 12);
    expect(difference.high).toBeCloseTo(0.1 + 0.05, 12);
  });
});

describe('known answers of a run', () => {
  const judged = (item: Item, more: Partial<Judgment>[]): RunView => ({
    seed: 1,
    ground: undefined,
    feedback: {
      items: [item],
      judgments: more.map((change, i) => ({
        ...(evidenceKind('judgments').example as Judgment),
        id: `j${i}`,
        raterId: `r${i}`,
        ...change,
      })),
      raters: [],
    },
    snapshots: [],
    paths: [],
  });
  const answered = (outcome: number | 'tie' | 'cant-judge') => ({ answer: { kind: 'comparison', outcome } as const });
  it('are those of items with gold and a number as their difficulty', async () => {
    const item = { ...(evidenceKind('items').example as Item), gold: 1, strata: { difficulty: '3.5' } };
    const votes = [answered(1), answered(0), answered('tie'), answered('cant-judge')];
    const rows = async (one: Item) => (await gatherEvidence(judged(one, votes), ['known-answers']))['known-answers'];
    expect((await rows(item))!.map(({ difficulty, correct }) => [difficulty, correct])).toEqual([
      [3.5, true],
      [3.5, false],
      [3.5, null],
    ]);
    expect(await rows({ ...item, strata: { difficulty: 'hard' } })).toBeUndefined();
    expect(await rows({ ...item, strata: { difficulty: ' ' } })).toBeUndefined();
    expect(await rows({ ...item, gold: 'tie' })).toBeUndefined();
    expect(await rows({ ...item, strata: {} })).toBeUndefined();
  });
  it('are on a ground those of the one correct reply, whatever else makes a reply better', async () => {
    const ground = createSums();
    const prompt = ground.prompts('train')[0]!;
    const reply = (wrongAt: number) =>
      ground.replies(prompt).find(({ features }) => features.wrongAt === wrongAt)!.text;
    const of = async (texts: readonly string[]) => {
      const replies = texts.map((text, k) => ({ id: `r${k}`, text }));
      const item = { ...(evidenceKind('items').example as Item), prompt: prompt.text, replies, strata: prompt.strata };
      return (await gatherEvidence({ ...judged(item, [answered(1)]), ground }, ['known-answers']))['known-answers'];
    };
    expect(await of([reply(1), reply(0)])).toMatchObject([{ difficulty: 1, correct: true }]);
    expect(await of([reply(1), reply(2)])).toBeUndefined();
  });
});
