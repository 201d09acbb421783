import type { ReactNode } from 'react';
import { keyOfPlace } from '../logic/answer-keys.ts';
import { aboutReply, type Shown } from '../logic/kinds.ts';
import { type About, type AnswerKind, type FieldsOf, letterOf, type QuestionOf } from '../logic/types.ts';

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

/** Which reply a question is about, where there are several; the better one of the same form until one is chosen. */
export function AboutReply({
  name,
  fields,
  shown,
  onChoose,
}: {
  readonly name: string;
  readonly fields: About<unknown>;
  readonly shown: Shown;
  readonly onChoose: (reply: number) => void;
}): ReactNode {
  if (shown.replies.length < 2) return null;
  const about = aboutReply(fields, shown);
  return (
    <div className="chips" role="radiogroup" aria-label="About which reply">
      <span className="soft small">About</span>
      {shown.replies.map((_, place) => (
        <Chip
          // biome-ignore lint/suspicious/noArrayIndexKey: a place is what it is
          key={place}
          name={`${name}/about`}
          checked={about === place}
          hint={keyOfPlace(place)}
          onChoose={() => onChoose(place)}
        >
          Reply {letterOf(place)}
        </Chip>
      ))}
    </div>
  );
}

/** A control about one reply: the choice of reply, then the rest once it is known. */
export function AboutOne<T>({
  name,
  fields,
  shown,
  onChange,
  children,
}: {
  readonly name: string;
  readonly fields: About<T>;
  readonly shown: Shown;
  readonly onChange: (fields: About<T>) => void;
  readonly children: (at: {
    readonly reply: number;
    readonly text: string;
    readonly entry: T | undefined;
    readonly enter: (entry: T) => void;
  }) => ReactNode;
}): ReactNode {
  const reply = aboutReply(fields, shown);
  return (
    <>
      <AboutReply
        name={name}
        fields={fields}
        shown={shown}
        onChoose={(place) => onChange({ ...fields, reply: place })}
      />
      {reply === null ? (
        <p className="soft small">Choose the reply first.</p>
      ) : (
        children({
          reply,
          text: shown.replies[reply]!,
          entry: fields.per[reply],
          enter: (entry) => onChange({ ...fields, per: { ...fields.per, [reply]: entry } }),
        })
      )}
    </>
  );
}
