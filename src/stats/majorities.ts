import type { Undefined } from './chance-corrected.ts';

/**
 * Ballots and pairwise wins, and what majorities among them say: Condorcet winner, Borda. Candidates are
 * indices from 0.
 */

/** One voter's order, or that of `count` voters: groups from best to worst, candidates in one group tied. */
export interface Ballot {
  readonly groups: readonly (readonly number[])[];
  readonly count?: number;
}

/** How many voters put the row above the column (`wins`), and how many put both in one place (`ties`, symmetric). */
export interface Majorities {
  readonly wins: readonly (readonly number[])[];
  readonly ties: readonly (readonly number[])[];
}

const square = (n: number): number[][] => Array.from({ length: n }, () => new Array<number>(n).fill(0));

/**
 * Pairwise counts of ballots over n candidates. What a ballot leaves out is either unknown (the voter did not see it: it is
 * compared with nothing) or last (the voter passed over it: it is tied with all others left out, below all named).
 */
export function majoritiesOfBallots(
  ballots: readonly Ballot[],
  n: number,
  { unlisted = 'unknown' }: { readonly unlisted?: 'unknown' | 'last' } = {},
): Majorities {
  const [wins, ties] = [square(n), square(n)];
  for (const { groups, count = 1 } of ballots) {
    const named = new Set<number>();
    for (const candidate of groups.flat()) {
      if (!(candidate >= 0 && candidate < n) || named.has(candidate)) {
        throw new RangeError(
          `ballot: expected each candidate below ${n} at most once, got ${candidate} again or out of range`,
        );
      }
      named.add(candidate);
    }
    const rest = unlisted === 'last' ? Array.from({ length: n }, (_, c) => c).filter((c) => !named.has(c)) : [];
    const all = rest.length > 0 ? [...groups, rest] : groups;
    for (const [at, group] of all.entries()) {
      for (const a of group) {
        for (const b of group) if (a !== b) ties[a]![b]! += count;
        for (const lower of all.slice(at + 1)) for (const b of lower) wins[a]![b]! += count;
      }
    }
  }
  return { wins, ties };
}

/** The candidate that beats every other by a majority of those who told the two apart (Condorcet 1785). */
export function condorcetWinner({ wins }: Majorities): { readonly winner: number } | Undefined {
  for (const [a, row] of wins.entries()) {
    if (row.every((won, b) => a === b || won > wins[b]![a]!)) return { winner: a };
  }
  return { undefined: 'no candidate beats every other' };
}

/**
 * Borda's count (1784) by pairs, so that ties and partial ballots have their place: one point per candidate put below, half
 * a point per tie. `share` is points per comparison, for candidates that were not compared equally often; null without any.
 */
export function borda({ wins, ties }: Majorities): { readonly points: number[]; readonly share: (number | null)[] } {
  const points = wins.map((row, a) => row.reduce((total, won, b) => total + won + ties[a]![b]! / 2, 0));
  const share = points.map((p, a) => {
    const compared = wins.reduce((total, row, b) => total + row[a]! + wins[a]![b]! + ties[a]![b]!, 0);
    return compared === 0 ? null : p / compared;
  });
  return { points, share };
}
