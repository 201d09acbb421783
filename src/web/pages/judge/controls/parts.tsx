import type { ReactNode } from 'react';
import { keyOfPlace } from '../logic/answer-keys.ts';
import { aboutReply, replyState, type Shown, type Status } from '../logic/kinds.ts';
import {
  type About,
  type AnswerKind,
  type EntryOf,
  type FieldsOf,
  letterOf,
  type Question,
  type QuestionOf,
} from '../logic/types.ts';

/** What every control gets: the question, what is entered, and what to do with a change. */
export interface ControlProps<K extends AnswerKind> {
  readonly question: QuestionOf<K>;
  readonly fields: FieldsOf[K];
  readonly shown: Shown;
  readonly onChange: (fields: FieldsOf[K]) => void;
}

/** A key beside what it does. Drawn for the eye; the name of the control is spoken without it. */
export function KeyHint({ of }: { readonly of: string | null | undefined }): ReactNode {
  return of === null || of === undefined ? null : (
    <span className="hint-key" aria-hidden="true">
      <kbd>{of}</kbd>
    </span>
  );
}

/** A key that leads somewhere, with where; gone together with it where keys are off. */
export function KeyNote({ of, children }: { readonly of: string; readonly children: ReactNode }): ReactNode {
  return (
    <span className="hint-key small soft" aria-hidden="true">
      <kbd>{of}</kbd> {children}
    </span>
  );
}

/** One choice of a set, as a native radio button or check box in a large target. */
export function Chip({
  type = 'radio',
  name,
  checked,
  onChoose,
  hint,
  definition,
  disabled = false,
  children,
}: {
  readonly type?: 'radio' | 'checkbox';
  readonly name: string;
  readonly checked: boolean;
  readonly onChoose: () => void;
  readonly hint?: string | null | undefined;
  readonly definition?: string | undefined;
  readonly disabled?: boolean;
  readonly children: ReactNode;
}): ReactNode {
  return (
    <label className="chip">
      <input
        type={type}
        name={name}
        checked={checked}
        disabled={disabled}
        onChange={onChoose}
        aria-keyshortcuts={hint ?? undefined}
      />
      <span>
        {children}
        {definition !== undefined && <span className="definition">{definition}</span>}
      </span>
      <KeyHint of={hint} />
    </label>
  );
}

const MARKS = { empty: '', partial: '◐', complete: '●' } as const;
const SAID = { empty: '', partial: ', partly answered', complete: ', answered' } as const;

/** Which reply is on screen, where there are several, and what is answered; the better one of the form until one is chosen. */
function AboutReply({
  name,
  reply,
  states,
  onChoose,
}: {
  readonly name: string;
  readonly reply: number | null;
  /** How far each reply is answered, by place. */
  readonly states: readonly Status['state'][];
  readonly onChoose: (reply: number) => void;
}): ReactNode {
  if (states.length < 2) return null;
  return (
    <div className="chips tight about" role="radiogroup" aria-label="About which reply">
      <span className="soft small">About</span>
      {states.map((state, place) => (
        <Chip
          // biome-ignore lint/suspicious/noArrayIndexKey: a place is what it is
          key={place}
          name={`${name}/about`}
          checked={reply === place}
          hint={keyOfPlace(place)}
          onChoose={() => onChoose(place)}
        >
          Reply {letterOf(place)}
          {state !== 'empty' && (
            <span className={`state ${state}`} aria-hidden="true">
              {' '}
              {MARKS[state]}
            </span>
          )}
          <span className="sr-only">{SAID[state]}</span>
        </Chip>
      ))}
    </div>
  );
}

type AboutKind = keyof EntryOf;

/** A control about single replies: which one, then what is said about it. Each reply may get an answer of its own. */
export function AboutOne<K extends AboutKind>({
  question,
  fields,
  shown,
  onChange,
  children,
}: Omit<ControlProps<K>, 'fields' | 'onChange'> & {
  readonly fields: About<EntryOf[K]>;
  readonly onChange: (fields: About<EntryOf[K]>) => void;
  readonly children: (at: {
    readonly reply: number;
    readonly text: string;
    readonly entry: EntryOf[K] | undefined;
    readonly enter: (entry: EntryOf[K]) => void;
  }) => ReactNode;
}): ReactNode {
  const reply = aboutReply(fields, shown);
  const states = shown.replies.map((_, place) => replyState(question, fields, { shown, place }));
  const answered = states.filter((state) => state !== 'empty').length;
  const clear = (place: number) => {
    const { [place]: _, ...per } = fields.per;
    onChange({ ...fields, per });
  };
  return (
    <>
      <AboutReply
        name={(question as Question).id}
        reply={reply}
        states={states}
        onChoose={(place) => onChange({ ...fields, reply: place })}
      />
      {reply === null ? (
        <p className="soft small">Choose the reply first. Others can be answered too.</p>
      ) : (
        children({
          reply,
          text: shown.replies[reply]!,
          entry: fields.per[reply],
          enter: (entry) => onChange({ ...fields, per: { ...fields.per, [reply]: entry } }),
        })
      )}
      {reply !== null && states[reply] !== 'empty' && answered > 1 && (
        <button type="button" className="plain small" onClick={() => clear(reply)}>
          Clear for reply {letterOf(reply)}
        </button>
      )}
    </>
  );
}
