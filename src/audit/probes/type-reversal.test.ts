import { describe, expect, it } from 'vitest';
import type { Item, Judgment } from '../../feedback/index.ts';
import { createRng, type Rng, sigmoid } from '../../stats/index.ts';
import { coverageContract, type TruthCase } from '../coverage.contract.ts';
import { oppositeOrders } from '../opposite-orders.ts';
import { runProbe } from '../run-audit.ts';
import { typeVotes } from '../type-votes.ts';
import { typeReversal } from './type-reversal.ts';

interface Options {
  readonly pairs?: number;
  readonly votes?: number;
  /** Log-odds of the comparisons and of the rankings, on pairs ordered alike. */
  readonly clarity?: readonly [number, number];
}

const item = (i: number): Item => ({
  id: `i${i}`,
  projectId: 'p',
  prompt: `question ${i}`,
  replies: [0, 1].map((k) => ({ id: `i${i}/${k}`, text: `${k}` })),
  source: { origin: 'test', selection: 'all' },
});
const judgment = (i: number, name: string, answer: Judgment['answer']): Judgment => ({
  id: `i${i}/${name}`,
  projectId: 'p',
  itemId: `i${i}`,
  raterId: name,
  presentation: { order: [0, 1], view: 'full', instructionsVersion: '1', shownAt: '2026-01-01' },
  answer,
  activeMs: null,
  submittedAt: '2026-01-01',
  source: 'simulated',
});

/** Pairs judged by comparison and by ranking, a share of them in opposite orders. */
function twice(rng: Rng, opposite: number, { pairs = 150, votes = 5, clarity = [2, 2] }: Options = {}) {
  const items = Array.from({ length: pairs }, (_, i) => item(i));
  const judgments = items.flatMap((_, i) => {
    const [side, turned] = [rng.uniform() < 0.5 ? 1 : -1, rng.uniform() < opposite ? -1 : 1];
    const hard = 0.5 + rng.uniform();
    const first = (logit: number) => rng.uniform() < sigmoid(side * hard * logit);
    return Array.from({ length: votes }, (_, v) => [
      judgment(i, `c${v}`, { kind: 'comparison', outcome: first(clarity[0]) ? 0 : 1 }),
      judgment(i, `r${v}`, { kind: 'ranking', groups: first(turned * clarity[1]) ? [[0], [1]] : [[1], [0]] }),
    ]).flat();
  });
  return { items, judgments };
}
const drawn = (name: string, opposite: number, options?: Options): TruthCase => ({
  name,
  draw: (rng) => ({ evidence: twice(rng, opposite, options), truth: opposite }),
});

describe('type-reversal', () => {
  coverageContract(
    typeReversal,
    [
      drawn('alike', 0, { pairs: 60 }),
      drawn('one pair in ten is turned', 0.1, { pairs: 60 }),
      drawn('a third is turned, few votes', 0.33, { pairs: 60, votes: 3 }),
    ],
    { draws: 15 },
  );
  it('reaches every verdict', () => {
    const verdict = (opposite: number, options?: Options) =>
      runProbe(typeReversal, twice(createRng(5), opposite, options), { seed: 1 }).verdict;
    expect(verdict(0.5)).toBe('failure');
    expect(verdict(0.2, { clarity: [3, 3] })).toBe('concern');
    expect(verdict(0, { pairs: 40, clarity: [1, 1] })).toBe('inconclusive');
    expect(verdict(0, { pairs: 400, votes: 8, clarity: [5, 5] })).toBe('clear');
    expect(verdict(0.5, { pairs: 20 })).toBe('not-assessed');
    expect(verdict(0.5, { votes: 1 })).toBe('not-assessed');
  });
  it('does not take a noisier type for one that orders otherwise', () => {
    for (let seed = 0; seed < 8; seed++) {
      const evidence = twice(createRng(seed), 0, { clarity: [4, 0.4] });
      expect(['concern', 'failure']).not.toContain(runProbe(typeReversal, evidence, { seed }).verdict);
    }
  });
  it('lets values speak by their mean: a rare large one turns it', () => {
    const gamble = (value: number) => ({
      kind: 'rating' as const,
      scale: { min: 0, max: 10, step: 1 },
      values: [
        { reply: 0, criterion: 'worth', value: 1 },
        { reply: 1, criterion: 'worth', value },
      ],
    });
    const judgments = [0, 0, 0, 0, 0, 0, 10, 10, 10].map((value, v) => judgment(0, `v${v}`, gamble(value)));
    const compared = [0, 0, 0].map((outcome, v) => judgment(0, `c${v}`, { kind: 'comparison', outcome }));
    expect(typeVotes([item(0)], [...judgments, ...compared])).toEqual([
      { types: ['comparison', 'rating'], pairs: [{ a: { first: 3, n: 3 }, b: { first: 0, n: 3 } }], names: ['i0 0/1'] },
    ]);
  });
  it('leaves out what says nothing of two replies, and what is no work', () => {
    const { items, judgments } = twice(createRng(1), 0, { pairs: 1, votes: 2 });
    expect(typeVotes(items, judgments)[0]!.pairs).toHaveLength(1);
    const tied = judgments.map((own) =>
      own.answer.kind === 'comparison'
        ? { ...own, answer: { kind: 'comparison' as const, outcome: 'tie' as const } }
        : own,
    );
    expect(typeVotes(items, tied)).toEqual([]);
    const gold = judgments.map((own) => ({ ...own, presentation: { ...own.presentation, purpose: 'gold' as const } }));
    expect(typeVotes(items, gold)).toEqual([]);
  });
});

describe('opposite orders', () => {
  const pair = (a: number, b: number) => ({ a: { first: a, n: 8 }, b: { first: b, n: 8 } });
  it('are counted where votes leave no doubt', () => {
    const pairs = Array.from({ length: 100 }, (_, i) => pair(i % 2 === 0 ? 8 : 0, (i % 2 === 0) === i < 30 ? 0 : 8));
    const { share, low, high } = oppositeOrders(pairs, 1.96);
    expect(share).toBeCloseTo(0.3, 1);
    // Nearly the interval of a share of one hundred.
    expect(low).toBeGreaterThan(0.19);
    expect(high).toBeLessThan(0.42);
  });
});
