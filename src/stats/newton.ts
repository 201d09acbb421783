import type { InformationSolver } from './information.ts';
import { maxNorm } from './linear-algebra.ts';

/** A point's objective, its gradient, and a solver with the information (minus the Hessian, or its expectation) there. */
export interface Expansion {
  readonly objective: number;
  readonly gradient: Float64Array;
  readonly solver: InformationSolver;
}

export interface Problem {
  /** Objective at a point, −∞ outside its domain. */
  value(at: Float64Array): number;
  expand(at: Float64Array): Expansion;
}

export interface Maximum extends Expansion {
  readonly at: Float64Array;
  readonly iterations: number;
  readonly converged: boolean;
  /** Largest absolute derivative. */
  readonly slope: number;
}

/** Maximises by Newton's method (or scoring) with step halving. Unconverged after `steps`, or when a system is singular. */
export function maximise(
  problem: Problem,
  start: Float64Array,
  { steps = 100, tolerance = 1e-8 }: { steps?: number; tolerance?: number } = {},
): Maximum {
  let at = start;
  let now = problem.expand(at);
  let [iterations, change, converged] = [0, Infinity, false];
  while (iterations < steps && !converged) {
    // Loose solves far from the maximum, tight ones near it, keep the fast convergence of Newton at less work.
    const step = now.solver.solve(now.gradient, change > 0.5 ? 0.1 : change > 1e-2 ? 1e-3 : 1e-8);
    if (step === null) {
      // At a maximum, what is left of the gradient is rounding, which a singular system cannot be solved for.
      converged = change < 1e-6;
      break;
    }
    iterations += 1;
    const size = maxNorm(step);
    const slack = 1e-11 * (1 + Math.abs(now.objective));
    let scale = 1;
    let next = at;
    for (; scale > 1e-10; scale /= 2) {
      const factor = scale;
      next = at.map((v, i) => v + factor * step[i]!);
      if (problem.value(next) >= now.objective - slack) break;
    }
    if (!(scale > 1e-10)) break;
    // Only a step from a tight solve may end the search.
    converged = scale === 1 && size < tolerance && change <= 1e-2;
    change = size * scale;
    at = next;
    now = problem.expand(at);
  }
  return { ...now, at, iterations, converged, slope: maxNorm(now.gradient) };
}
