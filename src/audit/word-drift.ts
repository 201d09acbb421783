import { mean } from '../stats/index.ts';

/** Texts by round. */
export type RepliesByRound = ReadonlyMap<number, readonly string[]>;

const wordsOf = (text: string) =>
  text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');

function frequencies(texts: readonly string[]): Map<string, number> {
  const words = texts.flatMap(wordsOf);
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1 / words.length);
  return counts;
}

/** Half the sum of differences of frequencies: how much of one text would have to change to become the other. */
function totalVariation(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): number {
  const words = new Set([...a.keys(), ...b.keys()]);
  return [...words].reduce((sum, word) => sum + Math.abs((a.get(word) ?? 0) - (b.get(word) ?? 0)), 0) / 2;
}

/**
 * How what is asked about drifts from the first round on: words a reply, and the total variation of word frequencies from those of the
 * first round (0 the same, 1 nothing in common). Words themselves are not told: they are people's text. Empty for one round.
 */
export function wordDrift(rounds: RepliesByRound): {
  readonly drift?: readonly { readonly round: number; readonly words: number; readonly variation: number }[];
} {
  const sorted = [...rounds].sort(([a], [b]) => a - b);
  if (sorted.length < 2) return {};
  const start = frequencies(sorted[0]![1]);
  return {
    drift: sorted.map(([round, texts]) => ({
      round,
      words: mean(texts.map((text) => wordsOf(text).length)),
      variation: totalVariation(start, frequencies(texts)),
    })),
  };
}
