import type { AnswerKind, Question } from '../../../../feedback/index.ts';

/** A question as it is being written: every option of every kind, so that changing the kind and back loses nothing. */
export interface QuestionDraft {
  /** Tells drafts apart while their ids are being typed. */
  readonly key: string;
  readonly id: string;
  readonly kind: AnswerKind;
  readonly title: string;
  readonly help: string;
  readonly required: boolean;
  readonly ties: boolean;
  readonly bothBad: boolean;
  readonly cantJudge: boolean;
  readonly strength: boolean;
  readonly partial: boolean;
  readonly multiple: boolean;
  readonly mode: 'per-step' | 'first-error';
  readonly min: string;
  readonly max: string;
  readonly step: string;
  /** Criteria, options or span labels. */
  readonly definitions: readonly DefinitionDraft[];
}
export interface DefinitionDraft {
  readonly key: string;
  readonly title: string;
  readonly definition: string;
  /** Kept from a stored form; made from the title where empty. */
  readonly id: string;
}

/** What each kind asks, in words. */
export const KIND_WORDS: { readonly [K in AnswerKind]: { readonly name: string; readonly about: string } } = {
  comparison: { name: 'Comparison', about: 'Which of the replies is best.' },
  ranking: { name: 'Ranking', about: 'All replies from best to worst.' },
  rating: { name: 'Rating', about: 'Each reply on a scale, by criterion.' },
  label: { name: 'Labels', about: 'What applies to a reply, from a list.' },
  correction: { name: 'Correction', about: 'A reply as it should have been.' },
  spans: { name: 'Spans', about: 'Passages of a reply, marked and labelled.' },
  steps: { name: 'Steps', about: 'Each step of a reply: right, neutral or wrong.' },
  critique: { name: 'Critique', about: 'What is good and bad about a reply, in words.' },
  demonstration: { name: 'Demonstration', about: 'The ideal reply, written by the rater.' },
};
export const KINDS = Object.keys(KIND_WORDS) as readonly AnswerKind[];

/** Titles a question of a kind starts with. */
const FIRST_TITLES: { readonly [K in AnswerKind]: string } = {
  comparison: 'Which reply is better?',
  ranking: 'Rank the replies from best to worst',
  rating: 'Rate each reply',
  label: 'What applies to the reply?',
  correction: 'Correct the reply',
  spans: 'Mark the passages that are wrong',
  steps: 'Judge each step',
  critique: 'What is good and what is bad about the reply?',
  demonstration: 'Write the ideal reply',
};

/** An id from a name: lower case, words joined by hyphens. */
export const idFrom = (name: string): string =>
  name
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '')
    .join('-')
    .slice(0, 60);

/** The id, or with a number behind it where it is taken. */
export function freeId(wanted: string, taken: readonly string[]): string {
  const base = wanted === '' ? 'question' : wanted;
  if (!taken.includes(base)) return base;
  for (let i = 2; ; i++) if (!taken.includes(`${base}-${i}`)) return `${base}-${i}`;
}

let made = 0;
/** A key for React: says nothing about the draft. */
const newKey = () => `draft-${made++}`;

export const newDefinition = (title = '', definition = '', id = ''): DefinitionDraft => ({
  key: newKey(),
  id,
  title,
  definition,
});

export const newQuestion = (kind: AnswerKind): QuestionDraft => ({
  key: newKey(),
  id: '',
  kind,
  title: FIRST_TITLES[kind],
  help: '',
  required: true,
  ties: true,
  bothBad: false,
  cantJudge: true,
  strength: false,
  partial: false,
  multiple: true,
  mode: 'per-step',
  min: '1',
  max: '5',
  step: '1',
  definitions: [],
});

/** Another kind, with its title unless the title was changed. */
export const withKind = (draft: QuestionDraft, kind: AnswerKind): QuestionDraft => ({
  ...draft,
  kind,
  title: draft.title === '' || draft.title === FIRST_TITLES[draft.kind] ? FIRST_TITLES[kind] : draft.title,
});

/** Ids of definitions: their own, or from the title, each once. */
function definitionsOf(drafts: readonly DefinitionDraft[]) {
  const taken = drafts.flatMap(({ id }) => (id === '' ? [] : [id]));
  return drafts.map(({ id, title, definition }) => {
    const own = id === '' ? freeId(idFrom(title), taken) : id;
    if (id === '') taken.push(own);
    return { id: own, title: title.trim(), ...(definition.trim() !== '' && { definition: definition.trim() }) };
  });
}

