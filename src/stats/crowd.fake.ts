import { comparisonsOf, type RatedComparisons, type Rng, sigmoid } from './index.ts';

/** The answer, or an error with the reason why there is none. */
export const value = <T>(answer: T | { readonly undefined: string }): T => {
  if (answer instanceof Object && 'undefined' in answer) throw new Error(answer.undefined);
  return answer as T;
};
export const contains = ({ interval }: { interval: { low: number; high: number } }, x: number) =>
  interval.low <= x && x <= interval.high;

/** Each rater compares random pairs; log-odds come from the rater's own utilities. */
export function crowd(
  rng: Rng,
  raters: number,
  each: number,
  utilities: (rater: number) => ArrayLike<number>,
): RatedComparisons {
  const n = utilities(0).length;
  const rater = Int32Array.from({ length: raters * each }, (_, e) => Math.floor(e / each));
  const contests = Array.from(rater, (r) => {
    const first = rng.integer(n);
    const second = (first + 1 + rng.integer(n - 1)) % n;
    const won = rng.uniform() < sigmoid(utilities(r)[first]! - utilities(r)[second]!);
    return { first, second, firstWins: Number(won), secondWins: Number(!won) };
  });
  return { ...comparisonsOf(contests, n), rater, raters };
}
export const truth = [1.2, 0.6, 0.1, -0.3, -0.7, -0.9];
export const scaled = (beta: number) => truth.map((t) => beta * t);

/** Inverse of a symmetric matrix, by elimination: independent of the code under test. */
export function invert(matrix: number[][]): number[][] {
  const n = matrix.length;
  const a = matrix.map((row, i) => [...row, ...row.map((_, j) => Number(i === j))]);
  for (let c = 0; c < n; c++) {
    const p = a[c]![c]!;
    for (let j = 0; j < 2 * n; j++) a[c]![j]! /= p;
    for (let r = 0; r < n; r++) {
      const f = a[r]![c]!;
      if (r !== c) for (let j = 0; j < 2 * n; j++) a[r]![j]! -= f * a[c]![j]!;
    }
  }
  return a.map((row) => row.slice(n));
}
export function hessian(f: (x: number[]) => number, at: number[], h = 1e-3): number[][] {
  const moved = (i: number, a: number, j: number, b: number) =>
    at.map((v, k) => v + (k === i ? a : 0) + (k === j ? b : 0));
  return at.map((_, i) =>
    at.map(
      (_, j) =>
        (f(moved(i, h, j, h)) - f(moved(i, h, j, -h)) - f(moved(i, -h, j, h)) + f(moved(i, -h, j, -h))) / (4 * h * h),
    ),
  );
}
