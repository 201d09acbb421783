/**
 * Finds patterns that go over a text for ever, such as `(a+)+$`, by trying: short texts of few characters, again and again,
 * and then one that ends the match. A pattern that takes a time in proportion to a text, or to its square or cube, is through
 * with all of them at once; one whose time doubles with every character is not through with the first that it fits.
 */

const REPEATS = 40;
const MOST_CHARACTERS = 40;
/** One of each class that patterns name, beside the characters in the pattern itself. */
const SAMPLES = ['a', 'A', '1', ' ', '\n', '.', '_', '\u00e9', '\u4e2d', '\u0301'];
const ENDS = ['', '\u0000', '!'];

/** Texts to try a pattern on. */
export function probesOf(source: string): string[] {
  const characters = [...new Set([...SAMPLES, ...source.replaceAll(/[\\^$.*+?()[\]{}|]/g, '')])].slice(
    0,
    MOST_CHARACTERS,
  );
  const repeated = characters.flatMap((one) => [
    one.repeat(REPEATS),
    ...characters.filter((other) => other !== one).map((other) => (one + other).repeat(REPEATS / 2)),
  ]);
  const runs = (source.match(/[^\\^$.*+?()[\]{}|]+/g) ?? []).slice(0, MOST_CHARACTERS);
  const words = runs.filter(({ length }) => length > 1 && length < REPEATS).map((run) => run.repeat(REPEATS / 2));
  return [...repeated, ...words].flatMap((text) => ENDS.map((end) => text + end));
}
