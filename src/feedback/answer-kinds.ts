import { stepsOf } from '../text/index.ts';
import { type Answer, type AnswerKind, type AnswerOf, outcomeOfShares } from './answer.ts';
import type { Item } from './item.ts';

/** A judged thing with the value it got, for agreement between raters: same unit, comparable values. */
export interface RatedUnit {
  /** Part of the item: empty for the whole, `reply 0/clarity` for a criterion. */
  readonly unit: string;
  readonly value: string | number;
}

/** How values of a kind differ: categories, ordered, or on a scale; or why they cannot be compared. */
export type Comparability = 'nominal' | 'ordinal' | 'interval' | { readonly not: string };

/** Everything the project knows about one kind of answer. */
export interface AnswerKindSpec<K extends AnswerKind> {
  /** Why the answer does not fit the item; undefined when it does. */
  problem(answer: AnswerOf<K>, item: Item): string | undefined;
  /** For a person, replies named by the letter of their place in `order`. */
  display(answer: AnswerOf<K>, letter: (reply: number) => string): string;
  /** The answer without what does not change its meaning (order within ties, of labels, of spans). */
  canonical(answer: AnswerOf<K>): AnswerOf<K>;
  readonly comparable: Comparability;
  units(answer: AnswerOf<K>): readonly RatedUnit[];
}

const byNumber = (a: number, b: number) => a - b;
const unique = (values: readonly string[]) => [...new Set(values)].sort();
/** Orders by several keys, the first that differs deciding. */
const byKeys =
  <T>(keys: (value: T) => readonly (string | number)[]) =>
  (a: T, b: T): number => {
    const [left, right] = [keys(a), keys(b)];
    const at = left.findIndex((key, i) => key !== right[i]);
    return at < 0 ? 0 : left[at]! < right[at]! ? -1 : 1;
  };
const bySpan = byKeys((s: AnswerOf<'spans'>['spans'][number]) => [
  s.start,
  s.end,
  s.label,
  s.note === undefined ? '' : `: ${s.note}`,
]);
/** 0.1 + 0.2 and 0.3 are one point of a scale. */
const scalePoint = (value: number) => Number(value.toPrecision(12));
const replyProblem = (reply: number, item: Item) =>
  reply < item.replies.length ? undefined : `reply ${reply} where the item has ${item.replies.length}`;
const SHARES_TOLERANCE = 1e-6;
/** Why shares of a preference are none, or say something else than the outcome beside them. */
function sharesProblem(
  shares: readonly number[],
  outcome: AnswerOf<'comparison'>['outcome'],
  item: Item,
): string | undefined {
  if (shares.length !== item.replies.length)
    return `${shares.length} shares of a preference among ${item.replies.length} replies`;
  const sum = shares.reduce((a, b) => a + b, 0);
  if (Math.abs(sum - 1) > SHARES_TOLERANCE) return `shares of a preference that add up to ${sum}, not to 1`;
  const largest = outcomeOfShares(shares);
  return largest === outcome ? undefined : `the outcome ${outcome} beside shares whose largest says ${largest}`;
}

const TEXT: Comparability = { not: 'free text has no common values to agree on' };

