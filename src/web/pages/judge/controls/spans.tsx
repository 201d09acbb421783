import { type KeyboardEvent, type ReactNode, useEffect, useId, useMemo, useRef, useState } from 'react';
import { keyOfIndex } from '../logic/answer-keys.ts';
import { letterOf, type Span } from '../logic/types.ts';
import {
  type Cursor,
  marked,
  moveCursor,
  type Range,
  segmentsOf,
  selected,
  trimmed,
  wholeWords,
  wordAt,
  wordsOf,
} from '../logic/words.ts';
import { AboutOne, Chip, type ControlProps, KeyHint, KeyNote } from './parts.tsx';

type Label = ControlProps<'spans'>['question']['labels'][number];

/** Offset in the text of a place in the page; null outside of it. */
function offsetOf(node: globalThis.Node, offset: number): number | null {
  const element = node instanceof Element ? node : node.parentElement;
  const start = element?.closest<HTMLElement>('[data-start]')?.dataset.start;
  if (start === undefined) return null;
  // On an element the offset counts children: 0 is before its text, more is after it.
  return Number(start) + (node instanceof Element ? (offset === 0 ? 0 : (node.textContent?.length ?? 0)) : offset);
}

/** What the mouse, or a finger, has selected within an element. */
function selectionIn(element: Element, text: string): Range | null {
  const selection = document.getSelection();
  if (selection === null || selection.isCollapsed || selection.rangeCount === 0) return null;
  const range = selection.getRangeAt(0);
  if (!element.contains(range.startContainer) || !element.contains(range.endContainer)) return null;
  const start = offsetOf(range.startContainer, range.startOffset);
  const end = offsetOf(range.endContainer, range.endOffset);
  return start === null || end === null ? null : trimmed(text, { start, end });
}

/** The text in pieces: what is marked, and what would be. */
function Segments({
  text,
  spans,
  words,
  range,
  titleOf,
}: {
  readonly text: string;
  readonly spans: readonly Span[];
  readonly words: readonly Range[];
  readonly range: Range | null;
  readonly titleOf: (label: string) => string;
}): ReactNode {
  const segments = segmentsOf(
    text,
    spans,
    words.flatMap(({ start, end }) => [start, end]),
  );
  return (
    <>
      {segments.map(({ start, end, labels: on, ends }) => {
        const chosen = range !== null && range.start < end && start < range.end;
        const body = (
          <span data-start={start} className={chosen ? 'chosen' : undefined}>
            {text.slice(start, end)}
          </span>
        );
        return (
          <span key={start}>
            {on.length > 0 ? <mark className="span">{body}</mark> : body}
            {ends.map((label) => (
              <span key={label} className="span-label">
                {titleOf(label)}
              </span>
            ))}
          </span>
        );
      })}
    </>
  );
}

/** The text with its marks; words can be selected with a pointer, a finger or the arrow keys. */
function MarkableText({
  text,
  spans,
  labels,
  name,
  onMark,
  onUnmark,
}: {
  readonly text: string;
  readonly spans: readonly Span[];
  readonly labels: readonly Label[];
  readonly name: string;
  readonly onMark: (range: Range, label: string) => void;
  /** Takes away every mark that the range touches. */
  readonly onUnmark: (range: Range) => void;
}): ReactNode {
  const box = useRef<HTMLDivElement>(null);
  const keysId = useId();
  const words = useMemo(() => wordsOf(text), [text]);
  const [cursor, setCursor] = useState<Cursor>({ anchor: 0, head: 0 });
  /** What would be marked; null until something is selected. */
  const [range, setRange] = useState<Range | null>(null);
  const [said, setSaid] = useState('');
  const titleOf = (label: string) => labels.find(({ id }) => id === label)?.title ?? label;

  useEffect(() => {
    const changed = () => {
      const exact = box.current === null ? null : selectionIn(box.current, text);
      if (exact === null) return;
      const found = wholeWords(exact, words);
      setRange(found);
      setCursor({ anchor: wordAt(words, found.start), head: wordAt(words, found.end - 1) });
    };
    document.addEventListener('selectionchange', changed);
    return () => document.removeEventListener('selectionchange', changed);
  }, [text, words]);

  const goTo = (next: Cursor) => {
    const at = selected(next, words);
    setCursor(next);
    setRange(at);
    document.getSelection()?.removeAllRanges();
    if (at !== null) {
      const on = spans.filter((span) => span.start < at.end && at.start < span.end).map((span) => titleOf(span.label));
      setSaid(`${text.slice(at.start, at.end)}${on.length === 0 ? '' : `, marked ${on.join(', ')}`}`);
    }
  };
  const mark = (label: string) => {
    if (range === null) return;
    onMark(range, label);
    setSaid(`Marked ${text.slice(range.start, range.end)} as ${titleOf(label)}.`);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { key, shiftKey } = event;
    const moved = moveCursor(cursor, key, { text, words, extend: shiftKey });
    const label = labels.find((_, i) => keyOfIndex(i) === key) ?? (key === 'Enter' ? labels[0] : undefined);
    // The first arrow takes up the cursor where it is.
    if (moved !== null) goTo(range === null && key.startsWith('Arrow') && !shiftKey ? cursor : moved);
    else if (label !== undefined && range !== null) mark(label.id);
    else if ((key === 'Delete' || key === 'Backspace') && range !== null) onUnmark(range);
    else return;
    event.preventDefault();
  };
  return (
    <>
      <div
        ref={box}
        className="plain-text markable"
        role="application"
        aria-label={`${name}, word by word`}
        aria-describedby={keysId}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it takes keys
        tabIndex={0}
        data-text
        onKeyDown={onKeyDown}
        onClick={(event) => {
          if (document.getSelection()?.isCollapsed === false) return;
          const start = (event.target as Element).closest<HTMLElement>('[data-start]')?.dataset.start;
          if (start === undefined) return;
          const head = wordAt(words, Number(start));
          goTo(event.shiftKey ? { anchor: cursor.anchor, head } : { anchor: head, head });
        }}
      >
        <Segments text={text} spans={spans} words={words} range={range} titleOf={titleOf} />
      </div>
      <p className="small soft" id={keysId}>
        Select with the mouse or a finger; or by keys: arrows move from word to word, with Shift they select, a label’s
        number marks, Delete removes a mark, Escape leaves.
      </p>
      <p className="sr-only" role="status">
        {said}
      </p>
      <fieldset className="chips bare" aria-label="Mark the selection as">
        <span className="small soft">
          {range === null ? 'Select a passage, then:' : `“${text.slice(range.start, range.end)}” is`}
        </span>
        {labels.map((label, i) => (
          <button
            key={label.id}
            type="button"
            disabled={range === null}
            title={label.definition}
            onClick={() => mark(label.id)}
          >
            {label.title} <KeyHint of={keyOfIndex(i)} />
          </button>
        ))}
      </fieldset>
    </>
  );
}

