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

/** Whether an objective and its gradient are numbers: +∞ is the overflow of a sum, never a maximum. */
const known = ({ objective, gradient }: Expansion): boolean =>
  Number.isFinite(objective) && gradient.every(Number.isFinite);

/**
 * Maximises by Newton's method (or scoring) with step halving. A step to a point whose objective or gradient is not finite
 * is halved like one that leads down. A step below `tolerance` ends the search: what it leaves is of the order of its
 * square. Unconverged after `steps`, when a system is singular, or when the start itself has no finite objective.
 */
export function maximise(
  problem: Problem,
  start: Float64Array,
  {
    steps = 100,
    tolerance = 1e-5,
    reach,
  }: {
    steps?: number;
    tolerance?: number;
    /** Most that a step of 1 in a parameter moves the scale on which `tolerance` is meant; 1 for all by default. */
    reach?: ArrayLike<number>;
  } = {},
): Maximum {
  let at = start;
  let now = problem.expand(at);
  let [iterations, change, converged] = [0, Infinity, false];
  const startKnown = known(now);
  while (startKnown && iterations < steps && !converged) {
    // Solved only as well as the last step was small, systems cost less and convergence stays fast (Eisenstat and Walker 1996).
    const accuracy = Math.max(1e-8, Math.min(0.1, change * change));
    const step = now.solver.solve(now.gradient, accuracy);
    if (!step?.every(Number.isFinite)) {
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
    while (!(known(expansion) && expansion.objective >= enough) && scale > 1e-10) {
      let value: number;
      do {
        scale /= 2;
        next = moved(scale);
        value = problem.value(next);
      } while (scale > 1e-10 && !(Number.isFinite(value) && value >= enough));
      expansion = problem.expand(next);
    }
    if (!(scale > 1e-10)) break;
    const size = maxNorm(reach === undefined ? step : step.map((v, i) => v * reach[i]!));
    // Only a step from a tight solve may end the search.
    converged = scale === 1 && size < tolerance && size * accuracy <= 1e-9;
    change = size * scale;
    at = next;
    now = expansion;
  }
  return { ...now, at, iterations, converged, slope: maxNorm(now.gradient) };
}
