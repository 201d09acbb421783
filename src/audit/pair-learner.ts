import { minimise } from '../stats/index.ts';

/** What raters said of two replies, and what sets these apart: columns with the difference of their values. */
export interface ComparedPair {
  readonly at: Int32Array;
  readonly by: Float64Array;
  /** One vote each: 1 for the first reply, 0 for the second, ½ for a tie. */
  readonly votes: readonly number[];
}

/** Some of the votes on a pair. */
export interface Taken {
  readonly pair: ComparedPair;
  readonly wins: number;
  readonly votes: number;
}

/** All votes on a pair. */
export const allVotes = (pair: ComparedPair): Taken => ({
  pair,
  wins: pair.votes.reduce((sum, vote) => sum + vote, 0),
  votes: pair.votes.length,
});

/** Precision of the normal prior on each weight. */
const RIDGE = 1;
/** Gradient, as a share of the loss, at which a search has arrived. */
const TOLERANCE = 2e-4;

const ahead = (weights: Float64Array, { at, by }: Omit<ComparedPair, 'votes'>): number => {
  let sum = 0;
  for (let i = 0; i < at.length; i++) sum += weights[at[i]!]! * by[i]!;
  return sum;
};

/**
 * Weights of a Bradley–Terry reward that is linear in the columns, with a normal prior. The search starts from zero, so that what
 * the votes say nothing of stays there: from weights of a fit to more votes it would keep their signs.
 */
export function fitPairs(taken: readonly Taken[], columns: number): Float64Array {
  return minimise(
    (weights, gradient) => {
      let loss = 0;
      for (let i = 0; i < weights.length; i++) {
        const weight = weights[i]!;
        loss += (RIDGE / 2) * weight * weight;
        gradient[i] = RIDGE * weight;
      }
      for (const { pair, wins, votes } of taken) {
        const lead = ahead(weights, pair);
        // log(1 + eˡ) and 1 / (1 + e⁻ˡ) by one exponential.
        const small = Math.exp(-Math.abs(lead));
        loss += votes * (Math.max(lead, 0) + Math.log1p(small)) - wins * lead;
        const slope = votes * ((lead > 0 ? 1 : small) / (1 + small)) - wins;
        const { at, by } = pair;
        for (let i = 0; i < at.length; i++) gradient[at[i]!]! += slope * by[i]!;
      }
      return loss;
    },
    new Float64Array(columns),
    { iterations: 25, tolerance: TOLERANCE },
  );
}

/** Share of votes that weights predict of a pair of which the first reply gets a known share; a draw is worth one half. */
export function expectedCredit(weights: Float64Array, pair: Omit<ComparedPair, 'votes'>, first: number): number {
  const lead = ahead(weights, pair);
  return lead === 0 ? 0.5 : lead > 0 ? first : 1 - first;
}

/** Share of a pair's votes that weights predict. */
export const creditOn = (weights: Float64Array, { pair, wins, votes }: Taken): number =>
  expectedCredit(weights, pair, wins / votes);
