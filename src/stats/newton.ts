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

/**
 * Maximises by Newton's method (or scoring) with step halving. A step below `tolerance` ends the search: what it leaves is
 * of the order of its square. Unconverged after `steps`, or when a system is singular.
 */
export function maximise(
  problem: Problem,
  start: Float64Array,
  { steps = 100, tolerance = 1e-5 }: { steps?: number; tolerance?: number } = {},
): Maximum {
  let at = start;
  let now = problem.expand(at);
  let [iterations, change, converged] = [0, Infinity, false];
  while (iterations < steps && !converged) {
    // Solved only as well as the last step was small, systems cost less and convergence stays fast (Eisenstat and Walker 1996).
    const accuracy = Math.max(1e-8, Math.min(0.1, change * change));
    const step = now.solver.solve(now.gradient, accuracy);
    if (step === null) {
      // At a maximum, what is left of the gradient is rounding, which a singular system cannot be solved for.
      converged = change < 1e-6;
      break;
    }
    iterations += 1;
    const moved = (factor: number) => at.map((v, i) => v + factor * step[i]!);
    const enough = now.objective - 1e-11 * (1 + Math.abs(now.objective));
    let scale = 1;
    let next = moved(1);
    let expansion = problem.expand(next);
    if (!(expansion.objective >= enough)) {
      do {
        scale /= 2;
        next = moved(scale);
      } while (scale > 1e-10 && !(problem.value(next) >= enough));
      if (!(scale > 1e-10)) break;
      expansion = problem.expand(next);
    }
    const size = maxNorm(step);
    // Only a step from a tight solve may end the search.
    converged = scale === 1 && size < tolerance && size * accuracy <= 1e-9;
    change = size * scale;
    at = next;
    now = expansion;
  }
  return { ...now, at, iterations, converged, slope: maxNorm(now.gradient) };
}
