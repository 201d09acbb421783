import type { Comparisons } from './comparisons.ts';
import { cholesky, choleskyInverse, choleskySolve, conjugateGradients, type Operator } from './linear-algebra.ts';
import { forestSolver, heaviestForest, type SpanningForest } from './spanning-forest.ts';

/** What strengths share: columns of coefficients against strengths (C, n each) and among themselves (G, m × m row-major). */
export interface Border {
  readonly border: readonly Float64Array[];
  /** The coefficients' priors included. */
  readonly corner: Float64Array;
}

/**
 * Observed information of contestants' strengths (n of them) and a few shared coefficients (m): a weighted Laplacian L of
 * the comparison graph plus the prior, bordered by C and G.
 */
export interface Information extends Border {
  /** Edge weights of L, by contest. */
  readonly weight: Float64Array;
  readonly ridge: number;
}

/** Solves with one information matrix, for right-hand sides whose strengths part sums to 0. */
export interface InformationSolver {
  /** Null when the matrix is singular on that space. */
  solve(rhs: Float64Array, tolerance?: number): Float64Array | null;
  /** Covariance of centred strengths and coefficients, (n + m)² row-major; null where only solves are affordable. */
  covariance(): Float64Array | null;
}

export type SolverFactory = (information: Information) => InformationSolver;

/** Bᵀ v: by contestant, the sum over contests as first less the sum as second. */
export function byContestant({ contestants, first, second }: Comparisons, values: Float64Array): Float64Array {
  const out = new Float64Array(contestants);
  for (let e = 0; e < values.length; e++) {
    const v = values[e]!;
    out[first[e]!]! += v;
    out[second[e]!]! -= v;
  }
  return out;
}

/** Takes the mean off the first n entries. */
export function centre(x: Float64Array, n: number): void {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += x[i]!;
  for (let i = 0; i < n; i++) x[i]! -= sum / n;
}

/**
 * Cholesky of the whole matrix. `add` adds the strengths' block, whose rows sum to 0, into a matrix of the given width;
 * the constant direction, which no comparison informs, is filled in and taken out again.
 */
export function denseInformation(
  n: number,
  add: (matrix: Float64Array, width: number) => void,
  { border, corner, ridge }: Border & { ridge: number },
): InformationSolver {
  const m = border.length;
  const size = n + m;
  const matrix = new Float64Array(size * size);
  add(matrix, size);
  let trace = 0;
  for (let i = 0; i < n; i++) trace += matrix[i * size + i]!;
  const fill = trace / n + ridge;
  for (let i = 0; i < n; i++) {
    matrix[i * size + i]! += ridge;
    for (let j = 0; j < n; j++) matrix[i * size + j]! += fill / n;
    for (let k = 0; k < m; k++) matrix[(n + k) * size + i] = border[k]![i]!;
  }
  for (let k = 0; k < m; k++) {
    for (let l = 0; l < m; l++) matrix[(n + k) * size + n + l] = corner[k * m + l]!;
  }
  const factor = cholesky(matrix, size);
  return {
    solve: (rhs) => {
      if (factor === null) return null;
      const x = choleskySolve(factor, rhs);
      centre(x, n);
      return x;
    },
    covariance: () => {
      if (factor === null) return null;
      const inverse = choleskyInverse(factor, size);
      for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) inverse[i * size + j]! -= 1 / (n * (fill + ridge));
      return inverse;
    },
  };
}

/** Steps of conjugate gradients after which the diagonal is given up as preconditioner, where there is another. */
const PATIENCE = 300;
const MOST_STEPS = 5000;

/** The strengths' block of an information matrix that is never formed, its prior included. */
export interface StrengthsBlock {
  readonly apply: Operator;
  readonly diagonal: Float64Array;
  /** A better and dearer preconditioner than the diagonal; `atOnce` when it is already known to be needed. */
  readonly second?: { readonly atOnce: boolean; prepare(): Operator };
}

