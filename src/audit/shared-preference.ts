import { studentQuantile } from '../stats/index.ts';

/** A vote on a pair: ½ for the first reply, −½ for the second, 0 for neither; by a rater of a group (or under a view). */
export interface GroupVote {
  readonly item: string;
  readonly rater: string;
  readonly group: number;
  readonly value: number;
}

/** E[x_g x_h] over items, where x_g is how much group g prefers the first reply (its expected vote); NaN where no item tells. */
export type Products = (g: number, h: number) => number;

/** Votes of an item, with their sums by group. */
type Cell = readonly GroupVote[];

/** Products of an item by place, where it has any: of many groups few meet on one item. */
interface ItemProducts {
  readonly places: readonly number[];
  readonly values: readonly number[];
}

/** Mean product of two votes of different raters on an item, by pair of groups. */
function productsOf(votes: Cell, groups: number, without?: string): ItemProducts {
  const [sum, squares, n] = [new Float64Array(groups), new Float64Array(groups), new Float64Array(groups)];
  for (const { rater, group, value } of votes) {
    if (rater === without) continue;
    sum[group]! += value;
    squares[group]! += value * value;
    n[group]! += 1;
  }
  const [places, values]: [number[], number[]] = [[], []];
  for (let g = 0; g < groups; g++) {
    if (n[g] === 0) continue;
    for (let h = 0; h < groups; h++) {
      const pairs = g === h ? n[g]! * (n[g]! - 1) : n[g]! * n[h]!;
      if (pairs === 0) continue;
      places.push(g * groups + h);
      values.push((sum[g]! * sum[h]! - (g === h ? squares[g]! : 0)) / pairs);
    }
  }
  return { places, values };
}

/** Sums over items of their products, and how many items had one. */
class Totals {
  readonly sum: Float64Array;
  readonly n: Float64Array;
  readonly groups: number;
  constructor(groups: number) {
    this.groups = groups;
    this.sum = new Float64Array(groups * groups);
    this.n = new Float64Array(groups * groups);
  }
  add({ places, values }: ItemProducts, sign: 1 | -1): void {
    for (const [i, k] of places.entries()) {
      this.sum[k]! += sign * values[i]!;
      this.n[k]! += sign;
    }
  }
  readonly products: Products = (g, h) => {
    const k = g * this.groups + h;
    return this.n[k]! > 0 ? this.sum[k]! / this.n[k]! : Number.NaN;
  };
}

const gather = <T>(votes: readonly GroupVote[], keyOf: (vote: GroupVote) => string, pick: (vote: GroupVote) => T) => {
  const map = new Map<string, T[]>();
  for (const vote of votes) {
    const own = map.get(keyOf(vote));
    if (own === undefined) map.set(keyOf(vote), [pick(vote)]);
    else own.push(pick(vote));
  }
  return map;
};

/** Error of a jackknife: what leaving each unit out in turn does to the value; units without which there is none do not count. Infinite for one. */
function jackknifeError(values: readonly number[]): number {
  const used = values.filter(Number.isFinite);
  const n = used.length;
  if (n < 2) return Number.POSITIVE_INFINITY;
  const middle = used.reduce((a, b) => a + b, 0) / n;
  return Math.sqrt(((n - 1) / n) * used.reduce((sum, v) => sum + (v - middle) ** 2, 0));
}

export interface SharedPreference {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly items: number;
  readonly raters: number;
  readonly products: Products;
}

export interface Statistic {
  readonly groups: number;
  readonly level: number;
  /** As much as the statistic of a single item can be. */
  readonly reach: number;
  readonly statistic: (products: Products) => number;
}

/**
 * A function of what groups of raters prefer in common, from votes of different raters on the same items, so that the noise of a
 * single vote cancels and takes no part in it. Two votes of one rater are never multiplied: give one vote a rater and item. The
 * interval is Student's on the wider of two jackknife errors, by items and by raters (Tukey 1958), and no narrower than what one
 * item more could move.
 */
export function sharedPreference(
  votes: readonly GroupVote[],
  { groups, level, reach, statistic }: Statistic,
): SharedPreference {
  const items = gather(
    votes,
    ({ item }) => item,
    (vote) => vote,
  );
  const raters = gather(
    votes,
    ({ rater }) => rater,
    ({ item }) => item,
  );
  const totals = new Totals(groups);
  const own = new Map([...items].map(([item, cell]) => [item, productsOf(cell, groups)]));
  for (const products of own.values()) totals.add(products, 1);
  const value = statistic(totals.products);
  const byItem = [...own.values()].map((products) => {
    totals.add(products, -1);
    const left = statistic(totals.products);
    totals.add(products, 1);
    return left;
  });
  const byRater = [...raters].map(([rater, judged]) => {
    const changed = judged.map((item) => [own.get(item)!, productsOf(items.get(item)!, groups, rater)] as const);
    for (const [before, after] of changed) {
      totals.add(before, -1);
      totals.add(after, 1);
    }
    const left = statistic(totals.products);
    for (const [before, after] of changed) {
      totals.add(after, -1);
      totals.add(before, 1);
    }
    return left;
  });
  const tail = 0.5 + level / 2;
  const half = Math.max(
    studentQuantile(tail, Math.max(1, items.size - 1)) * jackknifeError(byItem),
    studentQuantile(tail, Math.max(1, raters.size - groups)) * jackknifeError(byRater),
    reach / items.size,
  );
  return {
    value,
    low: value - half,
    high: value + half,
    items: items.size,
    raters: raters.size,
    products: totals.products,
  };
}
