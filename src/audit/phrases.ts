import { wordsAndMarks } from '../text/index.ts';

/** Phrases of one to three tokens that stand in enough of some texts, and not in nearly all. */
export interface Phrases {
  readonly count: number;
  /** Different phrases of each text, by number; shorter phrases have lower numbers. */
  readonly ofText: readonly Int32Array[];
  name(phrase: number): string;
}

/** Where a phrase was first seen. */
interface Place {
  readonly text: number;
  readonly position: number;
}

interface Level {
  /** By text and place, the phrase that begins there; −1 where it is rare. */
  readonly ids: readonly Int32Array[];
  readonly texts: readonly number[];
  readonly first: readonly Place[];
}

/** Numbers what `keyOf` tells apart in each text, and drops what stands in fewer than `least` texts. */
function level<K>(
  texts: number,
  {
    least,
    lengthOf,
    keyOf,
  }: { least: number; lengthOf: (text: number) => number; keyOf: (text: number, position: number) => K | null },
): Level {
  const numbers = new Map<K, number>();
  const [counts, last, first]: [number[], number[], Place[]] = [[], [], []];
  const raw = Array.from({ length: texts }, (_, text) => {
    const row = new Int32Array(Math.max(0, lengthOf(text))).fill(-1);
    for (let position = 0; position < row.length; position++) {
      const key = keyOf(text, position);
      if (key === null) continue;
      let id = numbers.get(key);
      if (id === undefined) {
        id = numbers.size;
        numbers.set(key, id);
        counts.push(0);
        last.push(-1);
        first.push({ text, position });
      }
      row[position] = id;
      if (last[id] === text) continue;
      last[id] = text;
      counts[id]! += 1;
    }
    return row;
  });
  const kept = counts.flatMap((n, id) => (n >= least ? [id] : []));
  const renumbered = new Int32Array(counts.length).fill(-1);
  for (const [k, id] of kept.entries()) renumbered[id] = k;
  return {
    ids: raw.map((row) => row.map((id) => (id < 0 ? -1 : renumbered[id]!))),
    texts: kept.map((id) => counts[id]!),
    first: kept.map((id) => first[id]!),
  };
}

/**
 * Every phrase of one, two and three tokens in at least `least` texts and at most `mostShare` of them. A phrase is only looked
 * for where the two that it is made of are frequent enough (Agrawal and Srikant 1994), so rare words cost nothing.
 */
export function phrasesOf(
  texts: readonly string[],
  { least, mostShare }: { least: number; mostShare: number },
): Phrases {
  const tokens = texts.map(wordsAndMarks);
  const levels = [
    level(texts.length, {
      least,
      lengthOf: (text) => tokens[text]!.length,
      keyOf: (text, position) => tokens[text]![position]!,
    }),
  ];
  while (levels.length < 3) {
    const { ids: before, texts: known } = levels.at(-1)!;
    const size = known.length;
    levels.push(
      level<number>(texts.length, {
        least,
        lengthOf: (text) => before[text]!.length - 1,
        keyOf(text, position) {
          const [a, b] = [before[text]![position]!, before[text]![position + 1]!];
          return a < 0 || b < 0 ? null : a * size + b;
        },
      }),
    );
  }
  const most = mostShare * texts.length;
  const numbered: { level: number; id: number }[] = [];
  const numbers = levels.map(({ texts: counts }, n) =>
    Int32Array.from(counts, (count, id) => (count <= most ? numbered.push({ level: n, id }) - 1 : -1)),
  );
  return {
    count: numbered.length,
    ofText: texts.map((_, text) => {
      const found = new Set<number>();
      for (const [n, { ids }] of levels.entries())
        for (const id of ids[text]!) if (id >= 0 && numbers[n]![id]! >= 0) found.add(numbers[n]![id]!);
      return Int32Array.from(found);
    }),
    name(phrase) {
      const { level: n, id } = numbered[phrase]!;
      const { text, position } = levels[n]!.first[id]!;
      return tokens[text]!.slice(position, position + n + 1).join(' ');
    },
  };
}
