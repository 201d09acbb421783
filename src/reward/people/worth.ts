import { normalQuantile } from '../../stats/index.ts';

/** A worth that some share of people give a reply. */
export interface Atom {
  readonly value: number;
  readonly share: number;
}

/** What one reply is worth to whoever is asked, in units of its score: how far people differ, and where that is known, what they give. */
export interface Worth {
  readonly mean: number;
  /** Standard deviation over people. */
  readonly deviation: number;
  readonly atoms?: readonly Atom[];
}

/** Mean and deviation of some atoms; shares sum to 1. */
export function worthOfAtoms(atoms: readonly Atom[]): Worth {
  const mean = atoms.reduce((sum, { value, share }) => sum + share * value, 0);
  const square = atoms.reduce((sum, { value, share }) => sum + share * (value - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(square), atoms };
}

/**
 * The worth that a share `q` of people stay below: of atoms by their mid-distribution function, straight between them; of a normal
 * distribution where there are none.
 */
export function worthQuantile({ mean, deviation, atoms }: Worth, q: number): number {
  if (atoms === undefined) return mean + normalQuantile(q) * deviation;
  const sorted = atoms.filter(({ share }) => share > 0).sort((a, b) => a.value - b.value);
  let below = 0;
  let before: { at: number; value: number } | undefined;
  for (const { value, share } of sorted) {
    const at = below + share / 2;
    if (q <= at) {
      if (before === undefined) return value;
      return before.value + ((value - before.value) * (q - before.at)) / (at - before.at);
    }
    below += share;
    before = { at, value };
  }
  return before?.value ?? mean;
}

/**
 * Share of the variance of worth that is between replies and not between people about one reply, Var(μ) / (Var(μ) + mean σ²)
 * (Siththaranjan, Laidlaw and Hadfield-Menell 2023). Near 1 one reward says it all; the lower, the more hangs on who is asked.
 */
export function explainedVariance(worths: readonly Pick<Worth, 'mean' | 'deviation'>[]): number {
  const level = worths.reduce((sum, { mean }) => sum + mean, 0) / worths.length;
  const between = worths.reduce((sum, { mean }) => sum + (mean - level) ** 2, 0);
  const within = worths.reduce((sum, { deviation }) => sum + deviation ** 2, 0);
  return between / (between + within);
}

/**
 * A difference of two means in log-odds as somebody drawn at random would answer it: their worths lie around the means, independently
 * and normally, which the logistic function of an argument divided by √(1 + π·v/8) allows for (MacKay 1992, Eq. 10).
 */
export const expectedLogOdds = (difference: number, variance: number): number =>
  difference / Math.sqrt(1 + (Math.PI * variance) / 8);