/** Marking without moving in the text: first word, last word, label, from lists. */
function MarkFromLists({
  text,
  labels,
  onMark,
}: {
  readonly text: string;
  readonly labels: readonly Label[];
  readonly onMark: (range: Range, label: string) => void;
}): ReactNode {
  const words = useMemo(() => wordsOf(text), [text]);
  const [from, setFrom] = useState(0);
  const [to, setTo] = useState(0);
  const [label, setLabel] = useState(labels[0]!.id);
  const options = words.map((word, i) => (
    <option key={word.start} value={i}>
      {i + 1} {text.slice(word.start, word.end)}
    </option>
  ));
  const range = selected({ anchor: from, head: to }, words);
  return (
    <div className="row lists">
      <label>
        First word{' '}
        <select value={from} onChange={({ target }) => setFrom(Number(target.value))}>
          {options}
        </select>
      </label>
      <label>
        Last word{' '}
        <select value={to} onChange={({ target }) => setTo(Number(target.value))}>
          {options}
        </select>
      </label>
      <label>
        Label{' '}
        <select value={label} onChange={({ target }) => setLabel(target.value)}>
          {labels.map(({ id, title }) => (
            <option key={id} value={id}>
              {title}
            </option>
          ))}
        </select>
      </label>
      <button type="button" disabled={range === null} onClick={() => range !== null && onMark(range, label)}>
        Mark
      </button>
    </div>
  );
}

/** The lists are long, so that they are made when they are asked for. */
function Lists(props: Parameters<typeof MarkFromLists>[0]): ReactNode {
  const [open, setOpen] = useState(false);
  return (
    <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>Mark from lists instead</summary>
      {open && <MarkFromLists {...props} />}
    </details>
  );
}

/** Passages of a reply, each under a label. */
export function SpansControl({ question, fields, shown, onChange }: ControlProps<'spans'>): ReactNode {
  const { labels, id } = question;
  return (
    <AboutOne question={question} fields={fields} shown={shown} onChange={onChange}>
      {({ reply, text, entry = { spans: [], none: false }, enter }) => {
        const add = (range: Range, label: string) =>
          enter({ spans: marked(entry.spans, { ...range, label }), none: false });
        const remove = (span: Span) => enter({ ...entry, spans: entry.spans.filter((s) => s !== span) });
        const titleOf = (label: string) => labels.find((l) => l.id === label)?.title ?? label;
        return (
          <>
            <div className="chips">
              <Chip
                type="checkbox"
                name={`${id}/none`}
                checked={entry.none}
                hint="0"
                onChoose={() => enter({ spans: [], none: !entry.none })}
              >
                Nothing to mark
              </Chip>
              <KeyNote of="w">go into the text</KeyNote>
            </div>
            {labels.some(({ definition }) => definition !== undefined) && (
              <dl className="definitions">
                {labels
                  .filter(({ definition }) => definition !== undefined)
                  .map(({ id: label, title, definition }) => (
                    <div key={label}>
                      <dt>{title}</dt>
                      <dd>{definition}</dd>
                    </div>
                  ))}
              </dl>
            )}
            <MarkableText
              key={reply}
              text={text}
              spans={entry.spans}
              labels={labels}
              name={`Reply ${letterOf(reply)}`}
              onMark={add}
              onUnmark={(range) =>
                enter({ ...entry, spans: entry.spans.filter((s) => s.end <= range.start || range.end <= s.start) })
              }
            />
            {entry.spans.length > 0 && (
              <ul className="marks" aria-label="Marked passages">
                {entry.spans.map((span) => (
                  <li key={`${span.start}/${span.end}/${span.label}`}>
                    <span>
                      <strong>{titleOf(span.label)}</strong>: “{text.slice(span.start, span.end)}”
                    </span>
                    <button
                      type="button"
                      className="plain"
                      aria-label={`Remove the mark ${titleOf(span.label)} on ${text.slice(span.start, span.end)}`}
                      onClick={() => remove(span)}
                    >
                      Remove
                    </button>
                  </li>
                ))}
              </ul>
            )}
            <Lists key={`lists/${reply}`} text={text} labels={labels} onMark={add} />
          </>
        );
      }}
    </AboutOne>
  );
}
