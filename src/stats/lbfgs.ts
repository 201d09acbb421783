import { dot } from './linear-algebra.ts';

/** Value and gradient of a smooth function. */
export type Objective = (x: Float64Array, gradient: Float64Array) => number;

/**
 * Minimises a convex function by L-BFGS (Nocedal and Wright, Alg. 7.5) with backtracking; returns the last point. A step to
 * a point without a finite value and gradient is halved like one that leads up; a start without them throws a RangeError.
 */
export function minimise(
  objective: Objective,
  start: Float64Array,
  { iterations = 60, memory = 8, tolerance = 1e-6 }: { iterations?: number; memory?: number; tolerance?: number } = {},
): Float64Array {
  let x = start.slice();
  let gradient = new Float64Array(x.length);
  let value = objective(x, gradient);
  const known = (v: number, g: Float64Array) => Number.isFinite(v) && g.every(Number.isFinite);
  if (!known(value, gradient)) {
    throw new RangeError(
      `expected a finite value and gradient at the start of the search, got ${value}: look for missing or overflowing numbers in the data`,
    );
  }
  const history: { s: Float64Array; y: Float64Array; rho: number }[] = [];
  for (let iteration = 0; iteration < iterations; iteration++) {
    const norm = Math.sqrt(dot(gradient, gradient));
    if (norm < tolerance * Math.max(1, Math.abs(value))) break;
    const direction = gradient.map((g) => -g);
    const alphas: number[] = [];
    for (const { s, y, rho } of [...history].reverse()) {
      const alpha = rho * dot(s, direction);
      alphas.push(alpha);
      for (let i = 0; i < x.length; i++) direction[i]! -= alpha * y[i]!;
    }
    const last = history.at(-1);
    const scale = last === undefined ? 1 / Math.max(1, norm) : 1 / (last.rho * dot(last.y, last.y));
    for (let i = 0; i < x.length; i++) direction[i]! *= scale;
    for (const { s, y, rho } of history) {
      const beta = rho * dot(y, direction);
      const alpha = alphas.pop()!;
      for (let i = 0; i < x.length; i++) direction[i]! += (alpha - beta) * s[i]!;
    }
    const slope = dot(gradient, direction);
    let step = 1;
    let next = x;
    let nextGradient = gradient;
    let nextValue = value;
    for (let tries = 0; tries < 30; tries++, step /= 2) {
      next = x.map((v, i) => v + step * direction[i]!);
      nextGradient = new Float64Array(x.length);
      nextValue = objective(next, nextGradient);
      if (known(nextValue, nextGradient) && nextValue <= value + 1e-4 * step * slope) break;
    }
    if (!(nextValue < value && known(nextValue, nextGradient))) break;
    const s = next.map((v, i) => v - x[i]!);
    const y = nextGradient.map((v, i) => v - gradient[i]!);
    const curvature = dot(s, y);
    if (curvature > 1e-12) history.push({ s, y, rho: 1 / curvature });
    if (history.length > memory) history.shift();
    [x, gradient, value] = [next, nextGradient, nextValue];
  }
  return x;
}
