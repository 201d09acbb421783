import { add, concat, div, formatShape, mul, reduceSum, scalar, sqrt, type Tensor } from '../tensor/index.ts';

/**
 * Overflow that later operators turn back into ordinary numbers: a norm divides by an infinite root mean square and gives
 * zeros, softmax gives a score of −∞ the probability zero, tanh of an infinite cube is one. What could overflow so is bounded
 * by sums, which add up to one number per pass: the output `overflow`, finite where nothing was hidden.
 */
export class Watch {
  /** What is summed, what is inverted first, and vectors whose squares are summed: by shape but for the axis they join on. */
  readonly #sums = new Map<string, Tensor[]>();
  readonly #inverses = new Map<string, Tensor[]>();
  readonly #vectors = new Map<string, Tensor[]>();
  readonly #totals: Tensor[] = [];
  readonly #joinsVectors: boolean;

  /** `few` where arrays are small, so that joining them costs less than an operator for each. */
  constructor({ few = false }: { readonly few?: boolean } = {}) {
    this.#joinsVectors = few;
  }

  /** Numbers that must be finite: few, or such as are summed quickly. */
  finite(x: Tensor): void {
    gather(this.#sums, x, -1);
  }

  /** Inverses, which are zero where what they are the inverse of is infinite. */
  inverse(x: Tensor): void {
    gather(this.#inverses, x, -1);
  }

  /**
   * Vectors [batch, n, time, d] whose products with one another must be finite: by Cauchy and Schwarz they are where Σ x² is,
   * since then no vector is longer than the root of the largest number.
   */
  products(...tensors: readonly Tensor[]): void {
    for (const x of tensors) {
      if (this.#joinsVectors) gather(this.#vectors, x, 1);
      else this.#totals.push(squares(x));
    }
  }

  /** Numbers whose cubes must be finite. */
  cubes(x: Tensor): void {
    const sum = squares(x);
    this.#totals.push(mul(sum, sqrt(sum)));
  }

  /** One number, finite where all that was watched is. */
  output(): { readonly overflow: Tensor } {
    const joined = (groups: Map<string, Tensor[]>, axis: number) =>
      [...groups.values()].map((group) => (group.length === 1 ? group[0]! : concat(group, axis)));
    const totals = [
      ...this.#totals,
      ...joined(this.#sums, -1).map((x) => reduceSum(x)),
      ...joined(this.#inverses, -1).map((x) => reduceSum(div(scalar(1), x))),
      ...joined(this.#vectors, 1).map(squares),
    ];
    return { overflow: totals.reduce((sum, total) => add(sum, total)) };
  }
}

/** Beside those that differ on this axis alone; on its own where its size there is not fixed. */
function gather(groups: Map<string, Tensor[]>, x: Tensor, axis: number): void {
  const fixed = typeof x.shape.at(axis) === 'number';
  const key = fixed ? formatShape(x.shape.with(axis, 0)) : `alone ${groups.size}`;
  groups.set(key, [...(groups.get(key) ?? []), x]);
}

const squares = (x: Tensor): Tensor => reduceSum(mul(x, x));
