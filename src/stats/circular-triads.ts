import type { Undefined } from './chance-corrected.ts';
import { chiSquareUpper } from './distributions.ts';
import type { Majorities } from './majorities.ts';
import type { Uniform } from './random.ts';

/** Consistency of paired comparisons after Kendall and Babington Smith (1940). */
export interface Consistency {
  readonly items: number;
  /** Triples whose three pairs are all decided, and those that run in a circle. */
  readonly triads: number;
  readonly circular: number;
  /** Most circles that a complete tournament of this size can hold. */
  readonly most: number;
  /** ζ, 1 for a perfect order and 0 for as many circles as can be; for complete tournaments only. */
  readonly zeta: { readonly value: number } | Undefined;
  /** Circles expected when every pair is decided by a coin: a quarter of the triads. */
  readonly expected: number;
  /** Probability of this few circles from coins; small means more consistent than chance. */
  readonly significance:
    | { readonly p: number; readonly method: 'exact' | 'chi-square' }
    | { readonly p: number; readonly method: 'simulation'; readonly simulations: number }
    | Undefined;
}

/** Every tournament up to this size is counted for the exact distribution. */
const EXACT = 10;

/**
 * Number of tournaments of n players for each number of circles. Players are added one at a time; what matters of the
 * others is how many have each score, since circles follow from scores: T = C(n, 3) − Σ s(s − 1) / 2.
 */
export function circularTriadCounts(n: number): Map<number, number> {
  // Key: one character per score, its code the number of players with that score.
  let ways = new Map<string, number>([['', 1]]);
  for (let size = 0; size < n; size++) {
    const next = new Map<string, number>();
    const grown = new Uint16Array(size + 1);
    for (const [key, count] of ways) {
      // The new player loses to some of the players of each score, who rise by one, and beats the rest.
      const add = (score: number, losses: number, multiple: number): void => {
        if (score === size) {
          const own = size - losses;
          grown[own]! += 1;
          const reached = String.fromCharCode(...grown);
          next.set(reached, (next.get(reached) ?? 0) + multiple);
          grown[own]! -= 1;
          return;
        }
        const here = key.charCodeAt(score);
        let choose = 1;
        for (let up = 0; up <= here; up++) {
          grown[score]! += here - up;
          grown[score + 1]! += up;
          add(score + 1, losses + up, multiple * choose);
          grown[score]! -= here - up;
          grown[score + 1]! -= up;
          choose = (choose * (here - up)) / (up + 1);
        }
      };
      add(0, 0, count);
    }
    ways = next;
  }
  const counts = new Map<number, number>();
  for (const [key, count] of ways) {
    let circles = (n * (n - 1) * (n - 2)) / 6;
    for (let score = 0; score < key.length; score++) circles -= (key.charCodeAt(score) * score * (score - 1)) / 2;
    counts.set(circles, (counts.get(circles) ?? 0) + count);
  }
  return counts;
}

/** 1 where the row beats the column, −1 where it loses, 0 where nothing is decided. */
function signs({ wins }: Majorities): Int8Array[] {
  return wins.map((row, a) => Int8Array.from(row, (won, b) => (a === b ? 0 : Math.sign(won - wins[b]![a]!))));
}

function count(sign: readonly Int8Array[]): { triads: number; circular: number } {
  let [triads, circular] = [0, 0];
  const n = sign.length;
  for (let a = 0; a < n; a++) {
    for (let b = a + 1; b < n; b++) {
      const ab = sign[a]![b]!;
      if (ab === 0) continue;
      for (let c = b + 1; c < n; c++) {
        const [bc, ca] = [sign[b]![c]!, sign[c]![a]!];
        if (bc === 0 || ca === 0) continue;
        triads += 1;
        if (ab === bc && bc === ca) circular += 1;
      }
    }
  }
  return { triads, circular };
}

/** Counts once made are kept: they depend on the number of items alone. */
const known = new Map<number, Map<number, number>>();

function exact(n: number, circular: number): number {
  const counts = known.get(n) ?? circularTriadCounts(n);
  known.set(n, counts);
  let [below, all] = [0, 0];
  for (const [circles, ways] of counts) {
    all += ways;
    if (circles <= circular) below += ways;
  }
  return below / all;
}

/** Kendall and Babington Smith's χ² approximation, corrected for continuity towards P(T ≤ circular). */
function chiSquare(n: number, circular: number): number {
  const df = (n * (n - 1) * (n - 2)) / (n - 4) ** 2;
  const quarter = (n * (n - 1) * (n - 2)) / 24;
  return chiSquareUpper((8 / (n - 4)) * (quarter - circular - 0.5) + df, df);
}

function simulate(sign: readonly Int8Array[], circular: number, { uniform, simulations }: Coins): number {
  let few = 0;
  const coins = sign.map((row) => Int8Array.from(row));
  for (let s = 0; s < simulations; s++) {
    for (let a = 0; a < coins.length; a++) {
      for (let b = a + 1; b < coins.length; b++) {
        if (sign[a]![b] === 0) continue;
        const side = uniform() < 0.5 ? 1 : -1;
        coins[a]![b] = side;
        coins[b]![a] = -side;
      }
    }
    if (count(coins).circular <= circular) few += 1;
  }
  return (few + 1) / (simulations + 1);
}

interface Coins {
  readonly uniform: Uniform;
  readonly simulations: number;
}

/**
 * Circular triads of majorities (or of one person's choices). Ties and missing pairs are undecided: triples with such a
 * pair are left out. Significance of complete tournaments is exact up to ten items and by χ² beyond; incomplete ones need
 * a source of randomness for the coins. Items³ steps.
 */
export function circularTriads(
  majorities: Majorities,
  coins?: { readonly uniform: Uniform; readonly simulations?: number },
): Consistency {
  const sign = signs(majorities);
  const n = sign.length;
  const { triads, circular } = count(sign);
  const complete = sign.every((row, a) => row.every((s, b) => a === b || s !== 0));
  const most = n % 2 === 1 ? (n ** 3 - n) / 24 : (n ** 3 - 4 * n) / 24;
  const significance = (): Consistency['significance'] => {
    if (triads === 0) return { undefined: 'no triple has all its pairs decided' };
    if (complete && n <= EXACT) return { p: exact(n, circular), method: 'exact' };
    if (complete) return { p: chiSquare(n, circular), method: 'chi-square' };
    if (coins === undefined) return { undefined: 'some pairs are undecided; give a source of randomness to simulate' };
    const { uniform, simulations = 1000 } = coins;
    return { p: simulate(sign, circular, { uniform, simulations }), method: 'simulation', simulations };
  };
  return {
    items: n,
    triads,
    circular,
    most,
    zeta:
      !complete || n < 3
        ? { undefined: 'ζ is for three items or more with every pair decided' }
        : { value: 1 - circular / most },
    expected: triads / 4,
    significance: significance(),
  };
}