/** One row per kind; a kind without one is a type error. */
export const ANSWER_KINDS: { readonly [K in AnswerKind]: AnswerKindSpec<K> } = {
  comparison: {
    problem({ outcome, strength, shares, votes }, item) {
      if (item.replies.length < 2) return `a comparison needs two replies, the item has ${item.replies.length}`;
      const soft = shares === undefined ? undefined : sharesProblem(shares, outcome, item);
      if (soft !== undefined) return soft;
      if (votes !== undefined && shares === undefined) return 'votes counted without the shares they give';
      if (typeof outcome === 'number') return replyProblem(outcome, item);
      return strength === undefined ? undefined : `strength ${strength} beside ${outcome}, which prefers nothing`;
    },
    display({ outcome, strength, shares, votes }, letter) {
      const said =
        typeof outcome === 'number'
          ? `${letter(outcome)} is ${['', 'slightly ', 'clearly ', 'much '][strength ?? 0]}better`
          : { tie: 'equally good', 'both-bad': 'none is good', 'cant-judge': 'cannot judge' }[outcome];
      if (shares === undefined) return said;
      const parts = shares.map((share, reply) => `${letter(reply)} ${Number((100 * share).toFixed(1))} %`).join(', ');
      return `${said} (${parts}${votes === undefined ? '' : ` of ${votes} votes`})`;
    },
    canonical: (answer) => answer,
    comparable: 'nominal',
    /** Cannot judge is a missing value, not one that others could agree with. */
    units: ({ outcome }) => (outcome === 'cant-judge' ? [] : [{ unit: '', value: outcome }]),
  },
  ranking: {
    problem({ groups }, item) {
      if (item.replies.length < 2) return `a ranking needs two replies, the item has ${item.replies.length}`;
      const all = groups.flat();
      if (new Set(all).size < all.length) return 'a reply stands at two ranks';
      return all.map((reply) => replyProblem(reply, item)).find((problem) => problem !== undefined);
    },
    display: ({ groups }, letter) => groups.map((group) => group.map(letter).sort().join(' = ')).join(' > '),
    canonical: (answer) => ({ ...answer, groups: answer.groups.map((group) => [...group].sort(byNumber)) }),
    comparable: 'nominal',
    /** Every ranked pair, by the lower index: partial rankings then agree on what both ranked. */
    units({ groups }) {
      const placed = groups.flatMap((group, rank) => group.map((reply) => ({ reply, rank })));
      placed.sort((a, b) => a.reply - b.reply);
      return placed.flatMap((a, i) =>
        placed.slice(i + 1).map((b) => ({
          unit: `reply ${a.reply} against ${b.reply}`,
          value: a.rank === b.rank ? 'tie' : a.rank < b.rank ? 'first' : 'second',
        })),
      );
    },
  },
  rating: {
    problem({ scale: { min, max, step }, values }, item) {
      if (min >= max) return `a scale from ${min} to ${max}`;
      const seen = new Set<string>();
      for (const { reply, criterion, value } of values) {
        const off = replyProblem(reply, item);
        if (off !== undefined) return off;
        if (seen.has(`${reply}/${criterion}`)) return `reply ${reply} is rated twice for ${criterion}`;
        seen.add(`${reply}/${criterion}`);
        if (value < min || value > max) return `${criterion} ${value} off the scale ${min} to ${max}`;
        const steps = (value - min) / step;
        if (Math.abs(steps - Math.round(steps)) > 1e-9) return `${criterion} ${value} between the steps of ${step}`;
      }
      return undefined;
    },
    display: ({ scale, values }, letter) =>
      values.map((v) => `${letter(v.reply)} ${v.criterion} ${v.value} of ${scale.max}`).join(', '),
    canonical: (answer) => ({
      ...answer,
      values: answer.values
        .map((v) => ({ ...v, value: scalePoint(v.value) }))
        .sort(byKeys((v) => [v.reply, v.criterion])),
    }),
    comparable: 'interval',
    units: ({ values }) => values.map((v) => ({ unit: `reply ${v.reply}/${v.criterion}`, value: v.value })),
  },
  label: {
    problem: ({ reply }, item) => replyProblem(reply, item),
    display: ({ reply, labels }, letter) => `${letter(reply)}: ${labels.length === 0 ? 'none' : labels.join(', ')}`,
    canonical: (answer) => ({ ...answer, labels: unique(answer.labels) }),
    comparable: 'nominal',
    units: ({ reply, labels }) => [{ unit: `reply ${reply}`, value: JSON.stringify(unique(labels)) }],
  },
  correction: {
    problem: ({ reply }, item) => replyProblem(reply, item),
    display: ({ reply, text }, letter) => `${letter(reply)} rewritten: ${text}`,
    canonical: (answer) => answer,
    comparable: TEXT,
    units: () => [],
  },
  spans: {
    problem({ reply, spans }, item) {
      const off = replyProblem(reply, item);
      if (off !== undefined) return off;
      const { length } = item.replies[reply]!.text;
      for (const { start, end } of spans) {
        if (start >= end || end > length) return `span ${start} to ${end} of a text of ${length} characters`;
      }
      return undefined;
    },
    display: ({ reply, spans }, letter) =>
      `${letter(reply)}: ${spans.length === 0 ? 'nothing marked' : spans.map((s) => `${s.label} ${s.start}–${s.end}`).join(', ')}`,
    canonical(answer) {
      const spans = [...answer.spans].sort(bySpan);
      return { ...answer, spans: spans.filter((span, i) => i === 0 || bySpan(spans[i - 1]!, span) !== 0) };
    },
    comparable: {
      not: 'raters cut spans at different places; compare the labels of characters instead (spanCharacters)',
    },
    units: () => [],
  },
  steps: {
    problem({ reply, mode, labels }, item) {
      const off = replyProblem(reply, item);
      if (off !== undefined) return off;
      const steps = stepsOf(item.replies[reply]!.text).length;
      if (labels.length !== steps) return `${labels.length} step labels for a reply of ${steps} steps`;
      if (mode === 'per-step') return undefined;
      const wrong = labels.indexOf(-1);
      const after = wrong < 0 ? undefined : labels.slice(wrong + 1).find((label) => label !== null);
      return after === undefined ? undefined : 'a step judged after the first error';
    },
    display: ({ reply, labels }, letter) =>
      `${letter(reply)}: ${labels.map((l, i) => `${i + 1} ${l === null ? 'not judged' : ['wrong', 'neutral', 'right'][l + 1]}`).join(', ')}`,
    canonical: (answer) => answer,
    comparable: 'ordinal',
    units: ({ reply, labels }) =>
      labels.flatMap((label, i) => (label === null ? [] : [{ unit: `reply ${reply}/step ${i}`, value: label }])),
  },
  critique: {
    problem: ({ reply }, item) => replyProblem(reply, item),
    display: ({ reply, text }, letter) => `${letter(reply)}: ${text}`,
    canonical: (answer) => answer,
    comparable: TEXT,
    units: () => [],
  },
  demonstration: {
    problem: () => undefined,
    display: ({ text }) => text,
    canonical: (answer) => answer,
    comparable: TEXT,
    units: () => [],
  },
};

