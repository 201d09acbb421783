import { createContext, useContext } from 'react';
import type { Question } from '../../../feedback/index.ts';
import { letterOf } from '../judge/logic/types.ts';

/** What people call the parts of a form, by the ids under which records and reports have them. */
export interface FormNames {
  /** Null is the question of data from before there was a form. */
  question(id: string | null): string;
  /** A criterion of a question, or one of its classes: a reply, an option, or several options. */
  part(question: string | null, id: string): string;
}

const definitionsOf = (question: Question): readonly { readonly id: string; readonly title: string }[] => {
  if (question.kind === 'rating') return question.criteria;
  if (question.kind === 'label') return question.options;
  return question.kind === 'spans' ? question.labels : [];
};

/** Labels given together are one class, with a JSON array as its name. */
function severalOf(id: string): readonly string[] {
  if (!id.startsWith('[')) return [id];
  try {
    return (JSON.parse(id) as readonly unknown[]).map(String);
  } catch {
    return [id];
  }
}

/** Names of a form as it is now; what it no longer has keeps its id, and questions of one title have it beside. */
export function formNames(questions: readonly Question[]): FormNames {
  const byId = new Map(questions.map((question) => [question.id, question]));
  const titles = questions.map(({ title }) => title);
  return {
    question(id) {
      if (id === null) return questions.length === 1 ? questions[0]!.title : 'the only question';
      const title = byId.get(id)?.title ?? id;
      return titles.indexOf(title) === titles.lastIndexOf(title) ? title : `${title} (${id})`;
    },
    part(question, id) {
      // Reports number replies from 1; the pages name them by letters.
      const reply = /^reply (\d+)$/.exec(id);
      if (reply !== null) return `reply ${letterOf(Number(reply[1]) - 1)}`;
      const own = question === null ? questions : questions.filter((one) => one.id === question);
      const named = new Map(own.flatMap(definitionsOf).map((definition) => [definition.id, definition.title]));
      const ids = severalOf(id);
      return ids.length === 0 ? 'none' : ids.map((one) => named.get(one) ?? one).join(' + ');
    },
  };
}

/** The names of the project that a page is about. */
export const Names = createContext<FormNames>(formNames([]));
export const useNames = (): FormNames => useContext(Names);
