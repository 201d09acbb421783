import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ANSWERS, anyAnswer, ITEM, judgmentOf } from './arbitrary.fake.ts';
import {
  type Answer,
  expandRanking,
  type Item,
  type Judgment,
  type PreferencePair,
  type Purpose,
  type RankingExpansion,
  toPairs,
} from './index.ts';

const EXPANSIONS: RankingExpansion[] = ['all', 'adjacent', 'best-rest'];
const preference = fc.oneof<fc.Arbitrary<Answer>[]>(ANSWERS.comparison, ANSWERS.ranking);
const choose2 = (n: number) => (n * (n - 1)) / 2;

/** The same reply texts listed in another order, the answer with them. `order[i]` is the old index of the new i-th. */
function relabelled(answer: Answer, order: readonly number[]): [Item, Answer] {
  const item = { ...ITEM, replies: order.map((old) => ITEM.replies[old]!) };
  const now = (old: number) => order.indexOf(old);
  if (answer.kind === 'ranking') return [item, { ...answer, groups: answer.groups.map((g) => g.map(now)) }];
  if (answer.kind !== 'comparison' || typeof answer.outcome !== 'number') return [item, answer];
  return [item, { ...answer, outcome: now(answer.outcome) }];
}
/** What pairs say about texts, whichever is listed first. */
const said = (pairs: readonly PreferencePair[]) =>
  pairs
    .map(({ first, second, target, weight, firstShownFirst }) =>
      first < second
        ? { first, second, target, weight, shown: firstShownFirst }
        : {
            first: second,
            second: first,
            target: 1 - target,
            weight,
            shown: firstShownFirst === null ? null : !firstShownFirst,
          },
    )
    .sort((a, b) => (a.first + a.second < b.first + b.second ? -1 : 1));

describe('rankings as pairs', () => {
  const groupSizes = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 4 });
  const build = (sizes: readonly number[]) => {
    let next = 0;
    return sizes.map((size) => Array.from({ length: size }, () => next++));
  };
  it('has as many pairs as the expansion says, each once', () => {
    fc.assert(
      fc.property(groupSizes, (sizes) => {
        const groups = build(sizes);
        const n = sizes.reduce((a, b) => a + b, 0);
        const ties = sizes.reduce((sum, size) => sum + choose2(size), 0);
        const neighbours = sizes.slice(1).reduce((sum, size, i) => sum + size * sizes[i]!, 0);
        const expected = {
          all: choose2(n),
          adjacent: ties + neighbours,
          'best-rest': choose2(sizes[0]!) + sizes[0]! * (n - sizes[0]!),
        };
        for (const expansion of EXPANSIONS) {
          const pairs = expandRanking(groups, expansion);
          expect(pairs.length).toBe(expected[expansion]);
          expect(new Set(pairs.map(({ first, second }) => [first, second].sort().join())).size).toBe(pairs.length);
          for (const { first, second, target } of pairs) {
            const rank = (r: number) => groups.findIndex((g) => g.includes(r));
            expect(target).toBe(rank(first) === rank(second) ? 0.5 : Number(rank(first) < rank(second)));
          }
        }
      }),
    );
  });
});

