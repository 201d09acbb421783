import { own } from '../../../../run/index.ts';
import { stepsOf } from '../../../../text/index.ts';
import { groupsOf } from './ranking.ts';
import {
  type About,
  type AnswerKind,
  type AnswerOf,
  cellKey,
  type EntryOf,
  type FieldsOf,
  letterOf,
  type Question,
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
  /** Of complete fields only: one, or one for each reply that something was entered for. */
  answers(fields: FieldsOf[K], question: QuestionOf<K>, shown: Shown): AnswerOf<K>[];
}

const EMPTY: Status = { state: 'empty' };
const COMPLETE: Status = { state: 'complete' };
const partial = (problem: string): Status => ({ state: 'partial', problem });

/** The reply that a question about single replies shows; null while it must be chosen. */
export const aboutReply = ({ reply }: About<unknown>, { replies, preferred }: Shown): number | null =>
  reply ?? (replies.length === 1 ? 0 : preferred);

/** How far what was entered for each reply goes, by place; replies without an entry are left out. */
const entryStates = <T>(
  { per }: About<T>,
  { replies }: Shown,
  statusOf: (entry: T, reply: number) => Status,
): (readonly [reply: number, entry: T, status: Status])[] =>
  replies.flatMap((_, reply) => {
    const entry = per[reply];
    return entry === undefined ? [] : [[reply, entry, statusOf(entry, reply)] as const];
  });

/** A kind of answer about single replies: whatever was entered for a reply is an answer about it; one is enough. */
function aboutReplies<K extends AnswerKind & keyof EntryOf>(logic: {
  status(entry: EntryOf[K], reply: string, question: QuestionOf<K>): Status;
  answer(entry: EntryOf[K], at: { reply: number; text: string }, question: QuestionOf<K>): AnswerOf<K>;
}) {
  const statesOf = (fields: About<EntryOf[K]>, question: QuestionOf<K>, shown: Shown) =>
    entryStates(fields, shown, (entry, reply) => logic.status(entry, shown.replies[reply]!, question));
  return {
    empty: (): About<EntryOf[K]> => ({ reply: null, per: {} }),
    status(fields: About<EntryOf[K]>, question: QuestionOf<K>, shown: Shown): Status {
      const states = statesOf(fields, question, shown);
      for (const [reply, , status] of states)
        if (status.state === 'partial')
          return shown.replies.length === 1 ? status : partial(`Reply ${letterOf(reply)}: ${status.problem}`);
      return states.some(([, , { state }]) => state === 'complete') ? COMPLETE : EMPTY;
    },
    answers: (fields: About<EntryOf[K]>, question: QuestionOf<K>, shown: Shown): AnswerOf<K>[] =>
      statesOf(fields, question, shown).flatMap(([reply, entry, { state }]) =>
        state === 'complete' ? [logic.answer(entry, { reply, text: shown.replies[reply]! }, question)] : [],
      ),
  };
}
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
    answers: ({ choice, strength }, question) => [
      {
        kind: 'comparison',
        outcome: choice!,
        ...(question.strength && typeof choice === 'number' && strength !== null && { strength }),
      },
    ],
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
    answers: ({ ranks }) => [{ kind: 'ranking', groups: groupsOf(ranks) }],
  },
  rating: {
    empty: () => ({ values: {} }),
    status({ values }, question, { replies }) {
      const cells = replies.flatMap((_, place) => question.criteria.map(({ id }) => cellKey(place, id)));
      const open = cells.filter((cell) => own(values, cell) === undefined).length;
      if (open === cells.length) return EMPTY;
      return open === 0 ? COMPLETE : partial(`${open} of ${cells.length} ratings are missing.`);
    },
    answers: ({ values }, { scale, criteria }, { replies }) => [
      {
        kind: 'rating',
        scale,
        values: replies.flatMap((_, reply) =>
          criteria.map(({ id: criterion }) => ({ reply, criterion, value: own(values, cellKey(reply, criterion))! })),
        ),
      },
    ],
  },
  label: aboutReplies<'label'>({
    status({ labels, none }, _, { multiple }) {
      if (labels.length === 0) return none && multiple ? COMPLETE : EMPTY;
      return multiple || labels.length === 1 ? COMPLETE : partial('Choose one label.');
    },
    answer: ({ labels }, { reply }) => ({ kind: 'label', reply, labels: [...labels] }),
  }),
  correction: aboutReplies<'correction'>({
    status({ text, fine }, original) {
      if (fine) return COMPLETE;
      if (text === original) return EMPTY;
      return text.trim() === '' ? partial('The corrected text is empty.') : COMPLETE;
    },
    answer: ({ text, fine }, at) => ({ kind: 'correction', reply: at.reply, text: fine ? at.text : text }),
  }),
  spans: aboutReplies<'spans'>({
    status: ({ spans, none }) => (spans.length > 0 || none ? COMPLETE : EMPTY),
    answer: ({ spans }, { reply }) => ({ kind: 'spans', reply, spans: [...spans] }),
  }),
  steps: aboutReplies<'steps'>({
    status({ marks }, text, { mode }) {
      if (marks.every((mark) => mark === null)) return EMPTY;
      const open = openSteps(marks, stepsOf(text).length, mode);
      return open.length === 0 ? COMPLETE : partial(`Judge step ${open.map((step) => step + 1).join(', ')} too.`);
    },
    answer({ marks }, { reply, text }, { mode }) {
      const wrong = mode === 'first-error' ? marks.indexOf(-1) : -1;
      const labels = stepsOf(text).map((_, step) => {
        const mark = marks[step] ?? null;
        return mark === 'none' || (wrong >= 0 && step > wrong) ? null : mark;
      });
      return { kind: 'steps', reply, mode, labels };
    },
  }),
  critique: aboutReplies<'critique'>({
    status: ({ text }) => (text.trim() === '' ? EMPTY : COMPLETE),
    answer: ({ text }, { reply }) => ({ kind: 'critique', reply, text: text.trim() }),
  }),
  demonstration: {
    empty: () => ({ text: '' }),
    status: ({ text }) => (text.trim() === '' ? EMPTY : COMPLETE),
    answers: ({ text }) => [{ kind: 'demonstration', text: text.trim() }],
  },
};

/** How far a question about single replies is answered for one of them. */
export function replyState<K extends keyof EntryOf>(
  question: QuestionOf<K>,
  { per }: About<EntryOf[K]>,
  { shown, place }: { readonly shown: Shown; readonly place: number },
): Status['state'] {
  const entry = per[place];
  if (entry === undefined) return 'empty';
  const logic = KINDS[(question as Question).kind] as unknown as KindLogic<AnswerKind>;
  return logic.status({ reply: place, per: { [place]: entry } } as never, question as never, shown).state;
}
