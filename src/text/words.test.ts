import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stepsOf, words, wordsAndMarks } from './index.ts';

describe('words', () => {
  it('are letters, digits and apostrophes, in small letters', () => {
    expect(words("It's 2 o'clock — run, RUN!")).toEqual(["it's", '2', "o'clock", 'run', 'run']);
    expect(words('…—!')).toEqual([]);
  });
  it('keep accents and vowel signs, however they were typed', () => {
    expect(words('cafe\u0301 noir')).toEqual(['caf\u00e9', 'noir']);
    expect(words('हिन्दी शब्द')).toEqual(['हिन्दी', 'शब्द']);
    expect(words('ДА или нет')).toEqual(['да', 'или', 'нет']);
  });
  it('with marks leave out nothing but white space', () => {
    expect(wordsAndMarks('No, never! 👍')).toEqual(['no', ',', 'never', '!', '👍']);
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(wordsAndMarks(text).join('')).toBe(text.toLowerCase().normalize('NFC').replaceAll(/\s/gu, ''));
        expect(wordsAndMarks(text).filter((word) => words(word).length > 0)).toEqual(words(text));
      }),
    );
  });
});

it('steps are the lines that are not empty', () => {
  expect(stepsOf('one\n\n  \ntwo\r\nthree\n')).toEqual(['one', 'two\r', 'three']);
  expect(stepsOf('')).toEqual([]);
});
