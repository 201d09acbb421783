import { groupsOf } from './ranking.ts';
import {
  type About,
  type AnswerKind,
  type AnswerOf,
  cellKey,
  type FieldsOf,
  letterOf,
  type QuestionOf,
  type StepMark,
} from './types.ts';

/** How far a question is answered; what is missing is said so that it can be mended. */
export type Status =
  | { readonly state: 'empty' }
  | { readonly state: 'partial'; readonly problem: string }
  | { readonly state: 'complete' };

/** What an answer is given about. */
export interface Shown {
  /** Texts in the order shown. */
  readonly replies: readonly string[];
  /** The better reply by another question of the form, for questions that are about one reply. */
  readonly preferred: number | null;
}

interface KindLogic<K extends AnswerKind> {
  empty(replies: number): FieldsOf[K];
  status(fields: FieldsOf[K], question: QuestionOf<K>, shown: Shown): Status;
  /** Of complete fields only. */
  answer(fields: FieldsOf[K], question: QuestionOf<K>, shown: Shown): AnswerOf<K>;
}

const EMPTY: Status = { state: 'empty' };
const COMPLETE: Status = { state: 'complete' };
const partial = (problem: string): Status => ({ state: 'partial', problem });
const CHOOSE_REPLY = 'Choose the reply that this is about.';

/** Steps of a reply, as the store counts them: its lines that are not empty. */
export const stepsOf = (text: string): string[] => text.split('\n').filter((line) => line.trim() !== '');

/** The reply that a question about one reply is about; null while it must be chosen. */
export const aboutReply = ({ reply }: About<unknown>, { replies, preferred }: Shown): number | null =>
  reply ?? (replies.length === 1 ? 0 : preferred);

/** Status of a question about one reply: what was entered for it, and that the reply is known. */
function aboutStatus<T>(fields: About<T>, shown: Shown, statusOf: (entered: T, reply: number) => Status): Status {
  const reply = aboutReply(fields, shown);
  if (reply !== null) return fields.per[reply] === undefined ? EMPTY : statusOf(fields.per[reply], reply);
  return Object.keys(fields.per).length === 0 ? EMPTY : partial(CHOOSE_REPLY);
}
const entered = <T>(fields: About<T>, shown: Shown): { reply: number; value: T } => {
  const reply = aboutReply(fields, shown)!;
  return { reply, value: fields.per[reply]! };
};
const about = <T>(): About<T> => ({ reply: null, per: {} });
const named = (places: readonly number[]) => new Intl.ListFormat('en-GB').format(places.map(letterOf));

/** Steps that still wait: in first-error mode judging stops at the first wrong one. */
export function openSteps(marks: readonly StepMark[], steps: number, mode: 'per-step' | 'first-error'): number[] {
  const wrong = mode === 'first-error' ? marks.indexOf(-1) : -1;
  const asked = wrong < 0 ? steps : wrong + 1;
  return Array.from({ length: asked }, (_, step) => step).filter((step) => (marks[step] ?? null) === null);
}

