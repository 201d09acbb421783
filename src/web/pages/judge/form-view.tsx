import { type ComponentType, lazy, memo, type ReactNode, Suspense, useCallback, useMemo, useRef } from 'react';
import { own } from '../../../run/index.ts';
import { ComparisonControl, LabelControl, RatingControl, StepsControl } from './controls/choices.tsx';
import type { ControlProps } from './controls/parts.tsx';
import { SpansControl } from './controls/spans.tsx';
import { CorrectionControl, CritiqueControl, DemonstrationControl } from './controls/texts.tsx';
import { type Filled, fieldsOf, preferredOf, statusWith } from './logic/form.ts';
import type { Shown } from './logic/kinds.ts';
import type { AnswerKind, Fields, Form, Question } from './logic/types.ts';

/** Dragging is a library of its own: fetched for forms that rank. */
const RankingControl = lazy(async () => ({ default: (await import('./controls/ranking.tsx')).RankingControl }));

/** One control per kind of answer; a kind without one is a type error. */
const CONTROLS: { readonly [K in AnswerKind]: ComponentType<ControlProps<K>> } = {
  comparison: ComparisonControl,
  ranking: RankingControl,
  rating: RatingControl,
  label: LabelControl,
  correction: CorrectionControl,
  spans: SpansControl,
  steps: StepsControl,
  critique: CritiqueControl,
  demonstration: DemonstrationControl,
};

const MARKS = { empty: '○', partial: '◐', complete: '●' } as const;
const SAID = { empty: 'not answered', partial: 'partly answered', complete: 'answered' } as const;

const QuestionView = memo(function QuestionView({
  question,
  fields,
  shown,
  alone,
  active,
  problem,
  onChange,
}: {
  readonly question: Question;
  readonly fields: Fields | undefined;
  readonly shown: Shown;
  /** The only question of its form. */
  readonly alone: boolean;
  readonly active: boolean;
  readonly problem: string | undefined;
  /** The same function in every render, so that typing in one question does not draw the others again. */
  readonly onChange: (id: string, fields: Fields | undefined) => void;
}): ReactNode {
  const Control = CONTROLS[question.kind] as ComponentType<ControlProps<AnswerKind>>;
  const { id, title, help, required } = question;
  const entered = fields ?? fieldsOf(question as never, { form: {}, replies: shown.replies });
  const status = statusWith(question, entered, shown);
  const ids = [help !== undefined && `${id}-help`, problem !== undefined && `${id}-problem`].filter(Boolean).join(' ');
  return (
    <fieldset
      className={`question${active ? ' active' : ''}`}
      data-question={id}
      tabIndex={-1}
      aria-describedby={ids === '' ? undefined : ids}
    >
      <legend>
        <h3>
          <span className={`state ${status.state}`} aria-hidden="true">
            {MARKS[status.state]}
          </span>{' '}
          {title}
          {!alone && <span className="need"> {required ? 'required' : 'optional'}</span>}
          <span className="sr-only">, {SAID[status.state]}</span>
        </h3>
      </legend>
      {help !== undefined && (
        <p className="small soft" id={`${id}-help`}>
          {help}
        </p>
      )}
      <Suspense fallback={<p role="status">Loading…</p>}>
        <Control question={question as never} fields={entered} shown={shown} onChange={(next) => onChange(id, next)} />
      </Suspense>
      {problem !== undefined && (
        <p className="fault small" id={`${id}-problem`}>
          {problem}
        </p>
      )}
      {!required && status.state !== 'empty' && (
        <button type="button" className="plain small" onClick={() => onChange(id, undefined)}>
          Clear <span className="sr-only">{title}</span>
        </button>
      )}
    </fieldset>
  );
});

/** All questions of the project for one task, as one form. */
export function FormView({
  filled,
  activeId,
  problems,
  onChange,
  onActive,
  onSubmit,
}: {
  readonly filled: Filled;
  readonly activeId: string | null;
  /** Shown after an attempt to submit. */
  readonly problems: readonly { readonly questionId: string; readonly problem: string }[];
  readonly onChange: (form: Form) => void;
  readonly onActive: (id: string) => void;
  readonly onSubmit: () => void;
}): ReactNode {
  const { questions, form, replies } = filled;
  const latest = useRef({ form, onChange });
  latest.current = { form, onChange };
  const change = useCallback((id: string, fields: Fields | undefined) => {
    const { [id]: _, ...rest } = latest.current.form;
    latest.current.onChange(fields === undefined ? rest : { ...rest, [id]: fields });
  }, []);
  const preferred = preferredOf(filled);
  const shown = useMemo(() => ({ replies, preferred }), [replies, preferred]);
  return (
    <form
      id="answer"
      className="answer"
      aria-labelledby="answer-title"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
      onFocus={({ target }) => {
        const id = target.closest<HTMLElement>('[data-question]')?.dataset.question;
        if (id !== undefined) onActive(id);
      }}
    >
      <h2 id="answer-title" className={questions.length > 1 ? undefined : 'sr-only'}>
        Your answer
      </h2>
      {questions.map((question) => (
        <QuestionView
          key={question.id}
          question={question}
          fields={own(form, question.id)}
          shown={shown}
          alone={questions.length === 1}
          active={question.id === activeId}
          problem={problems.find(({ questionId }) => questionId === question.id)?.problem}
          onChange={change}
        />
      ))}
    </form>
  );
}
