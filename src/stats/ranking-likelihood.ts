import type { RankingColumns } from './rankings.ts';

/**
 * Plackett–Luce with ties of Davidson–Luce (Turner, van Etten, Firth and Kosmidis 2020, Eq. 4): a ranking is a sequence of
 * choices of a set S from the items A left, P(S) ∝ f(S) = δ_|S|·(Π_{i∈S} αᵢ)^(1/|S|), δ₁ = 1, over all subsets of A up to
 * the largest observed tie. With x = α^(1/k) the subsets of size k sum to the elementary symmetric polynomial e_k(x).
 */
export interface RankingDerivatives {
  /** By item, then by tie order. */
  readonly gradient: Float64Array;
  /** Negative Hessian by items, one square block for each ranking's items, end to end. */
  readonly blocks: Float64Array;
  readonly blockStarts: Float64Array;
  /** Negative Hessian items × tie orders, and tie orders × tie orders. */
  readonly border: readonly Float64Array[];
  readonly corner: Float64Array;
}

/** e_degree of x without its i-th entry, for each i: by products of what is before and after, so nothing cancels. */
function leaveOneOut(x: Float64Array, degree: number): Float64Array {
  const size = x.length;
  const out = new Float64Array(size);
  if (degree === 0) return out.fill(1);
  const width = degree + 1;
  const before = new Float64Array((size + 1) * width);
  const after = new Float64Array((size + 1) * width);
  before[0] = 1;
  after[size * width] = 1;
  for (let i = 0; i < size; i++) {
    const [up, down] = [i * width, (size - i) * width];
    for (let d = 0; d < width; d++) {
      before[up + width + d] = before[up + d]! + (d > 0 ? x[i]! * before[up + d - 1]! : 0);
      after[down - width + d] = after[down + d]! + (d > 0 ? x[size - 1 - i]! * after[down + d - 1]! : 0);
    }
  }
  for (let i = 0; i < size; i++) {
    for (let d = 0; d < width; d++) out[i]! += before[i * width + d]! * after[(i + 1) * width + degree - d]!;
  }
  return out;
}

/** e_degree of x. */
function elementary(x: Float64Array, degree: number): number {
  const e = new Float64Array(degree + 1);
  e[0] = 1;
  for (const v of x) for (let d = degree; d > 0; d--) e[d]! += v * e[d - 1]!;
  return e[degree]!;
}

/** The choice of a set among the items left: its normaliser, and what its derivatives by worths and tie parameters are made of. */
export class SetChoice {
  readonly size: number;
  readonly #x: readonly Float64Array[];
  readonly #sums: readonly number[];
  readonly #delta: readonly number[];
  readonly #orders: readonly number[];
  readonly #top: number;
  readonly #total: number;

  /** `theta` are the log-worths of the items left; `orders` the sizes of sets that may be chosen, 1 first. */
  constructor(theta: Float64Array, orders: readonly number[], logDelta: readonly number[]) {
    this.size = theta.length;
    this.#orders = orders.filter((k) => k <= theta.length);
    let top = -Infinity;
    for (const t of theta) top = Math.max(top, t);
    this.#top = top;
    this.#x = this.#orders.map((k) => theta.map((t) => Math.exp((t - top) / k)));
    this.#delta = this.#orders.map((_, at) => Math.exp(logDelta[at]!));
    this.#sums = this.#orders.map((k, at) => this.#delta[at]! * elementary(this.#x[at]!, k));
    this.#total = this.#sums.reduce((a, b) => a + b, 0);
  }

  /** log Σ f(S). */
  get logNormaliser(): number {
    return this.#top + Math.log(this.#total);
  }

  /** P(|S| = k) by tie order. */
  get orderProbabilities(): number[] {
    return this.#sums.map((s) => s / this.#total);
  }

