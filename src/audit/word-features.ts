import { words } from '../text/index.ts';

/** Longest run of words that is a feature. */
const ORDER = 4;
/** Runs that fewer pairs differ in are left out: nothing of them carries over. */
const LEAST_PAIRS = 3;
/** Most differences of all pairs together: above it shorter runs must do, so that long texts cost no more. */
const MOST_DIFFERENCES = 300_000;

/** Two replies. */
export interface TextPair {
  readonly first: string;
  readonly second: string;
}

/** Runs of up to `order` words that stand in a text. */
function runsOf(text: string, order: number): Set<string> {
  const tokens = words(text);
  const found = new Set<string>();
  for (let end = 1; end <= tokens.length; end++)
    for (let n = 1; n <= order && n <= end; n++) found.add(tokens.slice(end - n, end).join(' '));
  return found;
}

/** What each pair differs in: names of runs with +1 where only the first reply has them, −1 where only the second does. */
function differencesOf(pairs: readonly TextPair[], order: number): Map<string, number>[] {
  const cache = new Map<string, Set<string>>();
  const runs = (text: string) => {
    const own = cache.get(text) ?? runsOf(text, order);
    cache.set(text, own);
    return own;
  };
  return pairs.map(({ first, second }) => {
    const [a, b] = [runs(first), runs(second)];
    const difference = new Map<string, number>();
    for (const run of a) if (!b.has(run)) difference.set(run, 1);
    for (const run of b) if (!a.has(run)) difference.set(run, -1);
    return difference;
  });
}

/**
 * What sets the replies of pairs apart in words: the presence of runs of up to four words (fewer where texts are long), and the
 * logarithm of the length, as columns that all pairs share.
 */
export function wordDifferences(pairs: readonly TextPair[]): {
  readonly columns: number;
  readonly rows: readonly { readonly at: Int32Array; readonly by: Float64Array }[];
} {
  let order = ORDER;
  let named = differencesOf(pairs, order);
  while (order > 1 && named.reduce((sum, { size }) => sum + size, 0) > MOST_DIFFERENCES)
    named = differencesOf(pairs, --order);
  const pairsWith = new Map<string, number>();
  for (const difference of named)
    for (const run of difference.keys()) pairsWith.set(run, (pairsWith.get(run) ?? 0) + 1);
  const columnOf = new Map<string, number>();
  for (const [run, n] of pairsWith) if (n >= LEAST_PAIRS) columnOf.set(run, columnOf.size + 1);
  const length = (text: string) => Math.log1p(words(text).length);
  const rows = named.map((difference, i) => {
    const kept = [...difference].filter(([run]) => columnOf.has(run));
    const { first, second } = pairs[i]!;
    return {
      at: Int32Array.from([0, ...kept.map(([run]) => columnOf.get(run)!)]),
      by: Float64Array.from([length(first) - length(second), ...kept.map(([, side]) => side)]),
    };
  });
  return { columns: columnOf.size + 1, rows };
}
