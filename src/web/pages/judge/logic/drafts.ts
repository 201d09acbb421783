import { own } from '../../../../run/index.ts';
import type { AnswerKind, Fields, Form, Question, StepMark } from './types.ts';

/** A form on its way to the server and back, or kept in the browser; read with care, as it may be of another time. */
export interface Draft {
  readonly version: 1;
  /** ISO 8601; of two drafts the later one counts. */
  readonly at: string;
  readonly form: Form;
}

export const draftOf = (form: Form, at: string): Draft => ({ version: 1, at, form });

type Plain = Readonly<Record<string, unknown>>;
const isPlain = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isPlace = (value: unknown, places: number): value is number =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) < places;
const isListOf = <T>(value: unknown, is: (entry: unknown) => entry is T): value is readonly T[] =>
  Array.isArray(value) && value.every(is);
const isText = (value: unknown): value is string => typeof value === 'string';
const isMark = (value: unknown): value is StepMark => [-1, 0, 1, 'none', null].includes(value as StepMark);

/** Entries about single replies, each checked. */
const about = (value: Plain, places: number, fits: (entry: Plain) => boolean): boolean =>
  (value.reply === null || isPlace(value.reply, places)) &&
  isPlain(value.per) &&
  Object.entries(value.per).every(([at, entry]) => isPlace(Number(at), places) && isPlain(entry) && fits(entry));

const among =
  (ids: readonly { id: string }[]) =>
  (value: unknown): value is string =>
    ids.some(({ id }) => id === value);

/** Whether something kept still is an entry for a question; a kind without a row is a type error. */
const FITS: {
  readonly [K in AnswerKind]: (
    value: Plain,
    question: Extract<Question, { kind: K }>,
    replies: readonly string[],
  ) => boolean;
} = {
  comparison: ({ choice, strength }, question, { length }) =>
    (choice === null ||
      isPlace(choice, length) ||
      (choice === 'tie' && question.ties) ||
      (choice === 'both-bad' && question.bothBad) ||
      (choice === 'cant-judge' && question.cantJudge)) &&
    [null, 1, 2, 3].includes(strength as null),
  ranking: ({ ranks }, _, { length }) =>
    Array.isArray(ranks) &&
    ranks.length === length &&
    ranks.every((rank) => rank === null || (isPlace(rank, length + 1) && rank > 0)),
  rating: ({ values }, { criteria, scale }, { length }) =>
    isPlain(values) &&
    Object.entries(values).every(
      ([cell, value]) =>
        criteria.some(({ id }) => Array.from({ length }, (_, place) => `${place}/${id}`).includes(cell)) &&
        typeof value === 'number' &&
        value >= scale.min &&
        value <= scale.max,
    ),
  label: (value, { options }, { length }) =>
    about(value, length, ({ labels, none }) => isListOf(labels, among(options)) && typeof none === 'boolean'),
  correction: (value, _, { length }) =>
    about(value, length, ({ text, fine }) => isText(text) && typeof fine === 'boolean'),
  spans: (value, { labels }, replies) =>
    about(
      value,
      replies.length,
      ({ spans, none }) =>
        Array.isArray(spans) &&
        typeof none === 'boolean' &&
        spans.every(
          (span) =>
            isPlain(span) &&
            among(labels)(span.label) &&
            Number(span.start) >= 0 &&
            Number(span.start) < Number(span.end),
        ),
    ) &&
    Object.entries(value.per as Plain).every(([place, entry]) =>
      ((entry as Plain).spans as Plain[]).every((span) => Number(span.end) <= replies[Number(place)]!.length),
    ),
  steps: (value, _, { length }) => about(value, length, ({ marks }) => isListOf(marks, isMark)),
  critique: (value, _, { length }) => about(value, length, ({ text }) => isText(text)),
  demonstration: ({ text }) => isText(text),
};

/** The draft that a kept value is, entry by entry; entries that no longer fit the form or the replies are left out. */
export function readDraft(
  kept: unknown,
  { questions, replies }: { readonly questions: readonly Question[]; readonly replies: readonly string[] },
): Draft | null {
  if (!isPlain(kept) || kept.version !== 1 || !isText(kept.at) || !isPlain(kept.form)) return null;
  const { at, form } = kept;
  const entries = questions.flatMap((question) => {
    const value = own(form as Plain, question.id);
    const fits = FITS[question.kind] as (value: Plain, question: Question, replies: readonly string[]) => boolean;
    return isPlain(value) && fits(value, question, replies) ? [[question.id, value as unknown as Fields] as const] : [];
  });
  return { version: 1, at, form: Object.fromEntries(entries) };
}

/** The later of two drafts. */
export const laterDraft = (a: Draft | null, b: Draft | null): Draft | null =>
  a === null || (b !== null && b.at > a.at) ? b : a;
