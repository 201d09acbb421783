import { describe, expect, it } from 'vitest';
import type { Answer, Item, Judgment, PreferencePair } from '../feedback/index.ts';
import { byLengthBin, byPart, memberAgreement, shareDifference } from './breakdown.ts';
import { impliedPairs } from './implied-pairs.ts';

const AT = '2026-01-01T00:00:00Z';
const judgment = (id: string, answer: Answer): Judgment => ({
  id,
  projectId: 'p',
  itemId: 'i',
  raterId: 'h',
  presentation: { order: [0, 1, 2], view: 'full', instructionsVersion: '1', shownAt: AT },
  answer,
  activeMs: null,
  submittedAt: AT,
  source: 'simulated',
});
const item: Item = {
  id: 'i',
  projectId: 'p',
  prompt: 'q',
  replies: ['one', 'two', 'three'].map((text, r) => ({ id: `${r}`, text })),
  source: { origin: 'test', selection: 'all' },
};

describe('pairs that answers imply', () => {
  it('are those of rated replies and of a corrected text, and other kinds are counted', () => {
    const value = (reply: number, criterion: string, own: number) => ({ reply, criterion, value: own });
    const scale = { min: 1, max: 5, step: 1 };
    const values = [
      value(0, 'a', 5),
      value(0, 'b', 1),
      value(1, 'a', 3),
      value(1, 'b', 3),
      value(2, 'a', 1),
      value(2, 'b', 2),
    ];
    const { pairs, kindOf, unscored } = impliedPairs(
      [item],
      [
        judgment('rated', { kind: 'rating', scale, values }),
        judgment('mended', { kind: 'correction', reply: 1, text: 'two!' }),
        judgment('same', { kind: 'correction', reply: 1, text: 'two' }),
        judgment('named', { kind: 'label', reply: 0, labels: [] }),
        judgment('astray', { kind: 'correction', reply: 7, text: 'x' }),
      ],
    );
    expect(pairs.map(({ first, second, target, weight }) => [first, second, target, weight])).toEqual([
      ['one', 'two', 0.5, 1 / 3],
      ['one', 'three', 1, 1 / 3],
      ['two', 'three', 1, 1 / 3],
      ['two', 'two!', 0, 1],
    ]);
    expect(pairs.map(({ judgmentId }) => kindOf.get(judgmentId))).toEqual(['rating', 'rating', 'rating', 'correction']);
    expect(unscored).toEqual({ 'kind-correction': 2, 'kind-label': 1 });
  });
});

const pairOf = (i: number, length: number, target: number): PreferencePair => ({
  judgmentId: `${i}`,
  itemId: `${i}`,
  raterId: 'h',
  prompt: 'q',
  first: 'x'.repeat(length),
  second: 'y',
  target,
  weight: 1,
  firstShownFirst: null,
  strata: {},
});

describe('parts of an evaluation', () => {
  // Right on the six short ones, wrong on the three long ones; one tie.
  const scored = Array.from({ length: 10 }, (_, i) => ({
    pair: pairOf(i, i + 1, i === 9 ? 0.5 : 1),
    difference: i < 6 ? 2 : -2,
  }));
  it('have their own accuracy, loss and calibration, and leave ties in the data out', () => {
    const [short, long] = byPart(scored, ({ first }) => (first.length <= 6 ? 'short' : 'long'), 1);
    expect([short!.part, short!.accuracy, short!.n, long!.accuracy, long!.n]).toEqual(['short', 1, 6, 0, 3]);
    expect(short!.logLoss).toBeCloseTo(Math.log1p(Math.exp(-2)), 12);
    expect(long!.logLoss).toBeCloseTo(Math.log1p(Math.exp(2)), 12);
    expect(short!.ece).toBeCloseTo(1 - 1 / (1 + Math.exp(-2)), 12);
    expect(byLengthBin(scored, 1).map(({ n, accuracy }) => [n, accuracy])).toEqual([
      [3, 1],
      [3, 1],
      [3, 0],
    ]);
    expect(byLengthBin([], 1)).toEqual([]);
  });

  it('say how far members agree, and how right they are where they do', () => {
    const pairs = scored.slice(0, 9).map(({ pair }) => pair);
    const alike = pairs.map((_, i) => (i < 6 ? 1 : -1));
    const found = memberAgreement(pairs, [alike, alike, pairs.map(() => 1)])!;
    // On the three long pairs one of three couples agrees.
    expect(found.agreement).toBeCloseTo((6 + 3 / 3) / 9, 12);
    expect([found.allAgree!.accuracy, found.allAgree!.n, found.someDiffer!.accuracy, found.someDiffer!.n]).toEqual([
      1, 6, 0, 3,
    ]);
    expect(memberAgreement(pairs, [alike])).toBeNull();
  });

  it('differ by Newcombe’s interval: his example of 56/70 and 48/80', () => {
    // Newcombe 1998, Table II, contrast (a), method 10: .2 (.0524 to .3339).
    const wilson = (low: number, high: number) => ({ low, high, level: 0.95 });
    const { value, interval } = shareDifference(
      { accuracy: 0.8, interval: wilson(0.69183, 0.87695) },
      { accuracy: 0.6, interval: wilson(0.49045, 0.70038) },
    );
    expect(value).toBeCloseTo(0.2, 12);
    expect(interval.low).toBeCloseTo(0.0524, 3);
    expect(interval.high).toBeCloseTo(0.3339, 3);
  });
});
