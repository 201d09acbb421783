const WORD = "[\\p{L}\\p{M}\\p{N}']+";
const WORDS = new RegExp(WORD, 'gu');
const WORDS_AND_MARKS = new RegExp(`${WORD}|[^\\s\\p{L}\\p{M}\\p{N}]`, 'gu');

/** One text however it was typed: an accent as part of its letter, small letters. */
const plain = (text: string) => text.toLowerCase().normalize('NFC');

/**
 * Words of a text in any script, in order: runs of letters with their accents and vowel signs, digits and apostrophes, in
 * small letters. Scripts that put no space between words give a run for each passage between marks.
 */
export const words = (text: string): string[] => plain(text).match(WORDS) ?? [];

/** Words as `words` gives them, and every other mark that is not white space as one of its own. */
export const wordsAndMarks = (text: string): string[] => plain(text).match(WORDS_AND_MARKS) ?? [];

/** Steps of a reply: its lines that are not empty. */
export const stepsOf = (text: string): string[] => text.split('\n').filter((line) => line.trim() !== '');
