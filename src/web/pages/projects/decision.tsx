import { type FormEvent, type ReactNode, useRef, useState } from 'react';
import type { Answer, Question } from '../../../feedback/index.ts';
import type { RequestOf } from '../../../server/index.ts';
import { call } from '../../api.ts';
import { counted } from '../../ui/figures.ts';
import { Fault } from '../../ui/state.tsx';
import { AnswerEditor, canWriteAnswer } from './answer-editor.tsx';
import { type AnswerChoice, choicesOf, mostDisputed, REASON_WORDS, REASONS, type Reason } from './answers.ts';
import { Area, Choice } from './form/controls.tsx';
import { type ItemDetail, useProjectChange } from './queries.ts';

type Body = RequestOf<'POST /api/projects/{project}/items/{item}/adjudication'>['body'];
const OTHER = 'other answer';

/** A key of one attempt. `crypto.randomUUID` is missing where the Studio is reached without TLS. */
const newKey = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');

const OWN_ANSWER = 'To be saved: the answer that you entered; no rater gave it.';

/** What will be saved, and who said so. */
function previewOf(picked: AnswerChoice, all: readonly AnswerChoice[]): string {
  const others = all.reduce((sum, { raters }) => sum + raters.length, 0) - picked.raters.length;
  const said = `${counted(picked.raters.length, 'rater')} said so, ${others} said otherwise`;
  return `To be saved: ${picked.text}. ${said}.`;
}

/** What raters answered, to choose among, or another answer. */
function Answers({
  legend,
  choices,
  mayWrite,
  chosen,
  onChoose,
}: {
  readonly legend: string;
  readonly choices: readonly AnswerChoice[];
  /** Whether an answer of one's own can be entered. */
  readonly mayWrite: boolean;
  readonly chosen: string | null;
  readonly onChoose: (key: string) => void;
}): ReactNode {
  return (
    <fieldset className="choices bare">
      <legend>{legend}</legend>
      {choices.length === 0 && <p className="soft">Nobody has answered this yet.</p>}
      {choices.map(({ key, text, raters }, i) => (
        <label key={key} className="row check">
          <input
            type="radio"
            name="answer"
            data-choice={i + 1}
            checked={chosen === key}
            onChange={() => onChoose(key)}
          />
          {i < 9 && (
            <span aria-hidden="true">
              <kbd>{i + 1}</kbd>
            </span>
          )}
          <span className="text">{text}</span>
          <span className="soft small">
            {raters.length === 0 ? 'nobody' : `${raters.length} ${raters.length === 1 ? 'rater' : 'raters'}`}
          </span>
        </label>
      ))}
      {mayWrite && (
        <label className="row check">
          <input
            type="radio"
            name="answer"
            data-choice={choices.length + 1}
            checked={chosen === OTHER}
            onChange={() => onChoose(OTHER)}
          />
          {choices.length < 9 && (
            <span aria-hidden="true">
              <kbd>{choices.length + 1}</kbd>
            </span>
          )}{' '}
          Another answer
        </label>
      )}
    </fieldset>
  );
}

/** A decision on an item: an answer, why, and a note. Digits choose where `data-choice` is read (see `useKeys`). */
export function DecisionForm({
  project,
  detail,
  questions,
  onSaved,
}: {
  readonly project: string;
  readonly detail: ItemDetail;
  readonly questions: readonly Question[];
  readonly onSaved: () => void;
}): ReactNode {
  const { item, records } = detail;
  const [questionId, setQuestionId] = useState(() => mostDisputed(questions, records)?.id ?? '');
  const [chosen, setChosen] = useState<string | null>(null);
  const [other, setOther] = useState<Answer | null>(null);
  const [reason, setReason] = useState<Reason>('guideline');
  const [note, setNote] = useState('');
  const [fault, setFault] = useState<string | null>(null);
  const attempt = useRef({ content: '', key: '' });
  const save = useProjectChange(project, (body: Body) =>
    call('POST /api/projects/{project}/items/{item}/adjudication', { params: { project, item: item.id }, body }),
  );
  const question = questions.find(({ id }) => id === questionId);
  if (question === undefined) return <p className="soft">The form has no question to decide.</p>;
  const choices = choicesOf(question, item, records);
  const picked = choices.find(({ key }) => key === chosen);
  const preview =
    picked !== undefined ? previewOf(picked, choices) : chosen === OTHER && other !== null ? OWN_ANSWER : '';
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const answer = chosen === OTHER ? other : (picked?.answer ?? null);
    const missing =
      answer === null
        ? 'Choose an answer first.'
        : reason === 'other' && note.trim() === ''
          ? 'Say in the note what the reason is.'
          : null;
    setFault(missing);
    if (answer === null || missing !== null) return;
    const content = { questionId, answer, reason, ...(note.trim() !== '' && { note: note.trim() }) };
    // Sent again after a failure, the same decision must not be stored twice.
    const text = JSON.stringify(content);
    if (attempt.current.content !== text) attempt.current = { content: text, key: newKey() };
    save.mutate(
      { ...content, idempotencyKey: attempt.current.key },
      {
        onSuccess: () => {
          attempt.current = { content: '', key: '' };
          onSaved();
        },
      },
    );
  };
  return (
    <form className="panel" onSubmit={submit} aria-label="Decision" data-decision>
      {questions.length > 1 && (
        <Choice
          label="Question"
          value={questionId}
          options={questions.map(({ id, title }) => [id, title] as const)}
          onChange={(id) => {
            setQuestionId(id);
            setChosen(null);
            setOther(null);
          }}
        />
      )}
      <Answers
        legend={questions.length > 1 ? 'Answer' : question.title}
        choices={choices}
        mayWrite={canWriteAnswer(question)}
        chosen={chosen}
        onChoose={setChosen}
      />
      {chosen === OTHER && <AnswerEditor key={questionId} question={question} item={item} onChange={setOther} />}
      <Choice
        label="Reason"
        value={reason}
        options={REASONS.map((id) => [id, REASON_WORDS[id]] as const)}
        onChange={setReason}
      />
      <Area label="Note" rows={2} value={note} onChange={setNote} />
      <p className="small" role="status">
        {preview}
      </p>
      {fault !== null && (
        <p className="verdict failure" role="alert">
          ■ {fault}
        </p>
      )}
      {save.isError && <Fault error={save.error} />}
      <p>
        <button type="submit" className="primary" disabled={save.isPending}>
          Save the decision
        </button>
      </p>
      <p className="soft small">
        The judgments stay as they are. To take a decision back, decide again: the last one stands, the earlier one
        stays in the history.
      </p>
    </form>
  );
}
