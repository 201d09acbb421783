import { own } from '../../../../run/index.ts';
import { stepsOf } from '../../../../text/index.ts';
import { aboutReply, KINDS, openSteps, type Shown } from './kinds.ts';
import { withRank } from './ranking.ts';
import {
  type About,
  type AnswerKind,
  type Choice,
  cellKey,
  type Fields,
  type FieldsOf,
  letterOf,
  type Question,
  type QuestionOf,
  type StepMark,
} from './types.ts';

/** Answers by key. The same lists are drawn on the controls, so that what is shown is what works. */
const LETTERS = 'abcdefgh';
export const keyOfPlace = (place: number): string | null => LETTERS[place] ?? null;
const placeOfKey = (key: string, count: number): number | null => {
  const place = LETTERS.indexOf(key);
  return place >= 0 && place < count ? place : null;
};
/** Key of the n-th entry of a list: 1 to 9. */
export const keyOfIndex = (index: number): string | null => (index < 9 ? String(index + 1) : null);

export function comparisonOptions(
  question: QuestionOf<'comparison'>,
  replies: number,
): { readonly choice: Choice; readonly text: string; readonly key: string | null }[] {
  return [
    ...Array.from({ length: replies }, (_, place) => ({
      choice: place,
      text: replies === 2 ? `${letterOf(place)} is better` : `${letterOf(place)} is best`,
      key: keyOfPlace(place),
    })),
    ...(question.ties ? [{ choice: 'tie' as const, text: 'Equally good', key: 't' }] : []),
    ...(question.bothBad
      ? [{ choice: 'both-bad' as const, text: replies === 2 ? 'Both are bad' : 'None is good', key: 'n' }]
      : []),
    ...(question.cantJudge ? [{ choice: 'cant-judge' as const, text: 'I cannot judge', key: 'x' }] : []),
  ];
}
export const STRENGTHS = [
  { value: 1, text: 'Slightly', key: '1' },
  { value: 2, text: 'Clearly', key: '2' },
  { value: 3, text: 'Much', key: '3' },
] as const;
export const STEP_MARKS = [
  { mark: -1, text: 'Wrong', sign: '−', key: '1' },
  { mark: 0, text: 'Neutral', sign: '○', key: '2' },
  { mark: 1, text: 'Right', sign: '+', key: '3' },
  { mark: 'none', text: 'No say', sign: '·', key: '0' },
] as const satisfies readonly { mark: StepMark; text: string; sign: string; key: string }[];

/** Points of a scale that can be listed; longer scales are typed as numbers. */
export function pointsOf({ min, max, step }: QuestionOf<'rating'>['scale']): number[] | null {
  const count = Math.floor((max - min) / step + 1e-9) + 1;
  return count > 11 ? null : Array.from({ length: count }, (_, i) => Number((min + i * step).toFixed(9)));
}
/** A point's own digit where it has one (0 stands for 10), else its place in the list. */
export function keyOfPoint(points: readonly number[], index: number): string | null {
  const point = points[index]!;
  if (!points.every((p) => Number.isInteger(p) && p >= 0 && p <= 10)) return keyOfIndex(index);
  if (point < 10) return String(point);
  return points.includes(0) ? null : '0';
}

/** Cells of a rating, criterion by criterion. */
export const ratingCells = ({ criteria }: QuestionOf<'rating'>, replies: number): string[] =>
  criteria.flatMap(({ id }) => Array.from({ length: replies }, (_, place) => cellKey(place, id)));

/** What a key did. */
export interface Typed<K extends AnswerKind = AnswerKind> {
  readonly fields: FieldsOf[K];
  /** Part of the control to go to: a row, a cell, a step. */
  readonly cell?: number;
  /** Go to the text field. */
  readonly text?: true;
  /** This question is finished by this key: go on to the next. */
  readonly done?: true;
}
export interface At {
  readonly shown: Shown;
  /** Part of the control with the focus. */
  readonly cell: number | null;
}
type Press<K extends AnswerKind> = (
  fields: FieldsOf[K],
  question: QuestionOf<K>,
  key: string,
  at: At,
) => Typed<K> | null;

/** Chooses the reply that a question is about, or changes what is entered for it. */
function pressAbout<T>(
  fields: About<T>,
  key: string,
  {
    shown,
    empty,
    change,
  }: {
    shown: Shown;
    empty: (reply: number) => T;
    change: (entry: T, reply: number) => [T, Omit<Typed, 'fields'>] | null;
  },
): (Omit<Typed, 'fields'> & { fields: About<T> }) | null {
  const chosen = shown.replies.length > 1 ? placeOfKey(key, shown.replies.length) : null;
  if (chosen !== null) return { fields: { ...fields, reply: chosen } };
  const reply = aboutReply(fields, shown);
  if (reply === null) return null;
  const changed = change(fields.per[reply] ?? empty(reply), reply);
  if (changed === null) return null;
  const [entry, then] = changed;
  return { ...then, fields: { ...fields, per: { ...fields.per, [reply]: entry } } };
}

const pressText = (key: string) => (key === 'w' ? ({ text: true } as const) : null);

export const emptyMarks = (text: string): StepMark[] => stepsOf(text).map(() => null);

