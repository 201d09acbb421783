import { normalQuantile } from './functions.ts';
import type { InformationSolver } from './information.ts';
import type { Interval } from './intervals.ts';
import { dot } from './linear-algebra.ts';
import type { Uniform } from './random.ts';

/** An estimated coefficient with its standard error and normal interval. */
export interface Coefficient {
  readonly value: number;
  readonly standardError: number;
  readonly interval: Interval;
  /** Comparisons behind the fit. */
  readonly n: number;
}

/** Why a standard error cannot be had. */
export type NoCoefficient = { readonly undefined: string };

interface Fitted {
  readonly solver: InformationSolver;
  /** Strengths, then the named coefficients, then the tie parameter on the log scale. */
  readonly parameters: Float64Array;
  readonly contestants: number;
  /** Null for a parameter that has no meaning of its own. */
  readonly coefficients: readonly (string | null)[];
  readonly tie: boolean;
  readonly n: number;
}

/**
 * Standard errors and Wald intervals from the inverse of the observed information (with a prior: Laplace approximation of
 * the posterior). Strengths are relative to their mean, so their errors are too; small fits invert the whole matrix once,
 * large ones solve one system for each number asked for.
 */
export class PreferenceInference {
  readonly #fit: Fitted;
  #covariance: Float64Array | null | undefined;

  constructor(fit: Fitted) {
    this.#fit = fit;
  }

  /** Strength of a contestant relative to the mean of all. */
  strength(contestant: number, level = 0.95): Coefficient | NoCoefficient {
    return this.contrast([[contestant, 1]], level);
  }

  /** θ_a − θ_b. */
  difference(a: number, b: number, level = 0.95): Coefficient | NoCoefficient {
    return this.contrast(
      [
        [a, 1],
        [b, -1],
      ],
      level,
    );
  }

  /** A weighted sum of centred strengths. */
  contrast(weights: readonly (readonly [contestant: number, weight: number])[], level = 0.95) {
    const { contestants, parameters } = this.#fit;
    const direction = new Float64Array(parameters.length);
    let sum = 0;
    for (const [i, w] of weights) {
      if (!(i >= 0 && i < contestants))
        throw new RangeError(`Expected a contestant of 0 … ${contestants - 1}; got ${i}`);
      direction[i]! += w;
      sum += w;
    }
    for (let i = 0; i < contestants; i++) direction[i]! -= sum / contestants;
    return this.#wald(direction, level);
  }

  /** `order` or a covariate, by name. */
  coefficient(name: string, level = 0.95): Coefficient | NoCoefficient {
    const { contestants, coefficients } = this.#fit;
    const k = coefficients.indexOf(name);
    if (k < 0)
      return {
        undefined: `${name} was not estimated; estimated are: ${coefficients.filter((c) => c !== null).join(', ') || 'none'}`,
      };
    return this.#wald(this.#unit(contestants + k), level);
  }

  /** The tie parameter on its own scale (ν or κ), the interval taken on the log scale. */
  tie(level = 0.95): Coefficient | NoCoefficient {
    if (!this.#fit.tie) return { undefined: 'ties carry no parameter in this fit' };
    const log = this.#wald(this.#unit(this.#fit.parameters.length - 1), level);
    if ('undefined' in log) return log;
    const value = Math.exp(log.value);
    const interval = { low: Math.exp(log.interval.low), high: Math.exp(log.interval.high), level };
    return { value, standardError: value * log.standardError, interval, n: log.n };
  }

  /** Covariance of strengths, coefficients and log tie parameter, row-major; null for sparse fits. */
  covariance(): Float64Array | null {
    this.#covariance ??= this.#fit.solver.covariance();
    return this.#covariance;
  }

  /**
   * Standard errors of all strengths at once, estimated from `probes` random solves: the diagonal of the inverse by
   * Bekas, Kokiopoulou and Saad (2007). `relativeError` is the root mean square of their own sampling error, relative.
   */
  stochasticStandardErrors({
    uniform,
    probes = 64,
  }: {
    uniform: Uniform;
    probes?: number;
  }): { standardErrors: Float64Array; probes: number; relativeError: number } | NoCoefficient {
    const { contestants, parameters, solver } = this.#fit;
    const sum = new Float64Array(contestants);
    const squares = new Float64Array(contestants);
    for (let s = 0; s < probes; s++) {
      const signs = new Float64Array(parameters.length);
      let mean = 0;
      for (let i = 0; i < contestants; i++) {
        signs[i] = uniform() < 0.5 ? -1 : 1;
        mean += signs[i]! / contestants;
      }
      const rhs = Float64Array.from(signs, (v, i) => (i < contestants ? v - mean : 0));
      const x = solver.solve(rhs, 1e-6);
      if (x === null) return { undefined: 'the information matrix is singular, or too ill-conditioned to solve with' };
      for (let i = 0; i < contestants; i++) {
        const product = signs[i]! * x[i]!;
        sum[i]! += product;
        squares[i]! += product * product;
      }
    }
    let error = 0;
    const standardErrors = new Float64Array(contestants);
    for (let i = 0; i < contestants; i++) {
      const variance = Math.max(sum[i]! / probes, 0);
      standardErrors[i] = Math.sqrt(variance);
      const spread = Math.max(squares[i]! / probes - variance ** 2, 0) / Math.max(probes - 1, 1);
      // Half the relative error of the variance is that of its root.
      if (variance > 0) error += spread / (4 * variance ** 2) / contestants;
    }
    return { standardErrors, probes, relativeError: Math.sqrt(error) };
  }

  #unit(at: number): Float64Array {
    const direction = new Float64Array(this.#fit.parameters.length);
    direction[at] = 1;
    return direction;
  }

  #wald(direction: Float64Array, level: number): Coefficient | NoCoefficient {
    const { parameters, solver, n } = this.#fit;
    const x = solver.solve(direction);
    if (x === null) return { undefined: 'the information matrix is singular, or too ill-conditioned to solve with' };
    const value = dot(direction, parameters);
    const standardError = Math.sqrt(dot(direction, x));
    const z = normalQuantile(0.5 + level / 2) * standardError;
    return { value, standardError, interval: { low: value - z, high: value + z, level }, n };
  }
}
