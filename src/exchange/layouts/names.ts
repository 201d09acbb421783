/**
 * How the names of fields, questions and tags are told to mean one another: by whole words, the longest name first. Where
 * two names fit equally well the answer is that it cannot be told; nothing that only looks alike is taken instead.
 */

/** Words of a name in lower case: `textA`, `text-a` and `Text_A` are `text`, `a`; `response1` is `response`, `1`. */
export const wordsOf = (name: string): string[] =>
  name
    .normalize('NFKC')
    .replaceAll(/(\p{Ll})(\p{Lu})/gu, '$1 $2')
    .replaceAll(/(\p{L})(\p{N})/gu, '$1 $2')
    .replaceAll(/(\p{N})(\p{L})/gu, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}\p{M}]+/u)
    .filter((word) => word !== '');

/** A name as one word, for comparing names that are written in different ways. */
export const plainName = (name: string): string => wordsOf(name).join('');

/** Words that stand for a place in a list, by place; letters and numbers are the others. */
const PLACES: readonly (readonly string[])[] = [['first', 'left'], ['second', 'right'], ['third'], ['fourth']];

const isLetter = (word: string) => /^[a-z]$/.test(word);

/** The place that a word stands for, from 0: `a`, `1`, `first`, `left` are 0; undefined for a word that is no place. */
function placeOfWord(word: string): number | undefined {
  if (isLetter(word)) return word.charCodeAt(0) - 'a'.charCodeAt(0);
  if (/^\d{1,4}$/.test(word)) return Number(word) - 1;
  const place = PLACES.findIndex((words) => words.includes(word));
  return place < 0 ? undefined : place;
}

/** A name that ends or begins with a place (a letter, number or word of one): what is left of it, and the place. */
interface Placed {
  readonly stem: string;
  readonly place: number;
}

/** Stem and place of a name, `text_a` is place 0 of `text`; undefined where no word, or more than one, is a place. */
export function placedName(name: string): Placed | undefined {
  const words = wordsOf(name);
  // A letter inside a name is an article or an initial more often than a place.
  const at = words.flatMap((word, i) => {
    const inside = i > 0 && i < words.length - 1;
    return placeOfWord(word) === undefined || (inside && isLetter(word)) ? [] : [i];
  });
  const last = at.at(-1);
  if (last === undefined || (at.length > 1 && last !== words.length - 1)) return undefined;
  return { stem: words.filter((_, i) => i !== last).join(' '), place: placeOfWord(words[last]!)! };
}

/** Which of some names a text means; `several` where that cannot be told. */
export type Named = number | 'none' | 'several';

const onlyOne = (found: readonly number[]): Named =>
  found.length === 0 ? 'none' : found.length === 1 ? found[0]! : 'several';

const indicesOf = (names: readonly string[], fits: (name: string) => boolean): number[] =>
  names.flatMap((name, i) => (fits(name) ? [i] : []));

/** The name that a text is, written in any way; the exact spelling goes first. */
export function nameIs(text: string, names: readonly string[]): Named {
  const exact = indicesOf(names, (name) => name === text);
  if (exact.length > 0) return onlyOne(exact);
  const plain = plainName(text);
  return plain === '' ? 'none' : onlyOne(indicesOf(names, (name) => plainName(name) === plain));
}

/** Whether the words of a name stand together in a text; a name of one letter only at either end of it. */
function stands(name: readonly string[], text: readonly string[]): boolean {
  if (name.length === 0) return false;
  const starts = text.flatMap((_, i) => (name.every((word, k) => text[i + k] === word) ? [i] : []));
  if (name.length > 1 || !isLetter(name[0]!)) return starts.length > 0;
  return starts.some((at) => at === 0 || at === text.length - 1);
}

/** The longest name whose words stand in a text. */
function nameIn(text: string, names: readonly string[]): Named {
  const words = wordsOf(text);
  const found = indicesOf(names, (name) => stands(wordsOf(name), words));
  const longest = Math.max(...found.map((i) => wordsOf(names[i]!).length));
  return onlyOne(found.filter((i) => wordsOf(names[i]!).length === longest));
}

/** The name at the place that a text speaks of (`Answer B`, `left_text`, `second`), where names are those of places. */
export function nameAtPlace(text: string, names: readonly string[]): Named {
  const placed = names.map(placedName);
  const first = placed[0];
  const family = first !== undefined && placed.every((other) => other?.stem === first.stem);
  const wanted = placedName(text);
  if (!family || wanted === undefined) return 'none';
  // Names may count from 0: then a number in the text counts so too, and a word does not.
  const zero = placed.some((name) => name!.place === -1);
  const number = /\d/.test(text);
  const place = zero && !number ? wanted.place - 1 : wanted.place;
  return onlyOne(indicesOf(names, (name) => placedName(name)!.place === place));
}

/** The name that a text means: the whole text, else the longest name in it by words, else the place that it speaks of. */
export function named(text: string, names: readonly string[]): Named {
  for (const read of [nameIs, nameIn, nameAtPlace]) {
    const found = read(text, names);
    if (found !== 'none') return found;
  }
  return 'none';
}

/** Order of names that does not depend on where they stand in a record: places by number, the rest by words. */
export function compareNames(a: string, b: string): number {
  const [left, right] = [placedName(a), placedName(b)];
  if (left !== undefined && right !== undefined && left.stem === right.stem && left.place !== right.place)
    return left.place - right.place;
  const [x, y] = [wordsOf(a).join(' '), wordsOf(b).join(' ')];
  if (x !== y) return x < y ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}
