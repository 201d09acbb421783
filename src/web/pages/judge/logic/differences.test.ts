import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { differences, edits, onlyWords } from './differences.ts';

const text = fc
  .array(fc.constantFrom('the', 'ferry', 'leaves', 'at', 'nine', ' ', '\n', '.', 'née', '👍'), { maxLength: 25 })
  .map((p) => p.join(' '));
const whole = (pieces: readonly { text: string }[]) => pieces.map((p) => p.text).join('');

describe('differences of two replies', () => {
  it('mark the words that only one has', () => {
    const { a, b } = differences('The ferry leaves at nine.', 'The ferry leaves at half past ten.');
    expect(a.filter((p) => p.only).map((p) => p.text)).toEqual(['nine']);
    expect(b.filter((p) => p.only).map((p) => p.text)).toEqual(['half past ten']);
    expect([onlyWords(a), onlyWords(b)]).toEqual([1, 3]);
    expect(differences('same', 'same').a).toEqual([{ text: 'same', only: false }]);
  });
  it('give both texts again, and what is not marked is in both', () => {
    fc.assert(
      fc.property(text, text, (x, y) => {
        const { a, b } = differences(x, y);
        expect(whole(a)).toBe(x);
        expect(whole(b)).toBe(y);
        const common = (of: typeof a) => whole(of.filter((p) => !p.only)).replaceAll(/\s+/g, '');
        expect(common(a)).toBe(common(b));
        expect(a.some((p, i) => p.only === a[i + 1]?.only)).toBe(false);
      }),
    );
  });
  it('of a correction read from the old to the new', () => {
    fc.assert(
      fc.property(text, text, (x, y) => {
        const all = edits(x, y);
        expect(whole(all.filter((e) => e.as !== 'in'))).toBe(x);
        expect(whole(all.filter((e) => e.as !== 'out'))).toBe(y);
      }),
    );
  });
  it('gives up on texts with nothing in common instead of taking for ever', () => {
    const long = (word: string) => Array.from({ length: 5000 }, (_, i) => `${word}${i}`).join(' ');
    const { a, b } = differences(long('a'), long('b'));
    expect([a.length, b.length]).toEqual([1, 1]);
  });
});
