import { type ReactNode, useMemo } from 'react';
import { Dialogue, earlierTurns } from '../../ui/dialogue.tsx';
import { Markdown } from '../../ui/markdown.tsx';
import { KeyHint } from './controls/parts.tsx';
import { differences, onlyWords, type Piece } from './logic/differences.ts';
import { letterOf, type Task } from './logic/types.ts';

/** Beyond so much a text is folded until it is asked for. */
const LONG = { characters: 1500, lines: 24 };
const SHORT_PROMPT = { characters: 420, lines: 5 };
const isLong = (text: string, limit: { characters: number; lines: number }) =>
  text.length > limit.characters || text.split('\n').length > limit.lines;

/** How the task is looked at: nothing of this is part of an answer. */
export interface Looks {
  /** Long texts in full. */
  readonly expanded: boolean;
  /** Two places whose differences are marked. */
  readonly compared: readonly [number, number] | null;
}

/** A long text folded to its beginning, and a button for the rest. */
function Folding({
  long,
  expanded,
  what,
  onToggle,
  children,
}: {
  readonly long: boolean;
  readonly expanded: boolean;
  readonly what: string;
  readonly onToggle: () => void;
  readonly children: ReactNode;
}): ReactNode {
  if (!long) return children;
  return (
    <>
      <div className={expanded ? '' : 'folded'}>{children}</div>
      <button type="button" className="plain small" aria-expanded={expanded} onClick={onToggle}>
        {expanded ? 'Fold' : 'Show all of'} {what} <KeyHint of="l" />
      </button>
    </>
  );
}

/** A reply as plain text, with the words that the other one does not have marked. */
function Marked({ pieces, letter }: { readonly pieces: readonly Piece[]; readonly letter: string }): ReactNode {
  return (
    <p className="plain-text">
      {pieces.map(({ text, only }, i) =>
        only ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: pieces have no other identity
          <mark key={i} className="only">
            <span className="sr-only"> only in {letter}: </span>
            {text}
            <span className="sr-only"> end </span>
          </mark>
        ) : (
          // biome-ignore lint/suspicious/noArrayIndexKey: pieces have no other identity
          <span key={i}>{text}</span>
        ),
      )}
    </p>
  );
}

/** Switch and choice of the two replies to compare. */
function CompareBar({
  count,
  compared,
  onCompare,
}: {
  readonly count: number;
  readonly compared: Looks['compared'];
  readonly onCompare: (compared: Looks['compared']) => void;
}): ReactNode {
  const places = Array.from({ length: count }, (_, place) => place);
  return (
    <div className="row small">
      <button
        type="button"
        aria-pressed={compared !== null}
        aria-keyshortcuts="m"
        onClick={() => onCompare(compared === null ? [0, 1] : null)}
      >
        Mark differences <KeyHint of="m" />
      </button>
      {compared !== null &&
        count > 2 &&
        ([0, 1] as const).map((side) => (
          <label key={side} className="row">
            {side === 0 ? 'between' : 'and'}
            <select
              value={compared[side]}
              onChange={({ target }) => {
                const place = Number(target.value);
                const other = compared[side === 0 ? 1 : 0];
                if (place !== other) onCompare(side === 0 ? [place, other] : [other, place]);
              }}
            >
              {places.map((place) => (
                <option key={place} value={place} disabled={place === compared[side === 0 ? 1 : 0]}>
                  {letterOf(place)}
                </option>
              ))}
            </select>
          </label>
        ))}
    </div>
  );
}

/** What is judged: the prompt, which stays in sight, the facts where they are shown, and the replies by place. */
export function TaskView({
  task,
  looks,
  onLooks,
}: {
  readonly task: Task;
  readonly looks: Looks;
  readonly onLooks: (looks: Looks) => void;
}): ReactNode {
  const { prompt, replies, facts } = task;
  const { expanded, compared } = looks;
  const earlier = useMemo(() => earlierTurns(prompt), [prompt]);
  const toggle = () => onLooks({ ...looks, expanded: !expanded });
  const marks = useMemo(() => {
    if (compared === null) return null;
    const [a, b] = compared;
    const pieces = differences(replies[a] ?? '', replies[b] ?? '');
    return new Map<number, readonly Piece[]>([
      [a, pieces.a],
      [b, pieces.b],
    ]);
  }, [replies, compared]);
  return (
    <>
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset is for controls, and a section for landmarks */}
      <div
        className={`prompt${expanded || earlier > 0 ? ' open' : ''}`}
        role="group"
        aria-labelledby="prompt-title"
        tabIndex={isLong(prompt, SHORT_PROMPT) && (expanded || earlier > 0) ? 0 : undefined}
      >
        <h3 id="prompt-title">Prompt</h3>
        {earlier > 0 ? (
          <>
            <Dialogue text={prompt} folded={isLong(prompt, SHORT_PROMPT) && !expanded} />
            {isLong(prompt, SHORT_PROMPT) && (
              <button type="button" className="plain small" aria-expanded={expanded} onClick={toggle}>
                {expanded ? 'Fold the earlier turns' : `Show all turns of the prompt`} <KeyHint of="l" />
              </button>
            )}
          </>
        ) : (
          <Folding long={isLong(prompt, SHORT_PROMPT)} expanded={expanded} what="the prompt" onToggle={toggle}>
            <Dialogue text={prompt} />
          </Folding>
        )}
      </div>
      {facts !== null && facts.length > 0 && (
        <aside className="facts" aria-label="Facts">
          <h3>Facts</h3>
          <ul>
            {facts.map((fact, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: facts are told by their place; two may read the same
              <li key={i}>{fact}</li>
            ))}
          </ul>
        </aside>
      )}
      {replies.length > 1 && (
        <CompareBar
          count={replies.length}
          compared={compared}
          onCompare={(next) => onLooks({ ...looks, compared: next })}
        />
      )}
      {marks !== null && (
        <p className="small soft" role="status">
          {[...marks]
            .map(
              ([place, pieces]) =>
                `${onlyWords(pieces)} ${onlyWords(pieces) === 1 ? 'word' : 'words'} only in ${letterOf(place)}`,
            )
            .join(', ')}
          . Marked texts are shown as they were written, without formatting.
        </p>
      )}
      <div className="replies">
        {replies.map((reply, place) => {
          const letter = letterOf(place);
          const pieces = marks?.get(place);
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: a place is what it is
            <article key={place} className="reply" aria-labelledby={`reply-${letter}`}>
              <h3 id={`reply-${letter}`}>Reply {letter}</h3>
              <Folding long={isLong(reply, LONG)} expanded={expanded} what={`reply ${letter}`} onToggle={toggle}>
                {pieces === undefined ? <Markdown text={reply} /> : <Marked pieces={pieces} letter={letter} />}
              </Folding>
            </article>
          );
        })}
      </div>
    </>
  );
}
