import type { ReactNode } from 'react';
import type { AnswerKind } from '../../../../feedback/index.ts';
import { own } from '../../../../run/index.ts';
import { Area, Check, Choice, Input } from './controls.tsx';
import {
  type DefinitionDraft,
  KIND_WORDS,
  KINDS,
  newDefinition,
  newQuestion,
  type QuestionDraft,
  withKind,
} from './question-draft.ts';

type Change = (change: Partial<QuestionDraft>) => void;

/** Named things with a definition each: criteria, options, labels. */
function Definitions({
  what,
  all,
  onChange,
}: {
  readonly what: string;
  readonly all: readonly DefinitionDraft[];
  readonly onChange: (all: readonly DefinitionDraft[]) => void;
}): ReactNode {
  const put = (key: string, change: Partial<DefinitionDraft>) =>
    onChange(all.map((one) => (one.key === key ? { ...one, ...change } : one)));
  return (
    <div className="stack tight">
      {all.map((one, i) => (
        <div key={one.key} className="definition">
          <Input label={`${what} ${i + 1}`} value={one.title} onChange={(title) => put(one.key, { title })} />
          <Input
            label={`What ${what} ${i + 1} means`}
            value={one.definition}
            onChange={(definition) => put(one.key, { definition })}
          />
          <button type="button" onClick={() => onChange(all.filter(({ key }) => key !== one.key))}>
            Remove
            <span className="sr-only">
              {' '}
              {what} {i + 1}
            </span>
          </button>
        </div>
      ))}
      <div>
        <button type="button" onClick={() => onChange([...all, newDefinition()])}>
          Add {/^[aeiou]/.test(what) ? 'an' : 'a'} {what}
        </button>
      </div>
    </div>
  );
}

function Options({ draft, onChange }: { readonly draft: QuestionDraft; readonly onChange: Change }): ReactNode {
  const check = (key: 'ties' | 'bothBad' | 'cantJudge' | 'strength' | 'partial' | 'multiple', label: string) => (
    <Check label={label} checked={draft[key]} onChange={(now) => onChange({ [key]: now })} />
  );
  const definitions = (what: string) => (
    <Definitions what={what} all={draft.definitions} onChange={(all) => onChange({ definitions: all })} />
  );
  const byKind: { readonly [K in AnswerKind]: () => ReactNode } = {
    comparison: () => (
      <>
        {check('ties', '“Equally good” may be chosen')}
        {check('bothBad', '“None is good” may be chosen')}
        {check('cantJudge', '“I cannot judge” may be chosen')}
        {check('strength', 'Ask how much better: slightly, clearly, much')}
      </>
    ),
    ranking: () => (
      <>
        {check('ties', 'Replies may share a rank')}
        {check('partial', 'Replies may be left unranked')}
      </>
    ),
    rating: () => (
      <>
        <div className="thirds">
          <Input label="Lowest" numeric value={draft.min} onChange={(min) => onChange({ min })} />
          <Input label="Highest" numeric value={draft.max} onChange={(max) => onChange({ max })} />
          <Input label="Step" numeric value={draft.step} onChange={(step) => onChange({ step })} />
        </div>
        {definitions('criterion')}
      </>
    ),
    label: () => (
      <>
        {check('multiple', 'More than one may apply')}
        {definitions('option')}
      </>
    ),
    spans: () => definitions('label'),
    steps: () => (
      <Choice
        label="Which steps"
        value={draft.mode}
        options={[
          ['per-step', 'Every step'],
          ['first-error', 'Up to the first wrong one'],
        ]}
        onChange={(mode) => onChange({ mode })}
        hint="Steps are the lines of a reply."
      />
    ),
    correction: () => null,
    critique: () => null,
    demonstration: () => null,
  };
  return byKind[draft.kind]();
}

function QuestionEditor({
  draft,
  place,
  of,
  fault,
  onChange,
  onMove,
  onRemove,
}: {
  readonly draft: QuestionDraft;
  readonly place: number;
  readonly of: number;
  readonly fault: string | undefined;
  readonly onChange: Change;
  readonly onMove: (by: -1 | 1) => void;
  readonly onRemove: () => void;
}): ReactNode {
  const name = `question ${place + 1}`;
  return (
    <fieldset className="panel">
      <legend>Question {place + 1}</legend>
      <Choice
        label="Kind"
        value={draft.kind}
        options={KINDS.map((kind) => [kind, KIND_WORDS[kind].name] as const)}
        onChange={(kind) => onChange(withKind(draft, kind))}
        hint={KIND_WORDS[draft.kind].about}
      />
      <Input label="What is asked" value={draft.title} fault={fault} onChange={(title) => onChange({ title })} />
      <Area label="Help (optional)" rows={2} value={draft.help} onChange={(help) => onChange({ help })} />
      <Options draft={draft} onChange={onChange} />
      <Check label="Must be answered" checked={draft.required} onChange={(required) => onChange({ required })} />
      <details>
        <summary>Id</summary>
        <Input
          label="Id in the data"
          value={draft.id}
          onChange={(id) => onChange({ id })}
          hint="Made from the kind when empty. Changing the id of a question that was answered makes it another question."
        />
      </details>
      <div className="row">
        <button type="button" disabled={place === 0} onClick={() => onMove(-1)}>
          Move up<span className="sr-only"> {name}</span>
        </button>
        <button type="button" disabled={place === of - 1} onClick={() => onMove(1)}>
          Move down<span className="sr-only"> {name}</span>
        </button>
        <button type="button" onClick={onRemove}>
          Remove<span className="sr-only"> {name}</span>
        </button>
      </div>
    </fieldset>
  );
}

/** The questions of a form, to write, order and remove. */
export function QuestionsEditor({
  questions,
  faults,
  onChange,
}: {
  readonly questions: readonly QuestionDraft[];
  readonly faults: Readonly<Record<string, string>>;
  readonly onChange: (questions: readonly QuestionDraft[]) => void;
}): ReactNode {
  const move = (from: number, by: -1 | 1) => {
    const next = [...questions];
    const [one] = next.splice(from, 1);
    if (one !== undefined) next.splice(from + by, 0, one);
    onChange(next);
  };
  return (
    <div className="stack">
      {questions.map((draft, i) => (
        <QuestionEditor
          key={draft.key}
          draft={draft}
          place={i}
          of={questions.length}
          fault={own(faults, draft.key)}
          onChange={(change) => onChange(questions.map((one, k) => (k === i ? { ...one, ...change } : one)))}
          onMove={(by) => move(i, by)}
          onRemove={() => onChange(questions.filter((_, k) => k !== i))}
        />
      ))}
      {faults.questions !== undefined && <p className="verdict failure">■ {faults.questions}</p>}
      <div>
        <button type="button" onClick={() => onChange([...questions, newQuestion('comparison')])}>
          Add a question
        </button>
      </div>
    </div>
  );
}
