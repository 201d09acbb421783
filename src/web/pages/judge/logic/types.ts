import type { Answer, AnswerKind, AnswerOf, Question } from '../../../../feedback/index.ts';
import type { ResponseOf } from '../../../../server/index.ts';

/** What the server gives a rater's screen. */
export type JudgeProject = ResponseOf<'GET /api/judge/{project}'>;
export type Task = ResponseOf<'POST /api/judge/{project}/next'>['tasks'][number];
export type OwnProgress = JudgeProject['progress'];
export type Explanation = NonNullable<ResponseOf<'POST /api/judge/{project}/submit'>['explanation']>;

export type { Answer, AnswerKind, AnswerOf, Question };
export type QuestionOf<K extends AnswerKind> = Extract<Question, { kind: K }>;

/** Marked characters of a reply: UTF-16 offsets, end exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
  readonly label: string;
}
export type Choice = number | 'tie' | 'both-bad' | 'cant-judge';
/** What was said of a step: wrong, neutral, right, nothing on purpose; `null` while it waits. */
export type StepMark = -1 | 0 | 1 | 'none' | null;

/** Work about single replies: which is on screen, and what was entered for each. */
export interface About<T> {
  /** Place of the reply shown; `null` follows the better reply of the same form, where there is one. */
  readonly reply: number | null;
  readonly per: Readonly<Record<number, T>>;
}

/** What is entered for one reply, for the kinds that are about single replies. */
export interface EntryOf {
  readonly label: { readonly labels: readonly string[]; readonly none: boolean };
  readonly correction: { readonly text: string; readonly fine: boolean };
  readonly spans: { readonly spans: readonly Span[]; readonly none: boolean };
  readonly steps: { readonly marks: readonly StepMark[] };
  readonly critique: { readonly text: string };
}

/** What a rater has entered for a question, by kind. Places stand for replies: 0 is shown first. */
export interface FieldsOf {
  readonly comparison: { readonly choice: Choice | null; readonly strength: 1 | 2 | 3 | null };
  /** One number a place; equal numbers tie, `null` is not ranked. */
  readonly ranking: { readonly ranks: readonly (number | null)[] };
  /** By `cellKey(place, criterion)`. */
  readonly rating: { readonly values: Readonly<Record<string, number>> };
  readonly label: About<EntryOf['label']>;
  readonly correction: About<EntryOf['correction']>;
  readonly spans: About<EntryOf['spans']>;
  readonly steps: About<EntryOf['steps']>;
  readonly critique: About<EntryOf['critique']>;
  readonly demonstration: { readonly text: string };
}
export type Fields = FieldsOf[AnswerKind];
/** Everything entered for a task, by question. A question without an entry is untouched. */
export type Form = Readonly<Record<string, Fields>>;

/** The letter of a place: A is shown first. */
export const letterOf = (place: number): string => String.fromCharCode(65 + place);
export const cellKey = (place: number, criterion: string): string => `${place}/${criterion}`;
