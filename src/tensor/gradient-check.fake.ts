import type { NdArray } from './evaluate.ts';

/**
 * Steps of the stencil: the first that suits an element counts, since a curved function wants a short one and a large value a
 * long one. Kinks and ties must lie further than twice the longest from every fed value.
 */
const STEPS = [3e-4, 1e-4, 1e-3];
export const STENCIL_STEP = Math.max(...STEPS);

/** Parts of the largest gradient below which an error counts against that part, not against the tiny entry itself. */
const SMALL = 1e-3;

/**
 * Derivative of `value` with respect to one element of an array that it reads, by the central five-point stencil in float64:
 * error O(h⁴), so that 1e-6 is asked of the rule under test and not of the differences (Abramowitz and Stegun 25.3.6).
 */
export function centralDifference(data: Float64Array, index: number, value: () => number, h = STEPS[0]!): number {
  const x = data[index]!;
  const at = (v: number) => {
    data[index] = v;
    return value();
  };
  const derivative = (8 * (at(x + h) - at(x - h)) - (at(x + 2 * h) - at(x - 2 * h))) / (12 * h);
  data[index] = x;
  return derivative;
}

/**
 * Largest relative error of gradients against central differences. `gradients` and `feeds` go by the names of `gradients`; of
 * an array with more than `sample` elements, that many evenly spaced ones are checked.
 */
export function gradientError(
  gradients: Readonly<Record<string, NdArray>>,
  feeds: Readonly<Record<string, NdArray>>,
  options: { readonly value: () => number; readonly sample?: number },
): number {
  let worst = 0;
  // Rounding of the value itself, below which differences say nothing: some units in its last place.
  const noise = 1e-15 * Math.abs(options.value());
  for (const [name, { data: analytic }] of Object.entries(gradients)) {
    const { data } = feeds[name]!;
    const largest = analytic.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
    const stride = Math.max(1, Math.floor(data.length / (options.sample ?? data.length)));
    for (let i = 0; i < data.length; i += stride) {
      const got = analytic[i]!;
      let error = Number.POSITIVE_INFINITY;
      for (const h of STEPS) {
        const numeric = centralDifference(data, i, options.value, h);
        const scale = Math.max(Math.abs(got), Math.abs(numeric), SMALL * largest, (1e6 * noise) / h, 1e-6);
        error = Math.min(error, Math.abs(got - numeric) / scale);
        if (error < 1e-7) break;
      }
      if (!(error <= worst)) worst = error;
    }
  }
  return worst;
}