const specOf = <K extends AnswerKind>(kind: K) => ANSWER_KINDS[kind] as unknown as AnswerKindSpec<AnswerKind>;

/** Why an answer does not fit an item (an index out of range, a span past the end); undefined when it fits. */
export const answerProblem = (answer: Answer, item: Item): string | undefined =>
  specOf(answer.kind).problem(answer, item);

/** Letter of a place on the screen: A, B, … */
export const letterOf = (place: number): string => String.fromCharCode(65 + place);

/**
 * An answer as a person reads it; replies carry the letters of the places they were shown in (of their own places where
 * no order was recorded).
 */
export function displayAnswer(answer: Answer, order: readonly number[] = []): string {
  const letter = (reply: number) => {
    const place = order.length === 0 ? reply : order.indexOf(reply);
    return place < 0 || place > 25 ? `reply ${reply + 1}` : letterOf(place);
  };
  return specOf(answer.kind).display(answer, letter);
}

/** An answer in its one canonical form: equal meanings are equal values. */
export const canonicalAnswer = (answer: Answer): Answer => specOf(answer.kind).canonical(answer);

/** The values an answer gives to the parts of its item, for agreement; none for kinds that cannot be compared. */
export const ratedUnits = (answer: Answer): readonly RatedUnit[] => specOf(answer.kind).units(canonicalAnswer(answer));

/** Spans as values of single characters, so that raters who cut at different places can be compared: labels, or none. */
export function spanCharacters({ reply, spans }: AnswerOf<'spans'>, item: Item): readonly RatedUnit[] {
  return Array.from(item.replies[reply]!.text.split(''), (_, at) => ({
    unit: `reply ${reply}/character ${at}`,
    value: JSON.stringify(unique(spans.filter((s) => s.start <= at && at < s.end).map((s) => s.label))),
  }));
}
