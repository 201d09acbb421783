import { describe, expect, it } from 'vitest';
import { ITEM, judgmentOf } from './arbitrary.fake.ts';
import { type Answer, answerProblem, displayAnswer, preferenceShares, softComparison, toPairs } from './index.ts';

const two = { ...ITEM, replies: ITEM.replies.slice(0, 2) };
const pairsOf = (answer: Answer, item = two) => toPairs([item], [judgmentOf('j', 'r', answer)]);

describe('soft comparisons', () => {
  it('say the outcome that their shares amount to', () => {
    expect(softComparison([0.4, 0.6]).outcome).toBe(1);
    expect(softComparison([0.4, 0.2, 0.4]).outcome).toBe('tie');
    expect(displayAnswer(softComparison([0.25, 0.75], 4))).toBe('B is better (A 25 %, B 75 % of 4 votes)');
  });
  it.each<[string, Answer, RegExp | undefined]>([
    ['sound', softComparison([0.4, 0.6]), undefined],
    ['of another number of replies', softComparison([0.2, 0.3, 0.5]), /3 shares of a preference among 2 replies/],
    ['that do not add up', softComparison([0.4, 0.4]), /add up to 0\.8/],
    [
      'beside another outcome',
      { ...softComparison([0.4, 0.6]), outcome: 0 },
      /outcome 0 beside shares whose largest says 1/,
    ],
    ['votes without them', { kind: 'comparison', outcome: 0, votes: 3 }, /votes counted without the shares/],
  ])('shares %s', (_, answer, problem) => {
    if (problem === undefined) expect(answerProblem(answer, two)).toBeUndefined();
    else expect(answerProblem(answer, two)).toMatch(problem);
  });
  it('are targets of pairs, and votes their weight', () => {
    const { pairs } = pairsOf(softComparison([0.3, 0.7], 5));
    expect(pairs.map(({ target, weight }) => [target, weight])).toEqual([[0.3, 5]]);
    const three = pairsOf(softComparison([0.5, 0.5, 0]), ITEM).pairs;
    expect(three.map(({ target }) => target)).toEqual([0.5, 1, 1]);
    expect(three.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 12);
  });
  it('stand beside hard ones as the same kind of number', () => {
    expect(preferenceShares({ kind: 'comparison', outcome: 1 }, 2)).toEqual([0, 1]);
    expect(preferenceShares({ kind: 'comparison', outcome: 'tie' }, 4)).toEqual([0.25, 0.25, 0.25, 0.25]);
    expect(preferenceShares({ kind: 'comparison', outcome: 'both-bad' }, 2)).toBeNull();
  });
});
