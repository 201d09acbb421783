import type { Answer, AnswerKind, AnswerOf } from './answer.ts';

/** Answers with reply indices changed by a map; a kind without a row is a type error. */
const REINDEX: { readonly [K in AnswerKind]: (answer: AnswerOf<K>, to: (reply: number) => number) => AnswerOf<K> } = {
  comparison: (answer, to) =>
    typeof answer.outcome === 'number' ? { ...answer, outcome: to(answer.outcome) } : answer,
  ranking: (answer, to) => ({ ...answer, groups: answer.groups.map((group) => group.map(to)) }),
  rating: (answer, to) => ({ ...answer, values: answer.values.map((v) => ({ ...v, reply: to(v.reply) })) }),
  label: (answer, to) => ({ ...answer, reply: to(answer.reply) }),
  correction: (answer, to) => ({ ...answer, reply: to(answer.reply) }),
  spans: (answer, to) => ({ ...answer, reply: to(answer.reply) }),
  steps: (answer, to) => ({ ...answer, reply: to(answer.reply) }),
  critique: (answer, to) => ({ ...answer, reply: to(answer.reply) }),
  demonstration: (answer) => answer,
};

const reindex = (answer: Answer, to: (reply: number) => number): Answer =>
  (REINDEX[answer.kind] as (answer: Answer, to: (reply: number) => number) => Answer)(answer, to);

/**
 * An answer given in places (0 is shown first) as an answer about the item's own replies, and back. A screen that knows
 * places only cannot leak which reply is which. `order[place]` is the reply shown there; a place that was not shown
 * becomes −1, which no validation accepts.
 */
export const fromPlaces = (answer: Answer, order: readonly number[]): Answer =>
  reindex(answer, (place) => order[place] ?? -1);
export const toPlaces = (answer: Answer, order: readonly number[]): Answer =>
  reindex(answer, (reply) => order.indexOf(reply));