describe('judgments as pairs', () => {
  it('weigh one judgment as one, whatever the answer and the expansion', () => {
    fc.assert(
      fc.property(fc.array(anyAnswer, { maxLength: 6 }), fc.constantFrom(...EXPANSIONS), (answers, expansion) => {
        const judgments = answers.map((answer, i) => judgmentOf(`j${i}`, `r${i}`, answer));
        const { pairs, unscored } = toPairs([ITEM], judgments, { expansion });
        const weights = new Map<string, number>();
        for (const { judgmentId, weight } of pairs) weights.set(judgmentId, (weights.get(judgmentId) ?? 0) + weight);
        for (const weight of weights.values()) expect(weight).toBeCloseTo(1, 12);
        // Nothing is dropped without being counted.
        expect(weights.size + Object.values(unscored).reduce((a, b) => a + b, 0)).toBe(judgments.length);
      }),
    );
  });
  it('say the same about the texts when the replies are listed in another order', () => {
    const order = fc.shuffledSubarray([0, 1, 2], { minLength: 3 });
    fc.assert(
      fc.property(preference, order, order, fc.constantFrom(...EXPANSIONS), (answer, listed, shown, expansion) => {
        const at = (order: readonly number[]): Partial<Judgment> => ({
          presentation: { ...judgmentOf('', '', answer).presentation, order: [...order] },
        });
        const [item, moved] = relabelled(answer, listed);
        const before = toPairs([ITEM], [judgmentOf('j', 'r', answer, at(shown))], { expansion });
        const after = toPairs([item], [judgmentOf('j', 'r', moved, at(shown.map((old) => listed.indexOf(old))))], {
          expansion,
        });
        expect(said(after.pairs)).toEqual(said(before.pairs));
        expect(after.unscored).toEqual(before.unscored);
      }),
    );
  });
  it('the place of a pair says nothing about what was preferred', () => {
    fc.assert(
      fc.property(preference, (answer) => {
        for (const { first, second } of toPairs([ITEM], [judgmentOf('j', 'r', answer)]).pairs) {
          const at = (text: string) => ITEM.replies.findIndex((reply) => reply.text === text);
          expect(at(first)).toBeLessThan(at(second));
        }
      }),
    );
  });
  it('best of k beats each of the others; a tie of k ties every pair', () => {
    const pairs = (answer: Answer) => toPairs([ITEM], [judgmentOf('j', 'r', answer)]).pairs;
    expect(pairs({ kind: 'comparison', outcome: 1 }).map((p) => [p.target, p.weight])).toEqual([
      [0, 0.5],
      [1, 0.5],
    ]);
    expect(pairs({ kind: 'comparison', outcome: 'tie' }).map((p) => p.target)).toEqual([0.5, 0.5, 0.5]);
  });
  it('counts by reason what it cannot use', () => {
    const work = (id: string, answer: Answer, rest: Partial<Judgment> = {}) => judgmentOf(id, 'r', answer, rest);
    const first: Answer = { kind: 'comparison', outcome: 0 };
    const shownFor = (purpose: Purpose) => ({ presentation: { ...work('', first).presentation, purpose } });
    const { pairs, unscored } = toPairs(
      [ITEM],
      [
        work('a', { kind: 'comparison', outcome: 'both-bad' }),
        work('b', { kind: 'comparison', outcome: 'cant-judge' }),
        work('c', { kind: 'critique', reply: 0, text: 'x' }),
        work('d', { kind: 'ranking', groups: [[2]] }),
        work('e', { kind: 'comparison', outcome: 9 }),
        work('f', first, { itemId: 'gone' }),
        work('g', first, shownFor('gold')),
        work('h', first, shownFor('swapped-repeat')),
        work('i', first, shownFor('work')),
      ],
    );
    expect(new Set(pairs.map((p) => p.judgmentId))).toEqual(new Set(['i']));
    expect(unscored).toEqual({
      'both-bad': 1,
      'cant-judge': 1,
      'kind-critique': 1,
      'fewer-than-two-ranked': 1,
      'does-not-fit-item': 1,
      'unknown-item': 1,
      'purpose-gold': 1,
      'purpose-swapped-repeat': 1,
    });
  });
  it('does not know what stood first where it was not recorded', () => {
    const shown = (order: number[]) =>
      toPairs(
        [ITEM],
        [
          judgmentOf(
            'j',
            'r',
            { kind: 'ranking', groups: [[0], [1]] },
            {
              presentation: { ...judgmentOf('', '', { kind: 'demonstration', text: 'x' }).presentation, order },
            },
          ),
        ],
      ).pairs[0]!.firstShownFirst;
    expect([shown([]), shown([0]), shown([0, 2, 1]), shown([1, 0, 2])]).toEqual([null, null, true, false]);
  });
});
