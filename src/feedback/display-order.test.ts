import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Answer, answerSchema, fromPlaces, toPlaces } from './index.ts';

const order = [2, 0, 1];
const reply = fc.integer({ min: 0, max: 2 });
const text = fc.string({ minLength: 1 });
/** An answer of every kind about an item of three replies. */
const answers: fc.Arbitrary<Answer> = fc.oneof(
  fc.record({ kind: fc.constant('comparison' as const), outcome: fc.oneof(reply, fc.constant('tie' as const)) }),
  fc
    .shuffledSubarray([0, 1, 2], { minLength: 1 })
    .map((all) => ({ kind: 'ranking' as const, groups: all.map((r) => [r]) })),
  reply.map((r) => ({
    kind: 'rating' as const,
    scale: { min: 1, max: 5, step: 1 },
    values: [{ reply: r, criterion: 'c', value: 3 }],
  })),
  fc.record({ kind: fc.constant('label' as const), reply, labels: fc.array(text) }),
  fc.record({ kind: fc.constant('correction' as const), reply, text }),
  reply.map((r) => ({ kind: 'spans' as const, reply: r, spans: [] })),
  reply.map((r) => ({ kind: 'steps' as const, reply: r, mode: 'per-step' as const, labels: [1 as const, null] })),
  fc.record({ kind: fc.constant('critique' as const), reply, text }),
  fc.record({ kind: fc.constant('demonstration' as const), text }),
);

describe('places and replies', () => {
  it('go over into each other and back for every kind', () => {
    fc.assert(
      fc.property(answers, (answer) => {
        expect(fromPlaces(toPlaces(answer, order), order)).toEqual(answer);
        expect(toPlaces(fromPlaces(answer, order), order)).toEqual(answer);
      }),
    );
  });
  it('mean the reply that stood there', () => {
    expect(fromPlaces({ kind: 'comparison', outcome: 0 }, order)).toEqual({ kind: 'comparison', outcome: 2 });
    expect(fromPlaces({ kind: 'ranking', groups: [[1], [0, 2]] }, order)).toEqual({
      kind: 'ranking',
      groups: [[0], [2, 1]],
    });
  });
  it('a place that was not shown is never valid', () => {
    expect(answerSchema.safeParse(fromPlaces({ kind: 'comparison', outcome: 3 }, order)).success).toBe(false);
  });
});
