import type { ReactNode } from 'react';
import type { AnswerKind, Question } from '../../../../feedback/index.ts';
import { Markdown } from '../../../ui/markdown.tsx';
import { type QuestionDraft, questionsOf } from './question-draft.ts';

const Buttons = ({ names }: { readonly names: readonly string[] }): ReactNode => (
  <div className="row">
    {names.map((name) => (
      <button key={name} type="button" disabled>
        {name}
      </button>
    ))}
  </div>
);

const Terms = ({
  all,
}: {
  readonly all: readonly { id: string; title: string; definition?: string | undefined }[];
}) => (
  <ul>
    {all.map(({ id, title, definition }) => (
      <li key={id}>
        <strong>{title || 'without a name'}</strong>
        {definition !== undefined && `: ${definition}`}
      </li>
    ))}
  </ul>
);

type Show = { readonly [K in AnswerKind]: (question: Extract<Question, { kind: K }>) => ReactNode };
/** How each kind is answered, as a rater will meet it. */
const SHOW: Show = {
  comparison: ({ ties, bothBad, cantJudge, strength }) => (
    <>
      <Buttons
        names={[
          'Reply A',
          'Reply B',
          ...(ties ? ['Equally good'] : []),
          ...(bothBad ? ['None is good'] : []),
          ...(cantJudge ? ['I cannot judge'] : []),
        ]}
      />
      {strength && <Buttons names={['slightly better', 'clearly better', 'much better']} />}
    </>
  ),
  ranking: ({ ties, partial }) => (
    <p className="soft">
      Replies in order, {ties ? 'shared ranks allowed' : 'no shared ranks'},{' '}
      {partial ? 'some may stay out' : 'all of them'}.
    </p>
  ),
  rating: ({ criteria, scale: { min, max, step } }) => (
    <>
      <p className="soft">
        {min} to {max} in steps of {step}, for every reply:
      </p>
      <Terms all={criteria} />
    </>
  ),
  label: ({ options, multiple }) => (
    <>
      <p className="soft">{multiple ? 'All that apply:' : 'One of:'}</p>
      <Terms all={options} />
    </>
  ),
  correction: () => <p className="soft">The text of a reply, to change.</p>,
  spans: ({ labels }) => (
    <>
      <p className="soft">Passages are marked with:</p>
      <Terms all={labels} />
    </>
  ),
  steps: ({ mode }) => (
    <>
      <Buttons names={['right', 'neutral', 'wrong']} />
      <p className="soft">{mode === 'per-step' ? 'For every line.' : 'For every line up to the first wrong one.'}</p>
    </>
  ),
  critique: () => <p className="soft">A text about a reply.</p>,
  demonstration: () => <p className="soft">A text of the rater’s own.</p>,
};

/** The form as raters will meet it, from what is typed so far. */
export function Preview({
  questions,
  instructions,
}: {
  readonly questions: readonly QuestionDraft[];
  readonly instructions: string;
}): ReactNode {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className="preview panel" aria-labelledby="preview-title" tabIndex={0}>
      <h2 id="preview-title">What raters will see</h2>
      {instructions.trim() === '' ? (
        <p className="soft">No instructions yet.</p>
      ) : (
        <details open>
          <summary>Instructions</summary>
          <Markdown text={instructions} />
        </details>
      )}
      <div className="beside">
        <div className="card">
          <div className="label">Reply A</div>
          <p>The first reply stands here.</p>
        </div>
        <div className="card">
          <div className="label">Reply B</div>
          <p>And the other one here.</p>
        </div>
      </div>
      {questionsOf(questions).map((question) => (
        <div key={question.id}>
          <h3>
            {question.title || 'Question without words'}{' '}
            {!question.required && <span className="soft small">(optional)</span>}
          </h3>
          {question.help !== undefined && <p className="soft small">{question.help}</p>}
          {(SHOW[question.kind] as (q: Question) => ReactNode)(question)}
        </div>
      ))}
    </section>
  );
}
