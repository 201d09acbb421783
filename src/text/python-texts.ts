/** Texts as Python's `str` has them: by code points, with its own white space. */

/** Whether Python's `str.strip` takes a code unit for white space, which differs from JavaScript's. */
function isWhite(unit: number): boolean {
  if (unit < 0x80) return (unit >= 9 && unit <= 13) || (unit >= 0x1c && unit <= 0x20);
  return (
    unit === 0x85 ||
    unit === 0xa0 ||
    unit === 0x1680 ||
    (unit >= 0x2000 && unit <= 0x200a) ||
    unit === 0x2028 ||
    unit === 0x2029 ||
    unit === 0x202f ||
    unit === 0x205f ||
    unit === 0x3000
  );
}

/** Cuts characters off the ends: white space, or those of a set. */
export function strip(text: string, sides: 'both' | 'left' | 'right', characters?: string): string {
  const set = characters === undefined ? undefined : new Set(characters);
  const cuts = (one: string) => (set === undefined ? isWhite(one.charCodeAt(0)) : set.has(one));
  let [start, end] = [0, text.length];
  for (let one = ''; sides !== 'right' && start < end; start += one.length) {
    one = String.fromCodePoint(text.codePointAt(start)!);
    if (!cuts(one)) break;
  }
  for (let one = ''; sides !== 'left' && end > start; end -= one.length) {
    one = lastCharacter(text, end);
    if (!cuts(one)) break;
  }
  return text.slice(start, end);
}

/** The code point that ends before `end`, which is more than 0. */
export function lastCharacter(text: string, end: number): string {
  const pair = end > 1 ? text.codePointAt(end - 2)! : 0;
  return pair > 0xffff ? String.fromCodePoint(pair) : text[end - 1]!;
}

/** Characters, not units. */
export function lengthOf(text: string): number {
  let length = text.length;
  for (let i = 0; i + 1 < text.length; i++) if (text.codePointAt(i)! > 0xffff) length -= 1;
  return length;
}

/** Order by code points. */
export function compareTexts(a: string, b: string): number {
  let i = 0;
  while (i < a.length && i < b.length && a[i] === b[i]) i += 1;
  if (i === a.length || i === b.length) return a.length - b.length;
  // Within a pair, its beginning decides nothing.
  const isEnd = (unit: number) => unit >= 0xdc00 && unit <= 0xdfff;
  if (i > 0 && isEnd(a.charCodeAt(i)) && isEnd(b.charCodeAt(i))) i -= 1;
  return a.codePointAt(i)! - b.codePointAt(i)!;
}

/** Methods of texts, where the library's are not Python's. */
export const SIDES: ReadonlyMap<string, 'both' | 'left' | 'right'> = new Map([
  ['strip', 'both'],
  ['lstrip', 'left'],
  ['rstrip', 'right'],
] as const);

type Method = (text: string, args: readonly string[]) => unknown;
export const TEXT_METHODS: ReadonlyMap<string, Method> = new Map<string, Method>([
  ['capitalize', (text) => Array.from(text, (c, i) => (i === 0 ? c.toUpperCase() : c.toLowerCase())).join('')],
  ['removeprefix', (text, [prefix = '']) => (text.startsWith(prefix) ? text.slice(prefix.length) : text)],
  [
    'removesuffix',
    (text, [suffix = '']) => (suffix !== '' && text.endsWith(suffix) ? text.slice(0, -suffix.length) : text),
  ],
  ['find', (text, [part = '']) => (text.includes(part) ? lengthOf(text.slice(0, text.indexOf(part))) : -1)],
  ['count', (text, [part = '']) => (part === '' ? lengthOf(text) + 1 : text.split(part).length - 1)],
]);
