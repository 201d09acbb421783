/** Largest absolute entry. */
export function maxNorm(x: ArrayLike<number>): number {
  let top = 0;
  for (let i = 0; i < x.length; i++) top = Math.max(top, Math.abs(x[i]!));
  return top;
}

/** Inner product. */
export function dot(x: Float64Array, y: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i]! * y[i]!;
  return sum;
}

/** A B of square matrices (row-major, size × size). */
export function multiply(a: Float64Array, b: Float64Array, size: number): Float64Array {
  const out = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < size; k++) {
      const v = a[i * size + k]!;
      if (v === 0) continue;
      for (let j = 0; j < size; j++) out[i * size + j]! += v * b[k * size + j]!;
    }
  }
  return out;
}

/** Aᵀ of a square matrix. */
export const transposed = (a: Float64Array, size: number): Float64Array =>
  a.map((_, at) => a[(at % size) * size + Math.floor(at / size)]!);

/**
 * Lower Cholesky factor of a symmetric positive definite matrix (row-major, size × size; the lower triangle is read), or
 * null when a pivot is not positive to working precision: the matrix is singular or indefinite.
 */
export function cholesky(matrix: Float64Array, size: number): Float64Array | null {
  const factor = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * size + j]!;
      for (let k = 0; k < j; k++) sum -= factor[i * size + k]! * factor[j * size + k]!;
      if (i !== j) factor[i * size + j] = sum / factor[j * size + j]!;
      else {
        // Cancellation leaves a pivot of the order of rounding where the exact one is zero.
        if (!(sum > 1e-13 * Math.abs(matrix[i * size + i]!))) return null;
        factor[i * size + i] = Math.sqrt(sum);
      }
    }
  }
  return factor;
}

/** Solves A x = b for the Cholesky factor of A. */
export function choleskySolve(factor: Float64Array, rhs: Float64Array): Float64Array {
  const size = rhs.length;
  const x = Float64Array.from(rhs);
  for (let i = 0; i < size; i++) {
    let sum = x[i]!;
    for (let k = 0; k < i; k++) sum -= factor[i * size + k]! * x[k]!;
    x[i] = sum / factor[i * size + i]!;
  }
  for (let i = size - 1; i >= 0; i--) {
    let sum = x[i]!;
    for (let k = i + 1; k < size; k++) sum -= factor[k * size + i]! * x[k]!;
    x[i] = sum / factor[i * size + i]!;
  }
  return x;
}

/** L⁻¹ b for a lower triangular L, row by row without the zeros: bᵀA⁻¹b is its square where A = LLᵀ. */
export function lowerSolve(lower: Float64Array, rhs: Float64Array): Float64Array {
  const x = Float64Array.from(rhs);
  for (let i = 0, at = 0; i < x.length; i++) {
    let sum = x[i]!;
    for (let j = 0; j < i; j++) sum -= lower[at++]! * x[j]!;
    x[i] = sum / lower[at++]!;
  }
  return x;
}

/** A⁻¹ (row-major) from the Cholesky factor of A. */
export function choleskyInverse(factor: Float64Array, size: number): Float64Array {
  const inverse = new Float64Array(size * size);
  const unit = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    unit.fill(0);
    unit[i] = 1;
    inverse.set(choleskySolve(factor, unit), i * size);
  }
  return inverse;
}

/** A symmetric operator that writes A x into `out`. */
export type Operator = (x: Float64Array, out: Float64Array) => void;

export interface ConjugateGradientResult {
  readonly x: Float64Array;
  readonly iterations: number;
  /** Residual norm over right-hand side norm, both in the preconditioner's norm. */
  readonly residual: number;
  readonly converged: boolean;
}

/**
 * Preconditioned conjugate gradients (Hestenes and Stiefel 1952) for A x = b, A symmetric positive semidefinite and b in
 * its range. Stops at the relative residual `tolerance`, or unconverged after `iterations`.
 */
export function conjugateGradients(
  apply: Operator,
  precondition: Operator,
  rhs: Float64Array,
  { tolerance = 1e-10, iterations = 2000 }: { tolerance?: number; iterations?: number } = {},
): ConjugateGradientResult {
  const size = rhs.length;
  const x = new Float64Array(size);
  const residual = Float64Array.from(rhs);
  const z = new Float64Array(size);
  precondition(residual, z);
  const direction = Float64Array.from(z);
  const image = new Float64Array(size);
  let rho = dot(residual, z);
  const start = Math.sqrt(Math.max(rho, 0));
  if (start === 0) return { x, iterations: 0, residual: 0, converged: true };
  let done = 0;
  while (done < iterations && Math.sqrt(Math.max(rho, 0)) > tolerance * start) {
    apply(direction, image);
    const curvature = dot(direction, image);
    // A direction without curvature is in the null space: nothing more can be gained along it.
    if (!(curvature > 0)) break;
    const alpha = rho / curvature;
    for (let i = 0; i < size; i++) {
      x[i]! += alpha * direction[i]!;
      residual[i]! -= alpha * image[i]!;
    }
    precondition(residual, z);
    const next = dot(residual, z);
    const beta = next / rho;
    for (let i = 0; i < size; i++) direction[i] = z[i]! + beta * direction[i]!;
    rho = next;
    done += 1;
  }
  const relative = Math.sqrt(Math.max(rho, 0)) / start;
  return { x, iterations: done, residual: relative, converged: relative <= tolerance };
}
