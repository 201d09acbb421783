import { own } from '../../../../run/index.ts';
import { KINDS, type Shown, type Status } from './kinds.ts';
import { groupsOf } from './ranking.ts';
import type { Answer, AnswerKind, AnswerOf, Fields, FieldsOf, Form, Question, QuestionOf } from './types.ts';

/** A form over all questions of a project: how far it is, and the answers it stands for. */
export interface Filled {
  readonly questions: readonly Question[];
  readonly form: Form;
  /** Texts of the replies, in the order shown. */
  readonly replies: readonly string[];
}

interface AnyKind {
  empty(replies: number): Fields;
  status(fields: Fields, question: Question, shown: Shown): Status;
  answers(fields: Fields, question: Question, shown: Shown): Answer[];
}
const logicOf = (kind: AnswerKind) => KINDS[kind] as unknown as AnyKind;

/** What was entered for a question, or what it starts with. */
export const fieldsOf = <K extends AnswerKind>(
  question: QuestionOf<K>,
  { form, replies }: Pick<Filled, 'form' | 'replies'>,
): FieldsOf[K] => (own(form, question.id) ?? logicOf(question.kind).empty(replies.length)) as FieldsOf[K];

/** The one better reply by a comparison or a ranking of the form; null where there is none yet. */
export function preferredOf({ questions, form }: Pick<Filled, 'questions' | 'form'>): number | null {
  for (const { id, kind } of questions) {
    const fields = own(form, id);
    if (fields === undefined) continue;
    if (kind === 'comparison') {
      const { choice } = fields as FieldsOf['comparison'];
      if (typeof choice === 'number') return choice;
    }
    if (kind === 'ranking') {
      const [best] = groupsOf((fields as FieldsOf['ranking']).ranks);
      if (best?.length === 1) return best[0]!;
    }
  }
  return null;
}

export const shownOf = (filled: Filled): Shown => ({ replies: filled.replies, preferred: preferredOf(filled) });

/** How far what was entered for a question answers it. */
export const statusWith = (question: Question, fields: Fields, shown: Shown): Status =>
  logicOf(question.kind).status(fields, question, shown);

/** How far one question is answered. */
export const statusOf = (question: Question, filled: Filled): Status =>
  statusWith(question, fieldsOf(question, filled), shownOf(filled));

/** The first question that waits: after `after` if there is one there, else from the start; null when none does. */
export function nextOpen(filled: Filled, after?: string): string | null {
  const open = (question: Question) => statusOf(question, filled).state !== 'complete';
  const from = filled.questions.findIndex(({ id }) => id === after) + 1;
  const later = filled.questions.slice(from).find(open);
  return (later ?? filled.questions.slice(0, from).find(open))?.id ?? null;
}

/** What keeps a form from being submitted, question by question; empty when it can be. */
export function problemsOf(filled: Filled): { readonly questionId: string; readonly problem: string }[] {
  const found = filled.questions.flatMap((question) => {
    const status = statusOf(question, filled);
    if (status.state === 'partial') return [{ questionId: question.id, problem: status.problem }];
    return status.state === 'empty' && question.required
      ? [{ questionId: question.id, problem: 'Answer this first.' }]
      : [];
  });
  // The server takes no empty submission.
  if (found.length > 0 || filled.questions.some((question) => statusOf(question, filled).state === 'complete'))
    return found;
  return [{ questionId: filled.questions[0]!.id, problem: 'Answer at least one question, or skip.' }];
}

/** The answers of a form without problems, in places. */
export const answersOf = (filled: Filled): { questionId: string; answer: Answer }[] =>
  filled.questions
    .filter((question) => statusOf(question, filled).state === 'complete')
    .flatMap((question) =>
      logicOf(question.kind)
        .answers(fieldsOf(question, filled), question, shownOf(filled))
        .map((answer) => ({ questionId: question.id, answer })),
    );

/** Whether the answer given chooses the reply shown first; null where the form chooses none. */
export function choseFirst(answers: readonly { answer: Answer }[]): boolean | null {
  for (const { answer } of answers) {
    if (answer.kind === 'comparison') return answer.outcome === 0;
    if (answer.kind === 'ranking')
      return (answer as AnswerOf<'ranking'>).groups.every((g, i) => g.length === 1 && g[0] === i);
  }
  return null;
}
