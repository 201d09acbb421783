import type { Comparisons } from './comparisons.ts';
import { cholesky, choleskyInverse, choleskySolve, conjugateGradients, type Operator } from './linear-algebra.ts';
import { forestSolver, heaviestForest, type SpanningForest } from './spanning-forest.ts';

/**
 * Observed information of contestants' strengths (n of them) and a few shared coefficients (m): a weighted Laplacian L of
 * the comparison graph plus the prior, bordered by C (n × m) and G (m × m).
 */
export interface Information {
  /** Edge weights of L, by contest. */
  readonly weight: Float64Array;
  readonly ridge: number;
  /** Columns of C. */
  readonly border: readonly Float64Array[];
  /** G, row-major, the coefficients' priors included. */
  readonly corner: Float64Array;
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

/** Cholesky of the whole matrix. The constant direction, which no contest informs, is filled in and taken out again. */
export function denseSolver({ contestants, first, second }: Comparisons): SolverFactory {
  return ({ weight, ridge, border, corner }) => {
    const n = contestants;
    const m = border.length;
    const size = n + m;
    const matrix = new Float64Array(size * size);
    let trace = 0;
    for (let e = 0; e < weight.length; e++) {
      const [a, b, w] = [first[e]!, second[e]!, weight[e]!];
      matrix[a * size + a]! += w;
      matrix[b * size + b]! += w;
      matrix[a * size + b]! -= w;
      matrix[b * size + a]! -= w;
      trace += 2 * w;
    }
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
  };
}

/** Neighbours of each contestant in compressed rows, with the contest of each entry. */
function adjacency({ contestants, first, second }: Comparisons) {
  const rows = new Int32Array(contestants + 1);
  for (let e = 0; e < first.length; e++) {
    rows[first[e]! + 1]! += 1;
    rows[second[e]! + 1]! += 1;
  }
  for (let i = 0; i < contestants; i++) rows[i + 1]! += rows[i]!;
  const at = rows.slice(0, contestants);
  const neighbour = new Int32Array(2 * first.length);
  const contest = new Int32Array(2 * first.length);
  for (let e = 0; e < first.length; e++) {
    const [a, b] = [first[e]!, second[e]!];
    neighbour[at[a]!] = b;
    contest[at[a]!] = e;
    at[a]! += 1;
    neighbour[at[b]!] = a;
    contest[at[b]!] = e;
    at[b]! += 1;
  }
  return { rows, neighbour, contest };
}

/** Steps of conjugate gradients after which the diagonal is given up as preconditioner for a spanning forest. */
const PATIENCE = 300;

/**
 * Conjugate gradients on the graph: memory and time per step linear in contests. The preconditioner is the diagonal, good
 * for well-mixed graphs, or a spanning forest where that proves slow; G stands beside either.
 */
export function sparseSolver(data: Comparisons): SolverFactory {
  const n = data.contestants;
  const { rows, neighbour, contest } = adjacency(data);
  // Shared by successive matrices: only the latest one made can be solved with.
  const values = new Float64Array(neighbour.length);
  let forest: SpanningForest | null = null;
  return ({ weight, ridge, border, corner }) => {
    const m = border.length;
    const diagonal = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      let sum = ridge;
      for (let k = rows[i]!; k < rows[i + 1]!; k++) {
        const w = weight[contest[k]!]!;
        values[k] = w;
        sum += w;
      }
      diagonal[i] = sum;
    }
    const apply: Operator = (x, out) => {
      for (let i = 0; i < n; i++) {
        let sum = diagonal[i]! * x[i]!;
        const end = rows[i + 1]!;
        for (let k = rows[i]!; k < end; k++) sum -= values[k]! * x[neighbour[k]!]!;
        out[i] = sum;
      }
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
    const corners: Operator = (x, out) => {
      if (cornerFactor !== null && m > 0) out.set(choleskySolve(cornerFactor, x.subarray(n)), n);
    };
    const byDiagonal: Operator = (x, out) => {
      for (let i = 0; i < n; i++) out[i] = diagonal[i]! > 0 ? x[i]! / diagonal[i]! : 0;
      corners(x, out);
    };
    let byForest: Operator | null = null;
    const prepareForest = (): Operator => {
      forest ??= heaviestForest(data, weight);
      const solveForest = forestSolver(forest, weight, ridge);
      byForest = (x, out) => {
        solveForest(x, out);
        if (ridge === 0) centre(out, n);
        corners(x, out);
      };
      return byForest;
    };
    return {
      solve: (rhs, tolerance = 1e-10) => {
        if (cornerFactor === null) return null;
        let result =
          forest === null
            ? conjugateGradients(apply, byDiagonal, rhs, { tolerance, iterations: PATIENCE })
            : { converged: false, x: rhs };
        if (!result.converged) {
          const precondition = byForest ?? prepareForest();
          result = conjugateGradients(apply, precondition, rhs, { tolerance, iterations: 5000 });
        }
        if (!result.converged) return null;
        centre(result.x, n);
        return result.x;
      },
      covariance: () => null,
    };
  };
}
