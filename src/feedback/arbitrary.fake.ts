import fc from 'fast-check';
import { stepsOf } from '../text/index.ts';
import type { Answer, AnswerKind, Item, Judgment } from './index.ts';

/** An item of three replies with several lines each; answers below are sound answers to it. */
export const ITEM: Item = {
  id: 'item',
  projectId: 'p',
  prompt: 'question',
  replies: ['one\ntwo\nthree', 'short', 'a longer reply of some words'].map((text, i) => ({ id: `reply-${i}`, text })),
  source: { origin: 'test', selection: 'all' },
};
const SCALE = { min: 0, max: 1, step: 0.1 };

const reply = fc.integer({ min: 0, max: 2 });
const label = fc.constantFrom('rude', 'harmful', 'rude + harmful', 'false');
const groups = fc
  .tuple(fc.shuffledSubarray([0, 1, 2], { minLength: 1 }), fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }))
  .map(([replies, tied]) =>
    replies.reduce<number[][]>((made, r, i) => {
      if (i > 0 && tied[i]) made.at(-1)!.push(r);
      else made.push([r]);
      return made;
    }, []),
  );
const spanIn = (r: number) =>
  fc
    .tuple(fc.nat({ max: ITEM.replies[r]!.text.length - 1 }), fc.nat({ max: 9 }), label, fc.option(fc.constant('note')))
    .map(([start, width, name, note]) => ({
      start,
      end: Math.min(ITEM.replies[r]!.text.length, start + 1 + width),
      label: name,
      ...(note !== null && { note }),
    }));

/** Sound answers to `ITEM`, by kind; a kind without one is a type error. */
export const ANSWERS: { readonly [K in AnswerKind]: fc.Arbitrary<Extract<Answer, { kind: K }>> } = {
  comparison: fc
    .tuple(fc.oneof(reply, fc.constantFrom('tie' as const, 'both-bad' as const, 'cant-judge' as const)), fc.nat(3))
    .map(([outcome, strength]) => ({
      kind: 'comparison',
      outcome,
      ...(typeof outcome === 'number' && strength > 0 && { strength }),
    })),
  ranking: groups.map((g) => ({ kind: 'ranking', groups: g })),
  rating: fc
    .tuple(
      fc.uniqueArray(fc.tuple(reply, fc.constantFrom('clarity', 'truth')), { minLength: 1, selector: String }),
      fc.array(fc.nat(10), { minLength: 6, maxLength: 6 }),
    )
    .map(([places, steps]) => ({
      kind: 'rating',
      scale: SCALE,
      values: places.map(([r, criterion], i) => ({ reply: r, criterion, value: steps[i]! * SCALE.step })),
    })),
  label: fc.tuple(reply, fc.array(label)).map(([r, labels]) => ({ kind: 'label', reply: r, labels })),
  correction: fc.tuple(reply, fc.string()).map(([r, text]) => ({ kind: 'correction', reply: r, text })),
  spans: reply.chain((r) => fc.array(spanIn(r)).map((spans) => ({ kind: 'spans', reply: r, spans }))),
  steps: reply.chain((r) => {
    const n = stepsOf(ITEM.replies[r]!.text).length;
    return fc
      .array(fc.constantFrom(-1 as const, 0 as const, 1 as const, null), { minLength: n, maxLength: n })
      .map((labels) => ({ kind: 'steps', reply: r, mode: 'per-step', labels }));
  }),
  critique: fc.tuple(reply, fc.string({ minLength: 1 })).map(([r, text]) => ({ kind: 'critique', reply: r, text })),
  demonstration: fc.string({ minLength: 1 }).map((text) => ({ kind: 'demonstration', text })),
};
export const anyAnswer: fc.Arbitrary<Answer> = fc.oneof(...Object.values(ANSWERS));

/** A judgment of an item; everything but id, rater and answer is the same for all. */
export const judgmentOf = (id: string, raterId: string, answer: Answer, rest: Partial<Judgment> = {}): Judgment => ({
  id,
  projectId: 'p',
  itemId: ITEM.id,
  raterId,
  presentation: { order: [], view: 'full', instructionsVersion: '1', shownAt: '2026-01-01T00:00:00Z' },
  answer,
  activeMs: null,
  submittedAt: '2026-01-01T00:00:00Z',
  source: 'test',
  ...rest,
});