const PRESS: { readonly [K in AnswerKind]: Press<K> } = {
  comparison(fields, question, key, { shown }) {
    const strength = question.strength && typeof fields.choice === 'number' && STRENGTHS.find((s) => s.key === key);
    if (strength) return { fields: { ...fields, strength: strength.value }, done: true };
    const options = comparisonOptions(question, shown.replies.length);
    const byDigit = question.strength ? -1 : Number(key) - 1;
    const option = options.find((o) => o.key === key) ?? options.find((o) => o.choice === byDigit);
    if (option === undefined) return null;
    const { choice } = option;
    const whole = !question.strength || typeof choice !== 'number';
    return { fields: { choice, strength: whole ? null : fields.strength }, ...(whole && { done: true as const }) };
  },
  ranking({ ranks }, _, key, { cell }) {
    const row = placeOfKey(key, ranks.length);
    if (row !== null) return { fields: { ranks }, cell: row };
    const place = cell ?? ranks.indexOf(null);
    const rank = Number(key);
    if (place < 0 || !/^\d$/.test(key) || rank > ranks.length) return null;
    const next = withRank(ranks, place, rank === 0 ? null : rank);
    // On to the next one that waits, downwards and round.
    const waiting = [...next.keys()].filter((p) => next[p] === null && p !== place);
    const to = waiting.find((p) => p > place) ?? waiting[0];
    if (rank === 0) return { fields: { ranks: next }, cell: place };
    return to === undefined ? { fields: { ranks: next }, done: true } : { fields: { ranks: next }, cell: to };
  },
  rating({ values }, question, key, { cell, shown }) {
    const cells = ratingCells(question, shown.replies.length);
    const open = cells.findIndex((id) => own(values, id) === undefined);
    const here = cell ?? (open < 0 ? 0 : open);
    const place = placeOfKey(key, shown.replies.length);
    if (place !== null) {
      const row = Math.floor(here / shown.replies.length);
      return { fields: { values }, cell: row * shown.replies.length + place };
    }
    const points = pointsOf(question.scale);
    const point = points?.find((_, i) => keyOfPoint(points, i) === key);
    if (point === undefined) return null;
    const next = { ...values, [cells[here]!]: point };
    const waiting = [...cells.keys()].filter((i) => own(next, cells[i]!) === undefined);
    const to = waiting.find((i) => i > here) ?? waiting[0];
    return to === undefined ? { fields: { values: next }, done: true } : { fields: { values: next }, cell: to };
  },
  label: (fields, question, key, { shown }) =>
    pressAbout(fields, key, {
      shown,
      empty: () => ({ labels: [] as readonly string[], none: false }),
      change({ labels, none }) {
        if (key === '0' && question.multiple) return [{ labels: [], none: !none }, none ? {} : { done: true }];
        const option = question.options.find((_, i) => keyOfIndex(i) === key);
        if (option === undefined) return null;
        if (!question.multiple) return [{ labels: [option.id], none: false }, { done: true }];
        const without = labels.filter((id) => id !== option.id);
        return [{ labels: without.length < labels.length ? without : [...labels, option.id], none: false }, {}];
      },
    }),
  correction: (fields, _, key, { shown }) =>
    pressAbout(fields, key, {
      shown,
      empty: (reply) => ({ text: shown.replies[reply]!, fine: false }),
      change: (entry) =>
        key === '0'
          ? [{ ...entry, fine: !entry.fine }, entry.fine ? {} : { done: true }]
          : key === 'w'
            ? [entry, { text: true }]
            : null,
    }),
  spans: (fields, _, key, { shown }) =>
    pressAbout(fields, key, {
      shown,
      empty: () => ({ spans: [] as FieldsOf['spans']['per'][number]['spans'], none: false }),
      change: ({ spans, none }) =>
        key === '0'
          ? [{ spans: [], none: !none }, none ? {} : { done: true }]
          : key === 'w'
            ? [{ spans, none }, { text: true }]
            : null,
    }),
  steps: (fields, question, key, { shown, cell }) =>
    pressAbout(fields, key, {
      shown,
      empty: (reply) => ({ marks: emptyMarks(shown.replies[reply]!) as readonly StepMark[] }),
      change({ marks }, reply) {
        const chosen = STEP_MARKS.find((entry) => entry.key === key);
        if (chosen === undefined) return null;
        const steps = stepsOf(shown.replies[reply]!).length;
        const step = cell ?? openSteps(marks, steps, question.mode)[0] ?? 0;
        if (step >= steps) return null;
        const next = marks.with(step, chosen.mark);
        const waiting = openSteps(next, steps, question.mode);
        const to = waiting.find((s) => s > step) ?? waiting[0];
        return [{ marks: next }, to === undefined ? { done: true } : { cell: to }];
      },
    }),
  critique: (fields, _, key, { shown }) =>
    pressAbout(fields, key, {
      shown,
      empty: () => ({ text: '' }),
      change: (entry) => (key === 'w' ? [entry, { text: true }] : null),
    }),
  demonstration(fields, _, key) {
    const to = pressText(key);
    return to === null ? null : { fields, ...to };
  },
};

/** What a key does to a question; null when it means nothing there. */
export function press(question: Question, fields: Fields, key: string, at: At): Typed | null {
  const typed = (PRESS[question.kind] as (fields: Fields, question: Question, key: string, at: At) => Typed | null)(
    fields,
    question,
    key,
    at,
  );
  if (typed?.done === undefined) return typed;
  // Done with one reply is not done with the question where another is answered in part.
  const { state } = KINDS[question.kind].status(typed.fields as never, question as never, at.shown);
  if (state === 'complete') return typed;
  const { done: _, ...rest } = typed;
  return rest;
}
