import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { documentText } from '../report/index.ts';
import { simulatedArena } from './arena.fake.ts';
import { leaderboardDocument } from './document/leaderboard.ts';
import { type Leaderboard, leaderboard } from './leaderboard.ts';
import { CONTROLS } from './leaderboard-contests.ts';

const fixture = JSON.parse(readFileSync(new URL('../../fixtures/leaderboard.json', import.meta.url), 'utf8')) as {
  readonly seed: number;
  readonly judgments: number;
  readonly strengths: Record<string, number>;
  readonly standardErrors: Record<string, number>;
  readonly controls: Record<string, { value: number; standardError: number }>;
};
const boardOf = (...args: Parameters<typeof leaderboard>): Leaderboard => {
  const board = leaderboard(...args);
  if ('undefined' in board) throw new Error(board.undefined);
  return board;
};
const byModel = (board: Leaderboard) => new Map(board.rows.map((row) => [row.model, row]));

describe('the leaderboard', () => {
  it('equals a logistic regression with rater-clustered errors made elsewhere', () => {
    const { items, judgments } = simulatedArena(fixture.seed, { judgments: fixture.judgments, ties: 0 });
    const board = boardOf(items, judgments, { controls: ['position', 'length'] });
    for (const { model, strength } of board.rows) {
      expect(strength.value).toBeCloseTo(fixture.strengths[model]!, 6);
      expect(strength.standardError / fixture.standardErrors[model]!).toBeCloseTo(1, 3);
    }
    for (const { control, value, standardError } of board.controls) {
      expect(value).toBeCloseTo(fixture.controls[control]!.value, 6);
      expect(standardError / fixture.controls[control]!.standardError).toBeCloseTo(1, 3);
    }
    expect(board.clusters).toEqual({ of: 'raters', n: 60 });
  });

  it('recovers strengths, place and length, and without controls takes length for worth', () => {
    const { items, judgments, names, strengths } = simulatedArena(1, { judgments: 6000 });
    const board = boardOf(items, judgments);
    const rows = byModel(board);
    for (const [i, name] of names.entries()) {
      const { interval, value } = rows.get(name)!.strength;
      expect(Math.abs(value - strengths[i]!)).toBeLessThan(0.15);
      expect(interval.high - interval.low).toBeLessThan(0.4);
    }
    expect(board.rows.map(({ model }) => model)).toEqual(names);
    const control = new Map(board.controls.map((row) => [row.control, row]));
    expect(control.get('position')!.value).toBeCloseTo(0.3, 1);
    const { value, scale } = control.get('length')!;
    expect(value / scale).toBeGreaterThan(1.1);
    expect(value / scale).toBeLessThan(1.9);
    expect(board.ties!.value).toBeCloseTo(0.5, 1);
    const [best, worst] = [rows.get('model 0')!, rows.get('model 5')!];
    // What length adds to the longer-winded models is not theirs.
    expect(best.rawStrength - worst.rawStrength).toBeGreaterThan(best.strength.value - worst.strength.value + 0.05);
    expect(board.spearman).toBeGreaterThan(0.9);
    expect(board.without.map(({ control: name }) => name)).toEqual(['headings', 'lists', 'emphasis', 'code']);
  });

  it('ranks are what the differences leave open', () => {
    const { items, judgments } = simulatedArena(2, { judgments: 400, models: 12 });
    const { rows } = boardOf(items, judgments);
    for (const [place, { ranks }] of rows.entries()) {
      expect(ranks[0]).toBeLessThanOrEqual(place + 1);
      expect(ranks[1]).toBeGreaterThanOrEqual(place + 1);
    }
    expect(rows[0]!.ranks[1]).toBeGreaterThan(1);
    expect(rows[0]!.ranks[1]).toBeLessThan(12);
  });

  it('reads shares and votes of a preference as the hard votes that they stand for', () => {
    const { items, judgments } = simulatedArena(4, { judgments: 400, ties: 0, models: 3 });
    const hard = judgments.flatMap((judgment, i) => [
      judgment,
      { ...judgment, id: `${judgment.id}/b` },
      { ...judgment, id: `${judgment.id}/c`, answer: { kind: 'comparison' as const, outcome: i % 2 } },
    ]);
    const soft = judgments.map((judgment, i) => {
      const { outcome } = judgment.answer as { outcome: number };
      const wins = 2 * Number(outcome === 0) + Number(i % 2 === 0);
      const shares = [wins / 3, 1 - wins / 3];
      return { ...judgment, answer: { kind: 'comparison' as const, outcome, shares, votes: 3 } };
    });
    const strengthsOf = (all: typeof hard | typeof soft) =>
      boardOf(items, all, { controls: [] }).rows.map(({ model, strength }) => [model, strength.value.toFixed(6)]);
    expect(strengthsOf(soft)).toEqual(strengthsOf(hard));
  });

  it('does not depend on the order of records or of replies', () => {
    const { items, judgments } = simulatedArena(3, { judgments: 500 });
    const turned = {
      items: items.map((item) => ({ ...item, replies: [...item.replies].reverse() })).reverse(),
      judgments: judgments
        .map((judgment) => {
          const { outcome } = judgment.answer as { outcome: number | 'tie' };
          return {
            ...judgment,
            answer: { kind: 'comparison' as const, outcome: outcome === 'tie' ? outcome : 1 - outcome },
            presentation: { ...judgment.presentation, order: judgment.presentation.order.map((k) => 1 - k) },
          };
        })
        .reverse(),
    };
    const [a, b] = [boardOf(items, judgments), boardOf(turned.items, turned.judgments)];
    for (const [model, row] of byModel(a)) {
      const other = byModel(b).get(model)!;
      expect(other.strength.value).toBeCloseTo(row.strength.value, 7);
      expect(other.strength.standardError).toBeCloseTo(row.strength.standardError, 7);
      expect(other.raw.k).toBeCloseTo(row.raw.k, 9);
    }
  });

  it('says what it left out, what holds models together, and why there is nothing', () => {
    const { items, judgments } = simulatedArena(4, { judgments: 60, models: 3, raters: 4 });
    const plain = items.map(({ replies, ...item }) => ({ ...item, replies: replies.map(({ model: _, ...r }) => r) }));
    expect(leaderboard(plain, judgments)).toEqual({ undefined: expect.stringMatching(/two models or more, got 0/) });
    const onlyWins = judgments.map((judgment, k) => {
      const [a, b] = items[k]!.replies;
      return { ...judgment, answer: { kind: 'comparison' as const, outcome: a!.model! < b!.model! ? 0 : 1 } };
    });
    const bad = { ...onlyWins[0]!, id: 'bad', answer: { kind: 'comparison' as const, outcome: 'both-bad' as const } };
    const board = boardOf(items, [...onlyWins, bad]);
    expect(board.ridge).toBeGreaterThan(0);
    expect(board.notes.join()).toMatch(/weak prior[\s\S]*4 raters are too few/);
    expect(board.unused).toEqual({ 'both-bad': 1 });
    expect(board.ties).toBeNull();
  });

  it('reads as a document and as JSON', () => {
    const { items, judgments } = simulatedArena(5, { judgments: 800 });
    const board = boardOf(items, judgments, { controls: CONTROLS });
    expect(JSON.parse(JSON.stringify(board))).toEqual(board);
    const text = documentText(leaderboardDocument(board, { title: 'Arena' }), { all: true });
    expect(text).toMatch(/model 0/);
    expect(text).toMatch(/shown first +0\.\d+ \(95 %/);
    expect(text).not.toMatch(/NaN|undefined|Infinity/);
  });
});
