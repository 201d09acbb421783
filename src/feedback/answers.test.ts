import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ANSWERS, anyAnswer, ITEM } from './arbitrary.fake.ts';
import {
  ANSWER_KINDS,
  type Answer,
  type AnswerKind,
  type AnswerOf,
  answerProblem,
  answerSchema,
  canonicalAnswer,
  displayAnswer,
  ratedUnits,
  spanCharacters,
} from './index.ts';

const KINDS = Object.keys(ANSWER_KINDS) as AnswerKind[];

/** The same meaning said in another order: ties, labels, values and spans shuffled, labels and spans repeated. */
function reworded(answer: Answer, seed: number): Answer {
  const turn = <T>(values: readonly T[]): T[] => {
    const at = values.length === 0 ? 0 : seed % values.length;
    return [...values.slice(at), ...values.slice(0, at)].reverse();
  };
  switch (answer.kind) {
    case 'ranking':
      return { ...answer, groups: answer.groups.map(turn) };
    case 'rating':
      return { ...answer, values: turn(answer.values.map((v) => ({ ...v, value: v.value * (1 + 1e-15) }))) };
    case 'label':
      return { ...answer, labels: turn([...answer.labels, ...answer.labels]) };
    case 'spans':
      return { ...answer, spans: turn([...answer.spans, ...answer.spans]) };
    default:
      return answer;
  }
}

describe.each(KINDS)('an answer of kind %s', (kind) => {
  const sound = ANSWERS[kind] as fc.Arbitrary<Answer>;
  it('is valid, fits its item, survives JSON, and can be read', () => {
    fc.assert(
      fc.property(sound, (answer) => {
        expect(answerSchema.parse(JSON.parse(JSON.stringify(answer)))).toEqual(answer);
        expect(answerProblem(answer, ITEM)).toBeUndefined();
        expect(displayAnswer(answer, [2, 0, 1])).not.toBe('');
      }),
    );
  });
  it('has one canonical form, sound and the same for equal meanings', () => {
    fc.assert(
      fc.property(sound, fc.nat(7), (answer, seed) => {
        const canonical = canonicalAnswer(answer);
        expect(answerSchema.parse(canonical)).toEqual(canonical);
        expect(answerProblem(canonical, ITEM)).toBeUndefined();
        expect(canonicalAnswer(canonical)).toEqual(canonical);
        expect(canonicalAnswer(reworded(answer, seed))).toEqual(canonical);
        expect(ratedUnits(reworded(answer, seed))).toEqual(ratedUnits(answer));
      }),
    );
  });
  it('gives each unit one value, and values only where the kind has common ones', () => {
    fc.assert(
      fc.property(sound, (answer) => {
        const units = ratedUnits(answer).map(({ unit }) => unit);
        expect(new Set(units).size).toBe(units.length);
        if (typeof ANSWER_KINDS[kind].comparable === 'object') expect(units).toEqual([]);
      }),
    );
  });
});

const spans = (...list: [number, number, string][]): AnswerOf<'spans'> => ({
  kind: 'spans',
  reply: 1,
  spans: list.map(([start, end, label]) => ({ start, end, label })),
});
const scale = { min: 1, max: 5, step: 0.5 };
const rated = (...values: [number, string, number][]): Answer => ({
  kind: 'rating',
  scale,
  values: values.map(([reply, criterion, value]) => ({ reply, criterion, value })),
});