const SPECIFIC: {
  readonly [K in AnswerKind]: (
    draft: QuestionDraft,
  ) => Omit<Extract<Question, { kind: K }>, 'id' | 'title' | 'help' | 'required'>;
} = {
  comparison: ({ ties, bothBad, cantJudge, strength }) => ({ kind: 'comparison', ties, bothBad, cantJudge, strength }),
  ranking: ({ ties, partial }) => ({ kind: 'ranking', ties, partial }),
  rating: ({ definitions, min, max, step }) => ({
    kind: 'rating',
    criteria: definitionsOf(definitions),
    scale: { min: Number(min), max: Number(max), step: Number(step) },
  }),
  label: ({ definitions, multiple }) => ({ kind: 'label', options: definitionsOf(definitions), multiple }),
  correction: () => ({ kind: 'correction' }),
  spans: ({ definitions }) => ({ kind: 'spans', labels: definitionsOf(definitions) }),
  steps: ({ mode }) => ({ kind: 'steps', mode }),
  critique: () => ({ kind: 'critique' }),
  demonstration: () => ({ kind: 'demonstration' }),
};

/** The questions of a form as they would be stored. */
export function questionsOf(drafts: readonly QuestionDraft[]): Question[] {
  const taken = drafts.flatMap(({ id }) => (id === '' ? [] : [id]));
  return drafts.map((draft) => {
    const id = draft.id === '' ? freeId(draft.kind, taken) : draft.id;
    if (draft.id === '') taken.push(id);
    const { title, help, required } = draft;
    return {
      id,
      title: title.trim(),
      ...(help.trim() !== '' && { help: help.trim() }),
      required,
      ...SPECIFIC[draft.kind](draft),
    } as Question;
  });
}

/** A stored question for changing. */
export function draftOfQuestion(question: Question): QuestionDraft {
  const base = newQuestion(question.kind);
  const named = (all: readonly { id: string; title: string; definition?: string | undefined }[]) =>
    all.map(({ id, title, definition }) => newDefinition(title, definition ?? '', id));
  const own = {
    ...base,
    id: question.id,
    title: question.title,
    help: question.help ?? '',
    required: question.required ?? true,
  };
  switch (question.kind) {
    case 'comparison': {
      const { ties = true, bothBad = false, cantJudge = true, strength = false } = question;
      return { ...own, ties, bothBad, cantJudge, strength };
    }
    case 'ranking':
      return { ...own, ties: question.ties ?? true, partial: question.partial ?? false };
    case 'rating': {
      const { min, max, step } = question.scale;
      return {
        ...own,
        definitions: named(question.criteria),
        min: String(min),
        max: String(max),
        step: String(step),
      };
    }
    case 'label':
      return { ...own, definitions: named(question.options), multiple: question.multiple ?? true };
    case 'spans':
      return { ...own, definitions: named(question.labels) };
    case 'steps':
      return { ...own, mode: question.mode ?? 'per-step' };
    default:
      return own;
  }
}

/** What is wrong with a question, as far as the page can tell; the server has the last word. */
export function questionProblems(draft: QuestionDraft): string[] {
  const problems: string[] = [];
  if (draft.title.trim() === '') problems.push('Write what is asked.');
  const needs = { rating: 'criterion', label: 'option', spans: 'label' } as const;
  if (draft.kind in needs) {
    const what = needs[draft.kind as keyof typeof needs];
    if (draft.definitions.length === 0) problems.push(`Add at least one ${what}.`);
    else if (draft.definitions.some(({ title }) => title.trim() === '')) problems.push(`Name every ${what}.`);
  }
  if (draft.kind === 'rating') {
    const [min, max, step] = [draft.min, draft.max, draft.step].map((text) =>
      text.trim() === '' ? Number.NaN : Number(text),
    ) as [number, number, number];
    if (![min, max, step].every(Number.isFinite)) problems.push('The scale takes numbers.');
    else if (min >= max) problems.push('The scale’s lowest value must be below its highest.');
    else if (step <= 0) problems.push('The scale’s step must be above 0.');
  }
  return problems;
}
