import { describe, expect, it } from 'vitest';
import { mean, type Rng } from '../../stats/index.ts';
import { createHarbour } from '../../world/index.ts';
import { coverageContract, coverageOf, type TruthCase } from '../coverage.contract.ts';
import { type RoundPair, roundPairs } from '../evidence/round-pairs.ts';
import type { RoundView, RunView } from '../evidence/run-view.ts';
import { runProbe } from '../run-audit.ts';
import { inducedShift } from './induced-shift.ts';

interface Shape {
  readonly prompts: number;
  readonly pairs: number;
  /** P(right) by round, and how far a prompt of its own is off in the last one. */
  readonly right: readonly number[];
  readonly spread: number;
}

const rowsOf = (rng: Rng, { prompts, pairs, right, spread }: Shape): RoundPair[] =>
  Array.from({ length: prompts }, (_, p) => {
    const off = (rng.uniform() < 0.5 ? -1 : 1) * spread;
    // Prompts bring different numbers of pairs.
    return Array.from({ length: 1 + rng.integer(2 * pairs - 1) }, (_, k) => {
      const hard = rng.uniform();
      return right.map((share, r): RoundPair => {
        const chance = share + (r === right.length - 1 ? off : 0);
        // The same pairs are hard for every reward.
        const credit = Number(rng.uniform() < 0.3 ? rng.uniform() < chance : hard < chance);
        return { round: r + 1, pairId: `p${p}/${k}`, promptId: `p${p}`, credit };
      });
    }).flat();
  }).flat();

const drawn = (name: string, shape: Shape): TruthCase => ({
  name,
  draw: (rng) => ({ evidence: { 'round-pairs': rowsOf(rng, shape) }, truth: shape.right[0]! - shape.right.at(-1)! }),
});

const USUAL: Shape = { prompts: 40, pairs: 6, right: [0.8, 0.8, 0.8], spread: 0 };
const run = (rows: RoundPair[], params = {}) => runProbe(inducedShift, { 'round-pairs': rows }, { seed: 1, params });

describe('induced-shift', () => {
  coverageContract(inducedShift, [
    drawn('nothing forgotten', USUAL),
    drawn('much forgotten, on some prompts more', { ...USUAL, right: [0.85, 0.7, 0.5], spread: 0.3 }),
    drawn('some forgotten, few prompts', { ...USUAL, prompts: 15, right: [0.8, 0.7], spread: 0.2 }),
  ]);
  it('reaches every verdict, and leaves alone a reward that learned more', () => {
    const verdicts = (right: readonly number[], prompts: number) =>
      coverageOf(inducedShift, drawn('v', { ...USUAL, prompts, right }), 20).verdicts;
    expect(verdicts([0.8, 0.8], 150).clear).toBeGreaterThan(12);
    expect(verdicts([0.8, 0.9], 40)).toEqual({ clear: 20 });
    expect(verdicts([0.8, 0.69], 150).concern).toBeGreaterThan(12);
    expect(verdicts([0.9, 0.5], 40)).toEqual({ failure: 20 });
    expect(verdicts([0.8, 0.76], 20).inconclusive).toBeGreaterThan(10);
    expect(
      run(rowsOf({ uniform: () => 0.2, integer: () => 3 } as unknown as Rng, { ...USUAL, right: [0.8] })).because,
    ).toBe('one-round-only');
    expect(run([]).because).toBe('one-round-only');
  });
  it('by hand: three pairs of four, then one; the middle round is told and does not count', () => {
    const credits = [
      [1, 1, 1, 0],
      [0, 0, 0, 0],
      [1, 0, 0, 0],
    ];
    const rows = credits.flatMap((own, r) =>
      own.map((credit, k): RoundPair => ({ round: r + 1, pairId: `${k}`, credit })),
    );
    const found = run(rows, { leastPairs: 2, leastClusters: 2 });
    expect(found.estimate).toBe(0.5);
    // Differences 0, 1, 1, 0: deviation √(1/3), over √4, times Student's 3.182 at three degrees.
    expect(found.interval!.high - 0.5).toBeCloseTo((3.18245 * Math.sqrt(1 / 3)) / 2, 4);
    expect(found.details.accuracy).toEqual([0.75, 0, 0.25].map((accuracy, r) => ({ round: r + 1, accuracy })));
    // A pair that a later round does not have is counted, and not taken for wrong.
    const { estimate, unscored } = run(rows.slice(0, -1), { leastPairs: 2, leastClusters: 2 });
    expect({ estimate, unscored }).toEqual({ estimate: 2 / 3, unscored: 1 });
  });
  it('tells how what is asked about drifted, in numbers', () => {
    const item = (round: number, k: number, text: string) => ({
      id: `r${round}/${k}`,
      projectId: 'p',
      prompt: 'q',
      replies: [{ id: 'a', text }],
      source: { origin: 'policy', selection: 'random', sampling: { round } },
    });
    const items = [item(0, 1, 'one two'), item(0, 2, 'one two'), item(1, 1, 'one three four five')];
    const rows = rowsOf({ uniform: () => 0.2, integer: () => 3 } as unknown as Rng, USUAL);
    const { details } = runProbe(inducedShift, { 'round-pairs': rows, items }, { seed: 1 });
    expect(details.drift).toEqual([
      { round: 0, words: 2, variation: 0 },
      { round: 1, words: 4, variation: 0.75 },
    ]);
  });
  it('is told by a run of several rounds: the first round’s held-out pairs, in the eyes of every reward', async () => {
    const ground = createHarbour();
    const prompt = ground.prompts('train')[0]!;
    const round = (n: number, differences: readonly number[]): RoundView => ({
      round: n,
      path: [],
      comparisons: differences.map((difference, k) => ({
        pairId: `item-${k}`,
        prompt: prompt.text,
        target: [1, 0, 0.5, 1, 0][k]!,
        difference,
      })),
    });
    const run = (rounds: readonly RoundView[]): RunView => ({
      seed: 1,
      ground,
      feedback: { items: [], judgments: [], raters: [] },
      snapshots: [],
      paths: [],
      rounds,
    });
    const rows = (await roundPairs.gather(run([round(1, [2, -1, 3, 0]), round(2, [-1, -1, 3, 0, 5])])))!;
    expect(rows.map(({ round: r, pairId, credit }) => [r, pairId, credit])).toEqual([
      [1, 'item-0', 1],
      [1, 'item-1', 1],
      [1, 'item-3', 0.5],
      [2, 'item-0', 0],
      [2, 'item-1', 1],
      [2, 'item-3', 0.5],
    ]);
    expect(mean(rows.map(({ promptId }) => Number(promptId === prompt.id)))).toBe(1);
    expect(await roundPairs.gather(run([round(1, [1, 2])]))).toBeUndefined();
  });
});