/** Conjugate gradients, preconditioned by the diagonal (or what the block offers) and by G. */
export function iterativeInformation(n: number, block: StrengthsBlock, { border, corner }: Border): InformationSolver {
  const m = border.length;
  const apply: Operator = (x, out) => {
    block.apply(x, out);
    for (let k = 0; k < m; k++) {
      const column = border[k]!;
      const shared = x[n + k]!;
      let sum = 0;
      for (let i = 0; i < n; i++) {
        out[i]! += column[i]! * shared;
        sum += column[i]! * x[i]!;
      }
      for (let l = 0; l < m; l++) sum += corner[k * m + l]! * x[n + l]!;
      out[n + k] = sum;
    }
  };
  const cornerFactor = cholesky(corner, m);
  const withCorner =
    (strengths: Operator): Operator =>
    (x, out) => {
      strengths(x, out);
      if (cornerFactor !== null && m > 0) out.set(choleskySolve(cornerFactor, x.subarray(n)), n);
    };
  const byDiagonal = withCorner((x, out) => {
    const { diagonal } = block;
    for (let i = 0; i < n; i++) out[i] = diagonal[i]! > 0 ? x[i]! / diagonal[i]! : 0;
  });
  let bySecond: Operator | null = null;
  return {
    solve: (rhs, tolerance = 1e-10) => {
      if (cornerFactor === null) return null;
      const { second } = block;
      const iterations = second ? PATIENCE : MOST_STEPS;
      let result =
        second?.atOnce || bySecond !== null
          ? null
          : conjugateGradients(apply, byDiagonal, rhs, { tolerance, iterations });
      if (!result?.converged && second) {
        bySecond ??= withCorner(second.prepare());
        result = conjugateGradients(apply, bySecond, rhs, { tolerance, iterations: MOST_STEPS });
      }
      if (!result?.converged) return null;
      centre(result.x, n);
      return result.x;
    },
    covariance: () => null,
  };
}

/** Inverts the information of paired comparisons whole: for some hundred contestants. */
export function denseSolver({ contestants, first, second }: Comparisons): SolverFactory {
  return (information) => {
    const { weight } = information;
    const add = (matrix: Float64Array, width: number) => {
      for (let e = 0; e < weight.length; e++) {
        const [a, b, w] = [first[e]!, second[e]!, weight[e]!];
        matrix[a * width + a]! += w;
        matrix[b * width + b]! += w;
        matrix[a * width + b]! -= w;
        matrix[b * width + a]! -= w;
      }
    };
    return denseInformation(contestants, add, information);
  };
}

/**
 * Solves on the comparison graph without forming a matrix, memory and time of a step linear in contests, which must be in
 * order of their first contestant (`inOrderOfFirst`). The diagonal preconditions well-mixed graphs well; a spanning forest
 * takes over where it proves slow.
 */
export function sparseSolver(data: Comparisons): SolverFactory {
  const { contestants: n, first, second } = data;
  const rows = new Int32Array(n + 1);
  for (let e = 0; e < first.length; e++) {
    if (e > 0 && first[e]! < first[e - 1]!)
      throw new RangeError('Expected contests in order of their first contestant');
    rows[first[e]! + 1] = e + 1;
  }
  for (let i = 0; i < n; i++) rows[i + 1] = Math.max(rows[i + 1]!, rows[i]!);
  let forest: SpanningForest | null = null;
  return (information) => {
    const { ridge } = information;
    // Successive fits write their weights into one array; a solver keeps its own.
    const weight = Float64Array.from(information.weight);
    const diagonal = new Float64Array(n).fill(ridge);
    for (let e = 0; e < weight.length; e++) {
      const w = weight[e]!;
      diagonal[first[e]!]! += w;
      diagonal[second[e]!]! += w;
    }
    const apply: Operator = (x, out) => {
      for (let i = 0; i < n; i++) out[i] = ridge * x[i]!;
      for (let i = 0; i < n; i++) {
        const own = x[i]!;
        const end = rows[i + 1]!;
        let sum = 0;
        for (let e = rows[i]!; e < end; e++) {
          const j = second[e]!;
          const flow = weight[e]! * (own - x[j]!);
          sum += flow;
          out[j]! -= flow;
        }
        out[i]! += sum;
      }
    };
    const prepare = (): Operator => {
      forest ??= heaviestForest(data, weight);
      const solveForest = forestSolver(forest, weight, ridge);
      return (x, out) => {
        solveForest(x, out);
        if (ridge === 0) centre(out, n);
      };
    };
    return iterativeInformation(n, { apply, diagonal, second: { atOnce: forest !== null, prepare } }, information);
  };
}