/** One row per kind of answer; a kind without one is a type error. */
export const KINDS: { readonly [K in AnswerKind]: KindLogic<K> } = {
  comparison: {
    empty: () => ({ choice: null, strength: null }),
    status: ({ choice, strength }, question) => {
      if (choice === null) return EMPTY;
      if (!question.strength || typeof choice !== 'number' || strength !== null) return COMPLETE;
      return partial('Say how much better it is.');
    },
    answer: ({ choice, strength }, question) => ({
      kind: 'comparison',
      outcome: choice!,
      ...(question.strength && typeof choice === 'number' && strength !== null && { strength }),
    }),
  },
  ranking: {
    empty: (replies) => ({ ranks: new Array<null>(replies).fill(null) }),
    status({ ranks }, question) {
      const ranked = ranks.filter((rank) => rank !== null).length;
      const unranked = ranks.flatMap((rank, place) => (rank === null ? [place] : []));
      if (ranked === 0) return EMPTY;
      const tied = groupsOf(ranks).find((group) => group.length > 1);
      if (tied !== undefined && !question.ties)
        return partial(`${named(tied)} share a rank; give each one of its own.`);
      if (unranked.length > 0 && !question.partial) return partial(`Rank ${named(unranked)} too.`);
      if (ranked === 1 && ranks.length > 1) return partial('Rank at least one more: one alone is before nothing.');
      return COMPLETE;
    },
    answer: ({ ranks }) => ({ kind: 'ranking', groups: groupsOf(ranks) }),
  },
  rating: {
    empty: () => ({ values: {} }),
    status({ values }, question, { replies }) {
      const cells = replies.flatMap((_, place) => question.criteria.map(({ id }) => cellKey(place, id)));
      const open = cells.filter((cell) => values[cell] === undefined).length;
      if (open === cells.length) return EMPTY;
      return open === 0 ? COMPLETE : partial(`${open} of ${cells.length} ratings are missing.`);
    },
    answer: ({ values }, { scale, criteria }, { replies }) => ({
      kind: 'rating',
      scale,
      values: replies.flatMap((_, reply) =>
        criteria.map(({ id: criterion }) => ({ reply, criterion, value: values[cellKey(reply, criterion)]! })),
      ),
    }),
  },
  label: {
    empty: about,
    status: (fields, question, shown) =>
      aboutStatus(fields, shown, ({ labels, none }) => {
        if (labels.length === 0) return none && question.multiple ? COMPLETE : EMPTY;
        return question.multiple || labels.length === 1 ? COMPLETE : partial('Choose one label.');
      }),
    answer(fields, _, shown) {
      const { reply, value } = entered(fields, shown);
      return { kind: 'label', reply, labels: [...value.labels] };
    },
  },
  correction: {
    empty: about,
    status: (fields, _, shown) =>
      aboutStatus(fields, shown, ({ text, fine }, reply) => {
        if (fine) return COMPLETE;
        if (text === shown.replies[reply]) return EMPTY;
        return text.trim() === '' ? partial('The corrected text is empty.') : COMPLETE;
      }),
    answer(fields, _, shown) {
      const { reply, value } = entered(fields, shown);
      return { kind: 'correction', reply, text: value.fine ? shown.replies[reply]! : value.text };
    },
  },
  spans: {
    empty: about,
    status: (fields, _, shown) =>
      aboutStatus(fields, shown, ({ spans, none }) => (spans.length > 0 || none ? COMPLETE : EMPTY)),
    answer(fields, _, shown) {
      const { reply, value } = entered(fields, shown);
      return { kind: 'spans', reply, spans: [...value.spans] };
    },
  },
  steps: {
    empty: about,
    status: (fields, question, shown) =>
      aboutStatus(fields, shown, ({ marks }, reply) => {
        if (marks.every((mark) => mark === null)) return EMPTY;
        const open = openSteps(marks, stepsOf(shown.replies[reply]!).length, question.mode);
        return open.length === 0 ? COMPLETE : partial(`Judge step ${open.map((step) => step + 1).join(', ')} too.`);
      }),
    answer(fields, { mode }, shown) {
      const { reply, value } = entered(fields, shown);
      const wrong = mode === 'first-error' ? value.marks.indexOf(-1) : -1;
      const labels = stepsOf(shown.replies[reply]!).map((_, step) => {
        const mark = value.marks[step] ?? null;
        return mark === 'none' || (wrong >= 0 && step > wrong) ? null : mark;
      });
      return { kind: 'steps', reply, mode, labels };
    },
  },
  critique: {
    empty: about,
    status: (fields, _, shown) => aboutStatus(fields, shown, ({ text }) => (text.trim() === '' ? EMPTY : COMPLETE)),
    answer(fields, _, shown) {
      const { reply, value } = entered(fields, shown);
      return { kind: 'critique', reply, text: value.text.trim() };
    },
  },
  demonstration: {
    empty: () => ({ text: '' }),
    status: ({ text }) => (text.trim() === '' ? EMPTY : COMPLETE),
    answer: ({ text }) => ({ kind: 'demonstration', text: text.trim() }),
  },
};
