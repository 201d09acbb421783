/** One game in time order: `score` of the first is 1 for a win, ½ for a tie, 0 for a loss. */
export interface EloGame {
  readonly first: number;
  readonly second: number;
  readonly score: number;
}

export interface EloOptions {
  /** Largest change a game can bring: 4 in the first Chatbot Arena, 32 in much of chess. */
  readonly k?: number;
  readonly initial?: number;
  /** Points for odds of 10 to 1. */
  readonly scale?: number;
}

/** Expected score of the first at a rating difference: 1 / (1 + 10^(−difference / scale)) (Elo 1978). */
export const eloExpected = (difference: number, scale = 400): number => 1 / (1 + 10 ** (-difference / scale));

/** Rating points as log-odds: 400 / ln 10 = 173.7 points are one unit. */
export const eloToLogit = (points: number, scale = 400): number => (points * Math.LN10) / scale;

/** Log-odds (Bradley–Terry strengths, reward differences) as rating points. */
export const logitToElo = (logit: number, scale = 400): number => (logit * scale) / Math.LN10;

/**
 * Elo ratings after games in the order played: R += k·(score − expected), both sides at once. Cheap and online, but it
 * depends on the order and never settles; for a fixed set of comparisons prefer `fitPreferences`. Bad games throw a
 * RangeError.
 */
export function eloRatings(
  games: Iterable<EloGame>,
  contestants: number,
  { k = 4, initial = 1000, scale = 400 }: EloOptions = {},
): Float64Array {
  const ratings = new Float64Array(contestants).fill(initial);
  let at = 0;
  for (const { first, second, score } of games) {
    if (!(first >= 0 && first < contestants && second >= 0 && second < contestants) || first === second) {
      throw new RangeError(
        `Game ${at}: expected two different contestants of 0 … ${contestants - 1}; got ${first}, ${second}`,
      );
    }
    if (!(score >= 0 && score <= 1)) throw new RangeError(`Game ${at}: expected a score from 0 to 1; got ${score}`);
    const change = k * (score - eloExpected(ratings[first]! - ratings[second]!, scale));
    ratings[first]! += change;
    ratings[second]! -= change;
    at += 1;
  }
  return ratings;
}
