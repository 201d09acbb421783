import { type Json, patternOf, readPart, settingsOf } from './tokenizer-parts.ts';

/** Normalizers of `tokenizer.json`: what is done to a text before it is cut, as the `tokenizers` library does it. */

export type Normalizer = (text: string) => string;

/** Whether a character is white space as Unicode has it; all of them are one unit. */
export const isWhiteSpace = (character: string): boolean => /^\p{White_Space}$/u.test(character);

function stripped(text: string, left: boolean, right: boolean): string {
  let [start, end] = [0, text.length];
  while (left && start < end && isWhiteSpace(text[start]!)) start += 1;
  while (right && end > start && isWhiteSpace(text[end - 1]!)) end -= 1;
  return text.slice(start, end);
}

const lowercase: Normalizer = (text) => Array.from(text, (character) => character.toLowerCase()).join('');

/** Every kind that is understood; another is refused by its name. */
const KINDS: Readonly<Record<string, (json: Json) => Normalizer>> = {
  Sequence(json) {
    const { normalizers } = settingsOf(json, { normalizers: [] });
    const steps = (normalizers as Json[]).map(normalizerOf);
    return (text) => steps.reduce((out, step) => step(out), text);
  },
  NFC: () => (text) => text.normalize('NFC'),
  NFD: () => (text) => text.normalize('NFD'),
  NFKC: () => (text) => text.normalize('NFKC'),
  NFKD: () => (text) => text.normalize('NFKD'),
  Lowercase: () => lowercase,
  Strip(json) {
    const { strip_left: left, strip_right: right } = settingsOf(json, { strip_left: true, strip_right: true });
    return (text) => stripped(text, left === true, right === true);
  },
  Prepend(json) {
    const { prepend } = settingsOf(json, { prepend: '' });
    return (text) => (text === '' ? text : `${String(prepend)}${text}`);
  },
  Replace(json) {
    const { pattern, content } = settingsOf(json, { pattern: null, content: '' });
    const expression = patternOf(pattern, 'normalizer Replace');
    return (text) => text.replace(expression, () => String(content));
  },
};

/** The normalizer that a `tokenizer.json` describes; `null` leaves texts as they are. */
export function normalizerOf(json: Json | null | undefined): Normalizer {
  if (json === null || json === undefined) return (text) => text;
  return readPart('normalizer', json, KINDS);
}

/** The same normalizer in the middle of a text: what marks a beginning is left out. */
export function normalizerWithin(json: Json | null | undefined): Normalizer {
  if (json?.type === 'Prepend') return (text) => text;
  if (json?.type !== 'Sequence') return normalizerOf(json);
  const { normalizers } = settingsOf(json, { normalizers: [] });
  const steps = (normalizers as Json[]).map(normalizerWithin);
  return (text) => steps.reduce((out, step) => step(out), text);
}
