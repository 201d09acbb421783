/** Characters of texts whose values are kept: the replies of many steps, a few megabytes. */
const MOST_CHARACTERS = 1 << 21;

/**
 * A function of a text that gives the same value again without work: the members of an ensemble ask for the same encodings one
 * after the other, and fits ask in every epoch. What it gives is shared, so nobody may change it.
 */
export function remembered<T>(of: (text: string) => T, most = MOST_CHARACTERS): (text: string) => T {
  const known = new Map<string, T>();
  let characters = 0;
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    const value = of(text);
    if (characters + text.length > most) {
      known.clear();
      characters = 0;
    }
    known.set(text, value);
    characters += text.length;
    return value;
  };
}