  /** E[1(i ∈ S, |S| = k) / k] by tie order and item. */
  shares(): Float64Array[] {
    return this.#orders.map((k, at) => {
      const x = this.#x[at]!;
      const without = leaveOneOut(x, k - 1);
      return x.map((v, i) => (this.#delta[at]! * v * without[i]!) / (k * this.#total));
    });
  }

  /** Adds weight × E[φφᵀ] by items to a block in which the choice's items start at `offset`. */
  addSecondMoments(
    shares: readonly Float64Array[],
    block: { values: Float64Array; at: number; width: number; offset: number; weight: number },
  ): void {
    const { values, at, width, offset, weight } = block;
    for (const [o, k] of this.#orders.entries()) {
      const x = this.#x[o]!;
      const factor = (weight * this.#delta[o]!) / (k * k * this.#total);
      for (let i = 0; i < this.size; i++) {
        const row = at + (offset + i) * width + offset;
        values[row + i]! += (weight * shares[o]![i]!) / k;
        if (k === 1) continue;
        const others =
          k === 2
            ? null
            : leaveOneOut(
                x.filter((_, j) => j !== i),
                k - 2,
              );
        for (let j = 0; j < this.size; j++) {
          if (j !== i) values[row + j]! += factor * x[i]! * x[j]! * (others === null ? 1 : others[j < i ? j : j - 1]!);
        }
      }
    }
  }
}

/** log(eᵃ + eᵇ). */
const logAdd = (a: number, b: number): number => {
  const top = Math.max(a, b);
  return top === -Infinity ? top : top + Math.log1p(Math.exp(Math.min(a, b) - top));
};

/**
 * The same without ties, where sums over what is left run from the worst item up: linear in a ranking's items for the value
 * and gradient, quadratic for its block. All sums are kept as logs: an item far below the rest would otherwise underflow to
 * nothing, and its choice among others like it look more than certain.
 */
function strictLogLikelihood(
  { items, starts, weight, groups }: RankingColumns,
  theta: Float64Array,
  out: RankingDerivatives | null,
): number {
  let longest = 0;
  for (let r = 0; r < weight.length; r++) longest = Math.max(longest, starts[r + 1]! - starts[r]!);
  const left = new Float64Array(longest + 1);
  const first = new Float64Array(longest);
  const second = new Float64Array(longest);
  const root = new Float64Array(longest);
  const fall = new Float64Array(longest);
  let value = 0;
  for (let r = 0; r < weight.length; r++) {
    const [start, w] = [starts[r]!, weight[r]!];
    const width = starts[r + 1]! - start;
    // The last item left cannot be chosen otherwise.
    const choices = Math.min(groups[r]!.length, width - 1);
    if (choices <= 0 || w === 0) continue;
    left[width] = -Infinity;
    for (let k = width - 1; k >= 0; k--) left[k] = logAdd(left[k + 1]!, theta[items[start + k]!]!);
    // Over the choices so far: log Σ 1 / Z and log Σ 1 / Z².
    let [a, b] = [-Infinity, -Infinity];
    for (let k = 0; k < width; k++) {
      if (k < choices) {
        // A sum is never less than one of its parts, whatever rounding made of them.
        value += w * Math.min(0, theta[items[start + k]!]! - left[k]!);
        a = logAdd(a, -left[k]!);
        b = logAdd(b, -2 * left[k]!);
      }
      first[k] = a;
      second[k] = b;
    }
    if (out === null) continue;
    for (let k = 0; k < width; k++) {
      const log = theta[items[start + k]!]!;
      const expected = w * Math.exp(log + first[k]!);
      out.gradient[items[start + k]!]! += (k < choices ? w : 0) - expected;
      out.blocks[out.blockStarts[r]! + k * (width + 1)]! += expected;
      root[k] = Math.exp(log + second[k]! / 2);
      fall[k] = k === 0 ? 1 : Math.exp((second[k - 1]! - second[k]!) / 2);
    }
    // e^(θₖ + θₗ) Σ 1 / Z², summed up to the better of the two, as a product of numbers that cannot overflow.
    for (let k = 0, at = out.blockStarts[r]!; k < width; k++, at += width) {
      let reach = w * root[k]!;
      for (let l = k; l < width; l++) {
        if (l > k) reach *= fall[l]!;
        out.blocks[at + l]! -= reach * root[l]!;
      }
      for (let l = 0; l < k; l++) out.blocks[at + l] = out.blocks[out.blockStarts[r]! + l * width + k]!;
    }
  }
  return value;
}

/**
 * Log-likelihood of rankings at log-worths `theta` (by item) and log δ of the tie orders listed (2 and up, those that
 * occur). Fills `out`, which starts at zeros, when given.
 */
export function rankingsLogLikelihood(
  { items, starts, weight, groups }: RankingColumns,
  { theta, tieOrders, logDelta }: { theta: Float64Array; tieOrders: readonly number[]; logDelta: Float64Array },
  out: RankingDerivatives | null = null,
): number {
  if (tieOrders.length === 0) return strictLogLikelihood({ items, starts, weight, groups }, theta, out);
  const orders = [1, ...tieOrders];
  const deltas = [0, ...logDelta];
  const n = theta.length;
  let value = 0;
  for (const [r, sizes] of groups.entries()) {
    const [start, end, w] = [starts[r]!, starts[r + 1]!, weight[r]!];
    const width = end - start;
    let from = start;
    for (const size of sizes) {
      const left = items.subarray(from, end);
      // One item left cannot be chosen otherwise.
      if (left.length > 1 && w > 0) {
        const choice = new SetChoice(
          Float64Array.from(left, (i) => theta[i]!),
          orders,
          deltas,
        );
        const chosen = orders.indexOf(size);
        let sum = 0;
        for (let k = 0; k < size; k++) sum += theta[left[k]!]! / size;
        value += w * (deltas[chosen]! + sum - choice.logNormaliser);
        if (out !== null) {
          const shares = choice.shares();
          const p = choice.orderProbabilities;
          const expected = new Float64Array(left.length);
          for (const share of shares) for (let i = 0; i < share.length; i++) expected[i]! += share[i]!;
          const offset = from - start;
          const block = { values: out.blocks, at: out.blockStarts[r]!, width, offset, weight: w };
          choice.addSecondMoments(shares, block);
          for (let i = 0; i < left.length; i++) {
            out.gradient[left[i]!]! += w * ((i < size ? 1 / size : 0) - expected[i]!);
            const row = block.at + (offset + i) * width + offset;
            for (let j = 0; j < left.length; j++) out.blocks[row + j]! -= w * expected[i]! * expected[j]!;
            for (let o = 1; o < shares.length; o++) {
              out.border[o - 1]![left[i]!]! += w * (shares[o]![i]! - expected[i]! * p[o]!);
            }
          }
          const m = tieOrders.length;
          for (let o = 1; o < p.length; o++) {
            out.gradient[n + o - 1]! -= w * p[o]!;
            for (let q = 1; q < p.length; q++) {
              out.corner[(o - 1) * m + q - 1]! += w * ((o === q ? p[o]! : 0) - p[o]! * p[q]!);
            }
          }
          if (chosen > 0) out.gradient[n + chosen - 1]! += w;
        }
      }
      from += size;
    }
  }
  return value;
}

/** Zeros to fill. */
export function rankingDerivatives(
  { starts, weight }: RankingColumns,
  items: number,
  ties: number,
): RankingDerivatives {
  const blockStarts = new Float64Array(weight.length + 1);
  for (let r = 0; r < weight.length; r++) blockStarts[r + 1] = blockStarts[r]! + (starts[r + 1]! - starts[r]!) ** 2;
  return {
    gradient: new Float64Array(items + ties),
    blocks: new Float64Array(blockStarts[weight.length]!),
    blockStarts,
    border: Array.from({ length: ties }, () => new Float64Array(items)),
    corner: new Float64Array(ties * ties),
  };
}