describe('what does not fit an item is named', () => {
  const one = { ...ITEM, replies: ITEM.replies.slice(0, 1) };
  const cases: [string, Answer, RegExp, typeof ITEM?][] = [
    ['a reply that is not there', { kind: 'comparison', outcome: 3 }, /reply 3 where the item has 3/],
    ['a comparison of one', { kind: 'comparison', outcome: 0 }, /needs two replies/, one],
    ['a ranking of one', { kind: 'ranking', groups: [[0]] }, /needs two replies/, one],
    ['a strength without a preference', { kind: 'comparison', outcome: 'tie', strength: 2 }, /prefers nothing/],
    ['a reply at two ranks', { kind: 'ranking', groups: [[0], [1, 0]] }, /two ranks/],
    ['a ranked reply that is not there', { kind: 'ranking', groups: [[0], [7]] }, /reply 7/],
    ['a value off the scale', rated([0, 'truth', 5.5]), /off the scale/],
    ['a value between steps', rated([0, 'truth', 1.3]), /between the steps/],
    ['a value given twice', rated([0, 'truth', 1], [0, 'truth', 2]), /rated twice/],
    ['a rating of no reply', rated([4, 'truth', 1]), /reply 4/],
    ['a scale upside down', { ...rated([0, 'x', 1]), scale: { min: 2, max: 1, step: 1 } } as Answer, /a scale from/],
    ['a label of no reply', { kind: 'label', reply: 3, labels: [] }, /reply 3/],
    ['a correction of no reply', { kind: 'correction', reply: 3, text: '' }, /reply 3/],
    ['a critique of no reply', { kind: 'critique', reply: 3, text: 'x' }, /reply 3/],
    ['a span past the end', spans([0, 6, 'x']), /span 0 to 6 of a text of 5/],
    ['an empty span', spans([2, 2, 'x']), /span 2 to 2/],
    ['spans of no reply', { kind: 'spans', reply: 3, spans: [] }, /reply 3/],
    ['too many steps', { kind: 'steps', reply: 1, mode: 'per-step', labels: [1, 1] }, /2 step labels .* 1 steps/],
    ['steps of no reply', { kind: 'steps', reply: 3, mode: 'per-step', labels: [1] }, /reply 3/],
    [
      'a step after the first error',
      { kind: 'steps', reply: 0, mode: 'first-error', labels: [1, -1, 1] },
      /after the first error/,
    ],
  ];
  it.each(cases)('%s', (_, answer, problem, item = ITEM) => {
    expect(answerProblem(answerSchema.parse(answer), item)).toMatch(problem);
  });
  it('judging may stop at the first error', () => {
    expect(
      answerProblem({ kind: 'steps', reply: 0, mode: 'first-error', labels: [1, -1, null] }, ITEM),
    ).toBeUndefined();
  });
});

describe('reading and comparing', () => {
  it('letters follow the order shown', () => {
    const best: Answer = { kind: 'comparison', outcome: 2, strength: 2 };
    expect(displayAnswer(best)).toBe('C is clearly better');
    expect(displayAnswer(best, [2, 0, 1])).toBe('A is clearly better');
    const ranking: Answer = { kind: 'ranking', groups: [[2, 1], [0]] };
    expect(displayAnswer(ranking)).toBe('B = C > A');
    expect(displayAnswer(ranking, [0, 2, 1])).toBe('B = C > A');
    expect(displayAnswer(ranking, [1, 0, 2])).toBe('A = C > B');
    // No two replies may share a letter: one that was not shown has none.
    expect(displayAnswer({ kind: 'comparison', outcome: 0 }, [1])).toBe('reply 1 is better');
    expect(displayAnswer({ kind: 'comparison', outcome: 26 })).toBe('reply 27 is better');
    fc.assert(
      fc.property(anyAnswer, fc.shuffledSubarray([0, 1, 2], { minLength: 3 }), (answer, order) => {
        if (answer.kind !== 'comparison' || typeof answer.outcome !== 'number') return;
        expect(displayAnswer(answer, order).charCodeAt(0) - 65).toBe(order.indexOf(answer.outcome));
      }),
    );
  });
  it('raters who ranked other subsets agree on what both ranked', () => {
    const units = (groups: number[][]) =>
      new Map(ratedUnits({ kind: 'ranking', groups }).map((u) => [u.unit, u.value]));
    const [all, part] = [units([[1], [0, 2]]), units([[1], [2]])];
    expect([...all.keys()]).toEqual(['reply 0 against 1', 'reply 0 against 2', 'reply 1 against 2']);
    expect(all.get('reply 0 against 1')).toBe('second');
    expect(all.get('reply 0 against 2')).toBe('tie');
    expect(part.get('reply 1 against 2')).toBe(all.get('reply 1 against 2'));
    expect(part.size).toBe(1);
  });
  it('label sets that read alike are not the same value, and cannot judge is no value', () => {
    const value = (labels: string[]) => ratedUnits({ kind: 'label', reply: 0, labels })[0]!.value;
    expect(value(['a + b'])).not.toBe(value(['a', 'b']));
    expect(value([])).not.toBe(value(['']));
    expect(ratedUnits({ kind: 'comparison', outcome: 'cant-judge' })).toEqual([]);
    expect(ratedUnits({ kind: 'comparison', outcome: 'both-bad' })).toHaveLength(1);
  });
  it('spans compare by character', () => {
    const values = (answer: AnswerOf<'spans'>) => spanCharacters(answer, ITEM).map(({ value }) => value);
    expect(values(spans([1, 3, 'x']))).toEqual(['[]', '["x"]', '["x"]', '[]', '[]']);
    expect(values(spans([1, 2, 'x'], [2, 3, 'x'], [1, 3, 'x']))).toEqual(values(spans([1, 3, 'x'])));
    expect(values(spans([0, 2, 'y'], [1, 2, 'x']))[1]).toBe('["x","y"]');
  });
});
