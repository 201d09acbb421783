/** Regular expressions as Python's `re` writes them, for names of modules. */

/** What differs between the two languages in the forms that name modules. */
const REWRITTEN: readonly (readonly [RegExp, string])[] = [
  [/\(\?P</g, '(?<'],
  [/\(\?P=(\w+)\)/g, '\\k<$1>'],
  [/\\A/g, '^'],
  [/\\Z/g, '$'],
  // Python lets any mark be escaped.
  [/\\([ !"#%&',:;<=>@_`~-])/g, '$1'],
];

/** More than any list of modules needs. */
const MOST_CHARACTERS = 2_000;
/** A repeat of a repeat, which may take for ever on a name that does not match. */
const NESTED = /\([^()]*[+*][^()]*\)[+*{]/;

/** A pattern that matches whole names; `undefined` where it is not one that both languages read alike. */
export function pythonFullMatch(source: string): RegExp | undefined {
  if (source.length > MOST_CHARACTERS || NESTED.test(source)) return undefined;
  const flags = /^\(\?i\)/.test(source) ? 'iu' : 'u';
  const bare = source.replace(/^\(\?[is]+\)/, '');
  const rewritten = REWRITTEN.reduce((text, [from, to]) => text.replace(from, to), bare);
  try {
    return new RegExp(`^(?:${rewritten})$`, flags);
  } catch {
    return undefined;
  }
}
