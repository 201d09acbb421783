import type { Span } from './types.ts';

/** Words of a text and a cursor over them, for marking passages without a mouse. Offsets are UTF-16, end exclusive. */
export interface Range {
  readonly start: number;
  readonly end: number;
}
/** Words from `anchor` to `head` (indices, either order) are selected; the cursor is at `head`. */
export interface Cursor {
  readonly anchor: number;
  readonly head: number;
}

const segmenter = new Intl.Segmenter(undefined, { granularity: 'word' });

/** Words without the punctuation around them; what has no word-like part (a formula, an emoji) counts as one word. */
export function wordsOf(text: string): Range[] {
  const words: Range[] = [];
  for (const { 0: chunk, index } of text.matchAll(/\S+/g)) {
    const inside = [...segmenter.segment(chunk)].filter((part) => part.isWordLike === true);
    if (inside.length === 0) words.push({ start: index, end: index + chunk.length });
    else
      for (const { index: at, segment } of inside) words.push({ start: index + at, end: index + at + segment.length });
  }
  return words;
}

const lineOf = (text: string, offset: number) => text.slice(0, offset).split('\n').length;

/** Where a key takes the cursor; with `extend` the selection grows or shrinks. `null`: not a key of the cursor. */
export function moveCursor(
  cursor: Cursor,
  key: string,
  { text, words, extend }: { readonly text: string; readonly words: readonly Range[]; readonly extend: boolean },
): Cursor | null {
  const last = words.length - 1;
  const goes = (head: number): Cursor => {
    const at = Math.max(0, Math.min(last, head));
    return { anchor: extend ? cursor.anchor : at, head: at };
  };
  const lineStart = (line: number) => words.findIndex((word) => lineOf(text, word.start) >= line);
  if (last < 0) return null;
  switch (key) {
    case 'ArrowRight':
      return goes(cursor.head + 1);
    case 'ArrowLeft':
      return goes(cursor.head - 1);
    case 'Home':
      return goes(0);
    case 'End':
      return goes(last);
    case 'ArrowDown': {
      const next = lineStart(lineOf(text, words[cursor.head]!.start) + 1);
      return goes(next < 0 ? last : next);
    }
    case 'ArrowUp': {
      const here = lineOf(text, words[cursor.head]!.start);
      const start = lineStart(here);
      if (start < cursor.head) return goes(start);
      // The line above that has words.
      return goes(start === 0 ? 0 : lineStart(lineOf(text, words[start - 1]!.start)));
    }
    default:
      return null;
  }
}

/** Characters that the cursor selects. */
export function selected(cursor: Cursor, words: readonly Range[]): Range | null {
  const [first, last] = [Math.min(cursor.anchor, cursor.head), Math.max(cursor.anchor, cursor.head)];
  const [from, to] = [words[first], words[last]];
  return from === undefined || to === undefined ? null : { start: from.start, end: to.end };
}

/** The word at an offset, or the one that follows it; the last one past the end. */
export function wordAt(words: readonly Range[], offset: number): number {
  const at = words.findIndex((word) => word.end > offset);
  return at < 0 ? Math.max(0, words.length - 1) : at;
}

/** A selection without white space at its ends; `null` when nothing is left. */
export function trimmed(text: string, { start, end }: Range): Range | null {
  const inside = text.slice(start, end);
  const range = {
    start: start + (inside.length - inside.trimStart().length),
    end: end - (inside.length - inside.trimEnd().length),
  };
  return range.start < range.end ? range : null;
}

/** A selection widened to whole words where it begins or ends inside of one: hands are not that exact. */
export function wholeWords({ start, end }: Range, words: readonly Range[]): Range {
  const cut = (at: number) => words.find((word) => word.start < at && at < word.end);
  return { start: cut(start)?.start ?? start, end: cut(end)?.end ?? end };
}

const byPlace = (a: Span, b: Span) => a.start - b.start || a.end - b.end || (a.label < b.label ? -1 : 1);

/** Adds a mark, in order; marks of one label that touch or overlap become one. */
export function marked(spans: readonly Span[], added: Span): Span[] {
  const meets = (span: Span) => span.label === added.label && span.start <= added.end && added.start <= span.end;
  const merged = spans.filter(meets);
  const whole = {
    label: added.label,
    start: Math.min(added.start, ...merged.map((span) => span.start)),
    end: Math.max(added.end, ...merged.map((span) => span.end)),
  };
  return [...spans.filter((span) => !meets(span)), whole].sort(byPlace);
}

/** A run of characters under the same marks. */
export interface Segment extends Range {
  readonly labels: readonly string[];
  /** Labels of the marks that end here: where their names are shown. */
  readonly ends: readonly string[];
}

/** The text cut where marks begin and end, and at further `cuts`; the segments cover all of it. */
export function segmentsOf(text: string, spans: readonly Span[], cuts: readonly number[] = []): Segment[] {
  const edges = [...new Set([0, text.length, ...cuts, ...spans.flatMap((span) => [span.start, span.end])])]
    .filter((edge) => edge >= 0 && edge <= text.length)
    .sort((a, b) => a - b);
  return edges.slice(1).map((end, i) => {
    const start = edges[i]!;
    return {
      start,
      end,
      labels: spans.filter((span) => span.start <= start && span.end >= end).map((span) => span.label),
      ends: spans.filter((span) => span.end === end).map((span) => span.label),
    };
  });
}
