import { mean, type Rng, standardDeviation, studentQuantile } from '../stats/index.ts';
import type { Dissent } from './dissent.ts';
import type { Phrases } from './phrases.ts';

/** The compared votes of one rater, and what can be told of them as a whole. */
export interface Suspected {
  /**
   * Excess dissent of each vote by two readings of the rater: one like the others, and one of the rater's own skill. A rater
   * who looks unskilled for dissent on a hard topic seems to be at odds with it by the second, a careless one with easy topics
   * by the first: what counts is what both say.
   */
  readonly readings: readonly [readonly number[], readonly number[]];
  /** Phrases of each vote's prompt, by number. */
  readonly phrases: readonly Int32Array[];
  /** The prompt of each vote, from 0 in order of first appearance. */
  readonly prompt: Int32Array;
  readonly prompts: number;
  readonly variance: number;
  /** How far the most dissenting vote stands above the mean. */
  readonly reach: number;
  /** How much more a vote would dissent if it were turned round: 1 − 2·dissent. */
  readonly turn: number;
}

export function suspected(rows: readonly Dissent[], phrasesOf: (prompt: string) => Int32Array): Suspected {
  const readings = [rows.map((row) => row.excess), rows.map((row) => row.skilledExcess)] as const;
  const spread = readings.map((values) => standardDeviation(values) ** 2);
  const numbers = new Map<string, number>();
  const prompt = Int32Array.from(rows, (row) => {
    if (!numbers.has(row.prompt)) numbers.set(row.prompt, numbers.size);
    return numbers.get(row.prompt)!;
  });
  return {
    readings,
    phrases: rows.map((row) => phrasesOf(row.prompt)),
    prompt,
    prompts: numbers.size,
    variance: Math.max(...spread),
    reach: Math.max(...readings.map((values) => values.reduce((a, b) => Math.max(a, b), -Infinity) - mean(values))),
    turn: Math.max(0, 1 - 2 * mean(rows.map(({ dissent }) => dissent))),
  };
}

/** A rater, by place, and the phrase at which the rater seems to turn round. */
export interface Suspect {
  readonly rater: number;
  readonly phrase: number;
  /** Of chance, a bound of −log p (Bernstein): kind to a few votes that all dissent, which chance makes often. */
  readonly score: number;
}

const bernstein = (gap: number, weight: number, { variance, reach }: Pick<Suspected, 'variance' | 'reach'>): number =>
  gap <= 0 ? 0 : (weight * gap * gap) / (2 * (variance + (reach * gap) / 3));

/** Votes of the rater as a whole that a phrase's own variance is averaged with. */
const SHRINKAGE = 10;

/** The rater and the phrase with the most concentrated dissent, over all phrases of all raters; the shortest of equal ones. */
export function mostSuspicious(raters: readonly Suspected[], { count }: Phrases, least: number): Suspect | null {
  const n = new Int32Array(count);
  const [sums, skilled, squares] = [new Float64Array(count), new Float64Array(count), new Float64Array(count)];
  let best: Suspect | null = null;
  for (const [rater, own] of raters.entries()) {
    const [first, second] = own.readings;
    const votes = first.length;
    const touched: number[] = [];
    let [total, skilledTotal] = [0, 0];
    for (let i = 0; i < votes; i++) {
      const [a, b] = [first[i]!, second[i]!];
      total += a;
      skilledTotal += b;
      for (const phrase of own.phrases[i]!) {
        if (n[phrase] === 0) touched.push(phrase);
        n[phrase]! += 1;
        sums[phrase]! += a;
        skilled[phrase]! += b;
        squares[phrase]! += a * a;
      }
    }
    for (const phrase of touched) {
      const [inside, outside] = [n[phrase]!, votes - n[phrase]!];
      if (inside >= least && outside >= least) {
        const gap = Math.min(
          sums[phrase]! / inside - (total - sums[phrase]!) / outside,
          skilled[phrase]! / inside - (skilledTotal - skilled[phrase]!) / outside,
        );
        // Dissent varies more on a hard topic: a phrase of one is held to its own variance.
        const around = squares[phrase]! - sums[phrase]! ** 2 / inside;
        const variance = Math.max(own.variance, (around + SHRINKAGE * own.variance) / (inside + SHRINKAGE));
        const score = bernstein(gap, (inside * outside) / votes, { variance, reach: own.reach });
        const equal = best !== null && Math.abs(score - best.score) < 1e-9;
        if (best === null || (equal ? rater === best.rater && phrase < best.phrase : score > best.score))
          best = { rater, phrase, score };
      }
      n[phrase] = 0;
      sums[phrase] = 0;
      skilled[phrase] = 0;
      squares[phrase] = 0;
    }
  }
  return best;
}

/** The same votes with the phrases of the rater's prompts exchanged among them: dissent is no longer tied to any phrase. */
function exchanged(own: Suspected, rng: Rng): Suspected {
  const byPrompt: Int32Array[] = [];
  for (const [i, prompt] of own.prompt.entries()) byPrompt[prompt] = own.phrases[i]!;
  const dealt = rng.shuffle(byPrompt);
  return { ...own, phrases: own.phrases.map((_, i) => dealt[own.prompt[i]!]!) };
}

/** Scores of the most suspicious rater and phrase where nothing is there, in ascending order. */
export function chanceScores(
  raters: readonly Suspected[],
  phrases: Phrases,
  { least, permutations, rng }: { least: number; permutations: number; rng: Rng },
): number[] {
  return Array.from(
    { length: permutations },
    () =>
      mostSuspicious(
        raters.map((own) => exchanged(own, rng)),
        phrases,
        least,
      )?.score ?? 0,
  ).sort((a, b) => a - b);
}

/**
 * How many of a rater's votes with a phrase are turned round: dissent there beyond that elsewhere, with half its interval. The
 * few votes with the phrase may vary more than the rest, as they do for one who turns round, and are never held to vary less.
 */
export function turnedVotes({ readings, phrases }: Suspected, phrase: number, level: number) {
  const [first, second] = readings.map((values) => {
    const inside = values.filter((_, i) => phrases[i]!.includes(phrase));
    const outside = values.filter((_, i) => !phrases[i]!.includes(phrase));
    const [within, elsewhere] = [standardDeviation(inside), standardDeviation(outside)];
    const n = inside.length;
    const error = n * Math.sqrt(Math.max(within, elsewhere) ** 2 / n + elsewhere ** 2 / outside.length);
    return {
      turned: n * (mean(inside) - mean(outside)),
      half: studentQuantile(0.5 + level / 2, n - 1) * error,
      inside: n,
    };
  });
  return first!.turned < second!.turned ? first! : second!;
}

/**
 * The most votes that a rater could have turned round without standing out: as many as lift the expected score to where it
 * beats `critical` but for an unlucky draw `z` below. It supposes that who turns round does so every time; with a phrase in
 * `mostShare` of the prompts at most.
 */
export function undetected(own: Suspected, options: { critical: number; z: number; mostShare: number }): number {
  const { readings, variance, reach, turn } = own;
  if (turn === 0) return 0;
  const score = (Math.sqrt(2 * options.critical) + options.z) ** 2 / 2;
  const votes = (2 * score * (variance + (reach * turn) / 3)) / turn ** 2;
  return turn * Math.min(votes, options.mostShare * readings[0].length);
}
