import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Span } from './types.ts';
import {
  type Cursor,
  marked,
  moveCursor,
  segmentsOf,
  selected,
  trimmed,
  wholeWords,
  wordAt,
  wordsOf,
} from './words.ts';

const texts = (of: readonly { start: number; end: number }[], text: string) =>
  of.map((w) => text.slice(w.start, w.end));
const anyText = fc
  .array(fc.constantFrom('a', 'été', ' ', '\n', '.', ',', '7', '你好', '👍', 'can’t'), { maxLength: 20 })
  .map((p) => p.join(''));

describe('words', () => {
  it('leave out the punctuation round them, and take in what is nothing else', () => {
    expect(texts(wordsOf('“Four crowns,” said Ann-Lee. 👍 = ok'), '“Four crowns,” said Ann-Lee. 👍 = ok')).toEqual([
      'Four',
      'crowns',
      'said',
      'Ann',
      'Lee',
      '👍',
      '=',
      'ok',
    ]);
    expect(wordsOf(' \n ')).toEqual([]);
  });
  it('come in order, do not overlap, and cover every letter', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const words = wordsOf(text);
        let covered = '';
        let last = 0;
        for (const { start, end } of words) {
          expect(start).toBeGreaterThanOrEqual(last);
          expect(end).toBeGreaterThan(start);
          covered += text.slice(start, end);
          last = end;
        }
        const letters = (of: string) => of.replaceAll(/[^\p{L}\p{N}]/gu, '');
        expect(letters(covered)).toBe(letters(text));
      }),
    );
  });
});

describe('the word cursor', () => {
  const text = 'one two three\n\nfour five\nsix';
  const words = wordsOf(text);
  const go = (from: Cursor, ...keys: string[]) =>
    keys.reduce<Cursor>(
      (at, key) => moveCursor(at, key.replace('+', ''), { text, words, extend: key.startsWith('+') })!,
      from,
    );
  const start = { anchor: 0, head: 0 };
  it('moves by words and lines and selects with Shift', () => {
    expect(go(start, 'ArrowRight', 'ArrowRight')).toEqual({ anchor: 2, head: 2 });
    expect(go(start, 'ArrowRight', '+ArrowRight', '+ArrowRight')).toEqual({ anchor: 1, head: 3 });
    expect(go(start, 'ArrowDown')).toEqual({ anchor: 3, head: 3 });
    expect(go(start, 'ArrowDown', 'ArrowRight', 'ArrowUp')).toEqual({ anchor: 3, head: 3 });
    expect(go(start, 'ArrowDown', 'ArrowUp')).toEqual(start);
    expect(go(start, 'End', 'ArrowRight', 'ArrowDown')).toEqual({ anchor: 5, head: 5 });
    expect(go(start, '+End', 'Home')).toEqual(start);
    expect(selected(go(start, 'ArrowRight', '+ArrowRight'), words)).toEqual({ start: 4, end: 13 });
    expect(selected(go(start, 'End', '+ArrowLeft'), words)).toEqual({ start: 20, end: 28 });
    expect(moveCursor(start, 'x', { text, words, extend: false })).toBe(null);
    expect(moveCursor(start, 'ArrowLeft', { text: '', words: [], extend: false })).toBe(null);
  });
  it('never leaves the text, and reaches every word', () => {
    const key = fc.constantFrom('ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', 'Home', 'End');
    fc.assert(
      fc.property(anyText, fc.array(fc.tuple(key, fc.boolean())), (any, keys) => {
        const all = wordsOf(any);
        let at: Cursor = start;
        for (const [k, extend] of keys) at = moveCursor(at, k, { text: any, words: all, extend }) ?? at;
        if (all.length > 0) {
          expect(all[at.head]).toBeDefined();
          const range = selected(at, all)!;
          expect(range.end).toBeGreaterThan(range.start);
          expect(range.end).toBeLessThanOrEqual(any.length);
        }
      }),
    );
  });
  it('is put where the text is clicked', () => {
    expect([0, 2, 3, 4, 14, 99].map((offset) => wordAt(words, offset))).toEqual([0, 0, 1, 1, 3, 5]);
    expect(trimmed('  a b ', { start: 0, end: 6 })).toEqual({ start: 2, end: 5 });
    expect(trimmed('  a ', { start: 0, end: 2 })).toBe(null);
  });
  it('takes whole words where a selection begins or ends inside of them, and never less than was selected', () => {
    expect(wholeWords({ start: 5, end: 10 }, words)).toEqual({ start: 4, end: 13 });
    expect(wholeWords({ start: 3, end: 9 }, words)).toEqual({ start: 3, end: 13 });
    fc.assert(
      fc.property(anyText, fc.nat(60), fc.nat(60), (any, a, b) => {
        const range = { start: Math.min(a, b, any.length), end: Math.min(Math.max(a, b), any.length) };
        const all = wordsOf(any);
        const wide = wholeWords(range, all);
        expect(wide.start).toBeLessThanOrEqual(range.start);
        expect(wide.end).toBeGreaterThanOrEqual(range.end);
        expect(wholeWords(wide, all)).toEqual(wide);
        for (const { start: s, end } of all)
          for (const at of [wide.start, wide.end]) expect(s < at && at < end).toBe(false);
      }),
    );
  });
});

describe('marks', () => {
  it('of one label melt together, of two stay apart', () => {
    const a = marked([], { start: 4, end: 8, label: 'wrong' });
    expect(marked(a, { start: 8, end: 10, label: 'wrong' })).toEqual([{ start: 4, end: 10, label: 'wrong' }]);
    expect(marked(a, { start: 0, end: 5, label: 'rude' })).toEqual([
      { start: 0, end: 5, label: 'rude' },
      { start: 4, end: 8, label: 'wrong' },
    ]);
  });
  it('cover the characters that were marked and no others, and the segments say so', () => {
    const span = fc
      .record({ start: fc.nat(19), length: fc.integer({ min: 1, max: 8 }), label: fc.constantFrom('x', 'y') })
      .map(({ start, length, label }): Span => ({ start, end: Math.min(20, start + length), label }));
    fc.assert(
      fc.property(fc.array(span, { maxLength: 8 }), (added) => {
        const text = 'abcdefghijklmnopqrst';
        const spans = added.reduce(marked, [] as Span[]);
        const holds = (of: readonly Span[], at: number) =>
          [...new Set(of.filter((s) => s.start <= at && at < s.end).map((s) => s.label))].sort();
        const segments = segmentsOf(text, spans, [3, 7]);
        expect(segments.map((s) => text.slice(s.start, s.end)).join('')).toBe(text);
        for (let at = 0; at < 20; at++) {
          expect(holds(spans, at)).toEqual(holds(added, at));
          const segment = segments.find((s) => s.start <= at && at < s.end)!;
          expect([...segment.labels].sort()).toEqual(holds(added, at));
        }
        expect(segments.flatMap((s) => s.ends).sort()).toEqual(spans.map((s) => s.label).sort());
      }),
    );
  });
});
