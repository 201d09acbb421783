/** Letters of other scripts, and marks, that look like ones of the Latin alphabet (after Unicode's confusables, TR39). */
const LOOKALIKES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    a: 'аɑα',
    b: 'ьЬƅ',
    c: 'сϲ',
    d: 'ԁɗ',
    e: 'еєҽ',
    f: 'ſẝ',
    g: 'ɡց',
    h: 'һհн',
    i: 'іıι1l|ɩӏǀ!ⅰ',
    j: 'јϳ',
    k: 'кκ',
    m: 'м',
    n: 'ոпη',
    o: 'оοσ0օ',
    p: 'рρ',
    q: 'ԛգ',
    r: 'гґɾ',
    s: 'ѕꜱ5',
    t: 'тτ',
    u: 'υսц',
    v: 'ѵν',
    w: 'ԝѡω',
    x: 'хχ',
    y: 'уүγ',
    z: 'ᴢ',
  }).flatMap(([latin, others]) => [...others].map((one) => [one, latin] as const)),
);

/** A name as the eye takes it: case, marks, blanks and the script of a letter left out. */
const skeleton = (name: string): string =>
  [
    ...name
      .normalize('NFKD')
      .toLowerCase()
      .replaceAll(/[\p{M}\p{C}\p{Z}\p{P}\s]/gu, ''),
  ]
    .map((letter) => LOOKALIKES.get(letter) ?? letter)
    .join('')
    .replaceAll('rn', 'm');

/** Whether people could take one name for another. */
export const looksLike = (one: string, other: string): boolean => skeleton(one) === skeleton(other);
