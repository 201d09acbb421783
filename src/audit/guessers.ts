import { largest, logSumExp, quantile, type Rng, sigmoid, softplus } from '../stats/index.ts';
import type { Closeness } from './rater-closeness.ts';

/**
 * Raters as a mixture: a share π guesses and has closeness zero; the others scatter around μ > 0 with deviation τ, a part of μ
 * at most, so that one who is merely weaker is no guesser. Each closeness is seen with its own normal error. Priors are flat over
 * a grid of π, of μ up to somewhat above the closest rater, and of τ/μ.
 */
const SHARES = Array.from({ length: 20 }, (_, i) => (i + 0.5) / 20);
const CENTRES = Array.from({ length: 24 }, (_, i) => (i + 2) / 20);
const SCATTERS = [0.05, 0.15, 0.25, 0.35];

export interface GuesserPosterior {
  /** Probability of each rater to guess. */
  readonly probabilities: readonly number[];
  /** Median of the share of judgments by guessers, among these raters. */
  readonly share: number;
  readonly interval: { readonly low: number; readonly high: number };
}

const logNormal = (x: number, mean: number, variance: number): number =>
  -0.5 * ((x - mean) ** 2 / variance + Math.log(2 * Math.PI * variance));

interface Cell {
  readonly logWeight: number;
  /** Probability of each rater to guess, given the cell. */
  readonly guesses: readonly number[];
}

function cellsOf(raters: readonly Closeness[]): Cell[] {
  const top = largest(raters.map(({ value, error }) => Math.max(value, error)));
  const guessing = raters.map(({ value, error }) => logNormal(value, 0, error ** 2));
  return CENTRES.flatMap((centre) =>
    SCATTERS.flatMap((scatter) => {
      const middle = centre * top;
      const following = raters.map(({ value, error }) =>
        logNormal(value, middle, (scatter * middle) ** 2 + error ** 2),
      );
      return SHARES.map((share): Cell => {
        let logWeight = 0;
        const guesses = raters.map((_, r) => {
          const other = Math.log1p(-share) + following[r]!;
          const ahead = Math.log(share) + guessing[r]! - other;
          logWeight += other + softplus(ahead);
          return sigmoid(ahead);
        });
        return { logWeight, guesses };
      });
    }),
  );
}

/** The posterior of who guesses, and of the share of judgments that theirs are, from draws of the grid and of the raters. */
export function guessers(
  raters: readonly Closeness[],
  { rng, draws, level }: { readonly rng: Rng; readonly draws: number; readonly level: number },
): GuesserPosterior {
  const cells = cellsOf(raters);
  const total = logSumExp(cells.map(({ logWeight }) => logWeight));
  const likely = cells.filter(({ logWeight }) => logWeight - total > -20);
  const weights = likely.map(({ logWeight }) => Math.exp(logWeight - total));
  const judgments = raters.reduce((sum, { votes }) => sum + votes, 0);
  const shares = Array.from({ length: draws }, () => {
    const { guesses } = likely[rng.choose(weights)]!;
    let own = 0;
    for (const [r, p] of guesses.entries()) if (rng.uniform() < p) own += raters[r]!.votes;
    return own / judgments;
  });
  const tail = (1 - level) / 2;
  return {
    probabilities: raters.map((_, r) => likely.reduce((sum, cell, k) => sum + weights[k]! * cell.guesses[r]!, 0)),
    share: quantile(shares, 0.5),
    interval: { low: quantile(shares, tail), high: quantile(shares, 1 - tail) },
  };
}
