import type { Rng } from '../stats/index.ts';

/** Votes as numbers that are comparable among raters of one item. */
export interface RaterVotes {
  readonly items: number;
  readonly raterIds: readonly string[];
  readonly votes: readonly { readonly item: number; readonly rater: number; readonly value: number }[];
}

/** How closely a rater follows what the others see: zero for one who does not look; the unit is common to all raters. */
export interface Closeness {
  readonly raterId: string;
  readonly votes: number;
  readonly value: number;
  /** Standard error; NaN for a rater who shares no item with others. */
  readonly error: number;
}

const FOLDS = 5;
const ROUNDS = 10;

/** Votes of unit variance around zero within each rater; all zero for a rater who always answers the same. */
function standardised({ raterIds, votes }: RaterVotes): Float64Array {
  const raters = raterIds.length;
  const [n, sum, squares] = [new Float64Array(raters), new Float64Array(raters), new Float64Array(raters)];
  for (const { rater, value } of votes) {
    n[rater]! += 1;
    sum[rater]! += value;
    squares[rater]! += value * value;
  }
  return Float64Array.from(votes, ({ rater, value }) => {
    const middle = sum[rater]! / n[rater]!;
    const variance = squares[rater]! / n[rater]! - middle * middle;
    return variance < 1e-12 ? 0 : (value - middle) / Math.sqrt(variance);
  });
}

interface Sums {
  /** Σ over votes of own value times the weighted values of others on the item. */
  readonly product: Float64Array;
  /** Σ over votes of the squared weights of the others. */
  readonly weight: Float64Array;
  /** Σ of the others' squared sums: the variance of `product` for one who does not look. */
  readonly squares: Float64Array;
}

/** Compares each vote, where `use` says so, with the others of its item, weighted by rater. */
function compare(
  { items, raterIds, votes }: RaterVotes,
  values: Float64Array,
  { weights, use }: { weights: Float64Array; use: (item: number) => boolean },
): Sums {
  const [total, weightTotal] = [new Float64Array(items), new Float64Array(items)];
  for (const [j, { item, rater }] of votes.entries()) {
    total[item]! += weights[rater]! * values[j]!;
    weightTotal[item]! += weights[rater]! ** 2;
  }
  const raters = raterIds.length;
  const sums = {
    product: new Float64Array(raters),
    weight: new Float64Array(raters),
    squares: new Float64Array(raters),
  };
  for (const [j, { item, rater }] of votes.entries()) {
    if (!use(item)) continue;
    const others = total[item]! - weights[rater]! * values[j]!;
    sums.product[rater]! += values[j]! * others;
    sums.squares[rater]! += others * others;
    sums.weight[rater]! += weightTotal[item]! - weights[rater]! ** 2;
  }
  return sums;
}

/**
 * Weights by which raters are heard: the rank-one fit of the agreement of pairs of raters, a_r a_s, by alternating least
 * squares (a one-factor model; the symmetric case of Dawid and Skene's with one coin a rater). Never below zero: a rater who
 * is always wrong is as informative as one who is right, but nobody is to be believed for it.
 */
function factor(table: RaterVotes, values: Float64Array, use: (item: number) => boolean): Float64Array {
  let weights = new Float64Array(table.raterIds.length).fill(1);
  for (let round = 0; round < ROUNDS; round++) {
    const { product, weight } = compare(table, values, { weights, use });
    const next = Float64Array.from(product, (p, r) => (weight[r]! > 0 ? Math.max(0, p / weight[r]!) : 0));
    const size = Math.sqrt(next.reduce((sum, w) => sum + w * w, 0));
    if (size === 0) return weights;
    weights = next.map((w) => w / size);
  }
  return weights;
}

/**
 * The closeness of every rater, and how far agreement as a whole stands above chance (`signal`, standard normal where nobody
 * follows anything). Weights come from other items than those on which they are used, so that chance agreement is not counted
 * twice. Items are dealt into folds by `rng`.
 */
export function closenessOf(table: RaterVotes, rng: Rng): { raters: Closeness[]; signal: number } {
  const values = standardised(table);
  const fold = Int32Array.from({ length: table.items }, (_, i) => i % FOLDS);
  const dealt = rng.shuffle([...fold]);
  const raters = table.raterIds.length;
  const [product, weight, squares] = [new Float64Array(raters), new Float64Array(raters), new Float64Array(raters)];
  let [signal, spread] = [0, 0];
  for (let f = 0; f < FOLDS; f++) {
    const weights = factor(table, values, (item) => dealt[item] !== f);
    const sums = compare(table, values, { weights, use: (item) => dealt[item] === f });
    for (let r = 0; r < raters; r++) {
      product[r]! += sums.product[r]!;
      weight[r]! += sums.weight[r]!;
      squares[r]! += sums.squares[r]!;
      // Each pair of votes stands in it twice, once for either rater.
      signal += (weights[r]! * sums.product[r]!) / 2;
      spread += (weights[r]! ** 2 * sums.squares[r]!) / 2;
    }
  }
  const votes = new Int32Array(raters);
  for (const { rater } of table.votes) votes[rater]! += 1;
  return {
    raters: table.raterIds.map((raterId, r) => {
      const [n, value] = [votes[r]!, weight[r]! > 0 ? product[r]! / weight[r]! : Number.NaN];
      const around = squares[r]! - product[r]! ** 2 / Math.max(1, n);
      const error = weight[r]! > 0 && around > 0 ? Math.sqrt(around) / weight[r]! : Number.NaN;
      return { raterId, votes: n, value, error };
    }),
    signal: spread > 0 ? signal / Math.sqrt(spread) : 0,
  };
}
