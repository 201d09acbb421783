import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type OffsetUnit, placeSpan, spanIn } from './offsets.ts';

const UNITS: OffsetUnit[] = ['code-points', 'utf-16'];
const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });

describe('offsets of spans', () => {
  it('are written in a unit and read back, whatever characters the text has', () => {
    fc.assert(
      fc.property(text, fc.constantFrom(...UNITS), fc.nat(), fc.nat(), (whole, unit, a, b) => {
        const points = [...whole];
        const [from, to] = [a % points.length, b % points.length].sort((x, y) => x - y) as [number, number];
        const start = points.slice(0, from).join('').length;
        const end = points.slice(0, to + 1).join('').length;
        const { widened, quoted, ...given } = spanIn(whole, { start, end }, unit);
        expect(widened).toBe(false);
        expect(placeSpan(whole, { ...given, quoted }, unit)).toMatchObject({ start, end, found: 'as-given' });
        expect(placeSpan(whole, given, unit)).toMatchObject({ start, end });
      }),
    );
  });
  it('that cut a character take in the whole of it', () => {
    expect(spanIn('a🚢b', { start: 2, end: 4 }, 'code-points')).toEqual({
      start: 1,
      end: 3,
      quoted: '🚢b',
      widened: true,
    });
  });
  it.each<[string, { start: number; end: number; quoted?: string }, OffsetUnit, object | string]>([
    ['by code points', { start: 2, end: 6 }, 'code-points', { start: 3, end: 7, found: 'as-given' }],
    [
      'by the other unit',
      { start: 3, end: 7, quoted: 'late' },
      'code-points',
      { start: 3, end: 7, found: 'other-unit' },
    ],
    [
      'with an end that is its last character',
      { start: 2, end: 5, quoted: 'late' },
      'code-points',
      { start: 3, end: 7 },
    ],
    [
      'moved to the only place',
      { start: 9, end: 14, quoted: 'boat' },
      'code-points',
      { start: 9, end: 13, found: 'moved' },
    ],
    ['with a line break as an escape', { start: 0, end: 99, quoted: 'boat\\n!' }, 'utf-16', { start: 9, end: 15 }],
    ['outside of the text', { start: 4, end: 99 }, 'utf-16', 'a span outside of its text'],
    ['empty', { start: 4, end: 4 }, 'utf-16', 'a span outside of its text'],
    ['broken', { start: Number.NaN, end: 4 }, 'code-points', 'a span outside of its text'],
    [
      'of a text that is not there',
      { start: 0, end: 4, quoted: 'soon' },
      'utf-16',
      'a span whose text does not stand in the reply',
    ],
    [
      'of a text that is there twice',
      { start: 9, end: 99, quoted: 'a' },
      'utf-16',
      'a span whose text stands in several places, none of them where it says',
    ],
  ])('%s', (_, span, unit, placed) => {
    const found = placeSpan('🚢 late, boat\n!', span, unit);
    if (typeof placed === 'string') expect(found).toBe(placed);
    else expect(found).toMatchObject(placed);
  });
});
