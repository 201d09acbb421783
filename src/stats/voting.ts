import type { Majorities } from './majorities.ts';

/** Orders that respect majorities even when these run in circles. */

/** Strength of a majority: the votes for it, or what they exceed those against it by. */
export type MajorityStrength = 'winning' | 'margin';

export interface SchulzeResult {
  /** Strength of the strongest path from the row to the column; 0 where there is none. */
  readonly paths: readonly (readonly number[])[];
  /** From best to worst; a group holds candidates whom the method does not tell apart. */
  readonly groups: readonly (readonly number[])[];
}

const strengthOf =
  ({ wins }: Majorities, strength: MajorityStrength) =>
  (a: number, b: number): number => {
    const [won, lost] = [wins[a]![b]!, wins[b]![a]!];
    if (won <= lost) return 0;
    return strength === 'winning' ? won : won - lost;
  };

/** Peels off those whom nobody left beats; a beating relation without cycles is asked for. */
function peel(n: number, beats: (a: number, b: number) => boolean): number[][] {
  const groups: number[][] = [];
  let left = Array.from({ length: n }, (_, i) => i);
  while (left.length > 0) {
    const top = left.filter((a) => !left.some((b) => beats(b, a)));
    groups.push(top);
    left = left.filter((a) => !top.includes(a));
  }
  return groups;
}

/**
 * Schulze's method (2011): a beats b when the strongest path of majorities from a to b is stronger than any back, a path
 * being as strong as its weakest link. Candidates³ steps.
 */
export function schulze(
  majorities: Majorities,
  { strength = 'winning' }: { strength?: MajorityStrength } = {},
): SchulzeResult {
  const n = majorities.wins.length;
  const direct = strengthOf(majorities, strength);
  const paths = Array.from({ length: n }, (_, a) => Array.from({ length: n }, (_, b) => (a === b ? 0 : direct(a, b))));
  for (let via = 0; via < n; via++) {
    for (let a = 0; a < n; a++) {
      if (a === via) continue;
      for (let b = 0; b < n; b++) {
        if (b !== a && b !== via) paths[a]![b] = Math.max(paths[a]![b]!, Math.min(paths[a]![via]!, paths[via]![b]!));
      }
    }
  }
  return { paths, groups: peel(n, (a, b) => paths[a]![b]! > paths[b]![a]!) };
}

/**
 * Ranked pairs (Tideman 1987): majorities are locked in from the strongest to the weakest, leaving out each that would
 * close a circle. `ambiguous` says that equally strong majorities met, so that another order of theirs (here by index)
 * might end elsewhere.
 */
export function rankedPairs(
  majorities: Majorities,
  { strength = 'winning' }: { strength?: MajorityStrength } = {},
): { readonly groups: readonly (readonly number[])[]; readonly ambiguous: boolean } {
  const n = majorities.wins.length;
  const direct = strengthOf(majorities, strength);
  const pairs: { a: number; b: number; votes: number; against: number }[] = [];
  for (let a = 0; a < n; a++) {
    for (let b = 0; b < n; b++) {
      const votes = direct(a, b);
      if (votes > 0) pairs.push({ a, b, votes, against: strength === 'winning' ? majorities.wins[b]![a]! : 0 });
    }
  }
  pairs.sort((x, y) => y.votes - x.votes || x.against - y.against || x.a - y.a || x.b - y.b);
  const reach = Array.from({ length: n }, (_, a) => Array.from({ length: n }, (_, b) => a === b));
  let ambiguous = false;
  for (const [at, { a, b, votes, against }] of pairs.entries()) {
    if (reach[b]![a]) {
      // A circle: the order among equals decided it when an equal majority was locked before.
      const earlier = pairs.slice(0, at);
      ambiguous ||= earlier.some((pair) => pair.votes === votes && pair.against === against);
      continue;
    }
    for (let x = 0; x < n; x++) {
      if (reach[x]![a]) for (let y = 0; y < n; y++) if (reach[b]![y]) reach[x]![y] = true;
    }
  }
  return { groups: peel(n, (a, b) => a !== b && reach[a]![b]!), ambiguous };
}
