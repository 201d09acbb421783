import confusables from './confusables.json' with { type: 'json' };

/** Characters by what they look like, after Unicode's table (UTS #39); `scripts/confusables.ts` makes the file. */
const PROTOTYPES: ReadonlyMap<string, string> = new Map(
  Object.entries(confusables.like).flatMap(([shown, others]) => [...others].map((one) => [one, shown] as const)),
);
const shown = (text: string): string =>
  [...text.normalize('NFKD')].map((letter) => PROTOTYPES.get(letter) ?? letter).join('');

/** A name as the eye takes it: each letter as the one it looks like; marks, blanks, signs and case left out. */
const skeleton = (name: string): string =>
  shown(shown(name).toLowerCase())
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]/gu, '');

/** What a name looks like as it is written, in small letters and in capitals: names are told apart in none of them. */
const skeletons = (name: string): readonly string[] =>
  [...new Set([name, name.toLowerCase(), name.toUpperCase()].map(skeleton))].filter((one) => one !== '');

/** Whether people could take one name for another. */
export function looksLike(one: string, other: string): boolean {
  const seen = skeletons(other);
  const same = one.normalize('NFKC').toLowerCase() === other.normalize('NFKC').toLowerCase();
  return same || skeletons(one).some((each) => seen.includes(each));
}
