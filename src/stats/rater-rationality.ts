import { checkComparisons, inOrderOfFirst, type RatedComparisons } from './comparisons.ts';
import type { Connectivity } from './connectivity.ts';
import { normalQuantile } from './functions.ts';
import { byContestant, centre, type InformationSolver } from './information.ts';
import { conjugateGradients, dot, type Operator } from './linear-algebra.ts';
import { maximise } from './newton.ts';
import { OUTCOME_MODELS, outcomeDerivatives } from './outcome-models.ts';
import type { Coefficient } from './preference-inference.ts';
import { fitPreferences } from './preferences.ts';

export interface RationalityOptions {
  /** Precision of the normal prior on strengths; 0 (with an infinite spread) is maximum likelihood. */
  readonly ridge?: number;
  /**
   * Standard deviation of the normal prior on a rater's β around 1. Infinity is maximum likelihood, in which the scale of
   * β is set by its mean, 1.
   */
  readonly spread?: number;
}

export interface RationalityFit {
  /** Log-strengths, mean 0, on the scale of a rater with β = 1. */
  readonly strengths: Float64Array;
  /** β by rater: 1 is typical, 0 answers at random, below 0 answers against the rest. */
  readonly rationality: Float64Array;
  /** Comparisons by rater. */
  readonly counts: Float64Array;
  readonly logLikelihood: number;
  /** Free parameters: strengths less one, and raters (less one without a prior on β). */
  readonly degrees: number;
  readonly n: number;
  readonly connectivity: Connectivity;
  readonly iterations: number;
  /** Largest absolute derivative of the penalised log-likelihood. */
  readonly gradient: number;
  /** β of a rater with its standard error, all else estimated too, and normal interval; n counts the rater's comparisons. */
  rater(rater: number, level?: number): Coefficient | { readonly undefined: string };
  /** θ_a − θ_b. */
  difference(a: number, b: number, level?: number): Coefficient | { readonly undefined: string };
  /** Standard errors of all β as if strengths were known: cheap, and too small where a rater's items have few other raters. */
  conditionalErrors(): Float64Array;
}

/** The penalised log-likelihood of strengths and β, one vector: its value, its expansion, and its information. */
function rationalityProblem(data: RatedComparisons, { ridge, spread }: Required<RationalityOptions>) {
  const likely = spread === Infinity;
  const priorOfRater = likely ? 0 : spread ** -2;
  const { contestants, raters, first, second, rater } = data;
  const contests = first.length;
  const size = contestants + raters;
  const outcome = OUTCOME_MODELS.half;
  const logOdds = new Float64Array(contests);
  const gap = new Float64Array(contests);
  const beta = new Float64Array(contests);
  const derivatives = outcomeDerivatives(contests);
  const logLikelihood = (at: Float64Array, out: typeof derivatives | null = null) => {
    for (let e = 0; e < contests; e++) {
      gap[e] = at[first[e]!]! - at[second[e]!]!;
      beta[e] = at[contestants + rater[e]!]!;
      logOdds[e] = gap[e]! * beta[e]!;
    }
    return outcome.logLikelihood(data, logOdds, 0, out);
  };
  const penalty = (at: Float64Array) => {
    let sum = 0;
    for (let i = 0; i < contestants; i++) sum += (ridge / 2) * at[i]! ** 2;
    for (let r = contestants; r < size; r++) sum += (priorOfRater / 2) * (at[r]! - 1) ** 2;
    return sum;
  };
  const { score, weight } = derivatives;
  // Observed information differs from the expected one by −score at (contestant, rater), where log-odds are bilinear.
  const operator =
    (observed: boolean, free: Float64Array | null): Operator =>
    (x, out) => {
      for (let i = 0; i < contestants; i++) out[i] = ridge * x[i]!;
      for (let r = contestants; r < size; r++) out[r] = priorOfRater * x[r]!;
      for (let e = 0; e < contests; e++) {
        const a = first[e]!;
        const b = second[e]!;
        const r = contestants + rater[e]!;
        const along = x[a]! - x[b]!;
        const pull = weight[e]! * (beta[e]! * along + gap[e]! * x[r]!);
        const bend = observed ? score[e]! : 0;
        const side = beta[e]! * pull - bend * x[r]!;
        out[a]! += side;
        out[b]! -= side;
        out[r]! += gap[e]! * pull - bend * along;
      }
      if (free === null) return;
      const along = dot(free, x);
      for (let i = 0; i < size; i++) out[i]! += along * free[i]!;
    };
  // Without priors (cθ, β/c) is as likely for every c: this direction is filled in, and no answer depends on by how much.
  const scaleDirection = (at: Float64Array, diagonal: Float64Array): Float64Array | null => {
    if (!likely) return null;
    const free = at.map((v, i) => (i < contestants ? v : -v));
    const fill = Math.sqrt(diagonal.reduce((sum, v) => sum + v, 0) / size / dot(free, free));
    return free.map((v) => v * fill);
  };
  const diagonalOf = () => {
    const diagonal = new Float64Array(size).fill(ridge, 0, contestants).fill(priorOfRater, contestants);
    for (let e = 0; e < contests; e++) {
      const w = weight[e]!;
      diagonal[first[e]!]! += w * beta[e]! ** 2;
      diagonal[second[e]!]! += w * beta[e]! ** 2;
      diagonal[contestants + rater[e]!]! += w * gap[e]! ** 2;
    }
    return diagonal;
  };
  const solver = (
    at: Float64Array,
    diagonal = diagonalOf(),
    free = scaleDirection(at, diagonal),
  ): InformationSolver => ({
    solve: (rhs, tolerance = 1e-10) => {
      const precondition: Operator = (x, out) => {
        for (let i = 0; i < size; i++) out[i] = diagonal[i]! > 0 ? x[i]! / diagonal[i]! : 0;
      };
      // The observed information may be indefinite far from the maximum; there the expected one leads uphill.
      for (const observed of [true, false]) {
        const { x, converged } = conjugateGradients(operator(observed, free), precondition, rhs, { tolerance });
        if (!converged) continue;
        centre(x, contestants);
        return x;
      }
      return null;
    },
    covariance: () => null,
  });
  const expand = (x: Float64Array) => {
    const objective = logLikelihood(x, derivatives) - penalty(x);
    const gradient = new Float64Array(size);
    const side = score.map((s, e) => s * beta[e]!);
    gradient.set(byContestant(data, side));
    for (let i = 0; i < contestants; i++) gradient[i]! -= ridge * x[i]!;
    for (let e = 0; e < contests; e++) gradient[contestants + rater[e]!]! += score[e]! * gap[e]!;
    for (let r = contestants; r < size; r++) gradient[r]! -= priorOfRater * (x[r]! - 1);
    centre(gradient, contestants);
    return { objective, gradient, solver: solver(x) };
  };
  return { size, logLikelihood, penalty, expand, solver, diagonalOf, derivatives };
}
type RationalityProblem = ReturnType<typeof rationalityProblem>;

/** Where the search ended, scaled and centred. */
interface Found {
  readonly at: Float64Array;
  /** Whether there were no priors. */
  readonly likely: boolean;
  readonly consensus: Pick<RationalityFit, 'n' | 'connectivity'>;
  readonly iterations: number;
  readonly slope: number;
}

/** Estimates at the maximum `at`, on the scale of a rater with β = 1. */
function fitAt(
  data: RatedComparisons,
  problem: RationalityProblem,
  { at, likely, consensus, iterations, slope }: Found,
): RationalityFit {
  const { contestants, raters, rater } = data;
  const { size } = problem;
  const found = problem.logLikelihood(at, problem.derivatives);
  const final = problem.solver(at);
  const counts = new Float64Array(raters);
  const { firstWins, secondWins, ties } = data;
  for (let e = 0; e < rater.length; e++) counts[rater[e]!]! += firstWins[e]! + secondWins[e]! + (ties ? ties[e]! : 0);
  const wald = (direction: Float64Array, n: number, level: number) => {
    const x = final.solve(direction);
    if (x === null) return { undefined: 'the information matrix is singular, or too ill-conditioned to solve with' };
    const value = dot(direction, at);
    const standardError = Math.sqrt(dot(direction, x));
    const z = normalQuantile(0.5 + level / 2) * standardError;
    return { value, standardError, interval: { low: value - z, high: value + z, level }, n };
  };
  const strengths = at.slice(0, contestants);
  return {
    strengths,
    rationality: at.slice(contestants),
    counts,
    logLikelihood: found,
    degrees: contestants - 1 + raters - Number(likely),
    n: consensus.n,
    get connectivity() {
      return consensus.connectivity;
    },
    iterations,
    gradient: slope,
    rater: (r, level = 0.95) => {
      const direction = new Float64Array(size);
      direction[contestants + r] = 1;
      const value = at[contestants + r]!;
      // β is relative to the mean of all where no prior sets its scale.
      if (likely) for (let q = contestants; q < size; q++) direction[q]! -= value / raters;
      const result = wald(direction, counts[r]!, level);
      if ('undefined' in result) return result;
      const half = (result.interval.high - result.interval.low) / 2;
      return { ...result, value, interval: { low: value - half, high: value + half, level } };
    },
    difference: (a, b, level = 0.95) => {
      const direction = new Float64Array(size);
      direction[a]! += 1;
      direction[b]! -= 1;
      const value = strengths[a]! - strengths[b]!;
      if (likely) for (let q = contestants; q < size; q++) direction[q]! += value / raters;
      const result = wald(direction, consensus.n, level);
      if ('undefined' in result) return result;
      const half = (result.interval.high - result.interval.low) / 2;
      return { ...result, value, interval: { low: value - half, high: value + half, level } };
    },
    conditionalErrors: () =>
      problem
        .diagonalOf()
        .slice(contestants)
        .map((v) => 1 / Math.sqrt(v)),
  };
}

/**
 * Bradley–Terry with a rationality for every rater: P(first wins | rater j) = σ(βⱼ(θ_first − θ_second)), the Boltzmann
 * model of noisy choice with its temperature estimated by rater. Strengths and β are found together, by scoring from the
 * consensus of all raters; the problem is not concave, and a crowd of which most answer backwards is turned around. Ties
 * count half. Raters are taken as independent given the strengths: a majority that shares an error looks rational.
 */
export function fitRationality(
  comparisons: RatedComparisons,
  { ridge = 1, spread = 0.5 }: RationalityOptions = {},
): RationalityFit | { readonly undefined: string } {
  checkComparisons(comparisons);
  const { raters } = comparisons;
  const contests = comparisons.first.length;
  if (comparisons.rater.length !== contests || comparisons.rater.some((r) => !(r >= 0 && r < raters))) {
    throw new RangeError(`Expected ${contests} raters of 0 … ${raters - 1}, one a contest`);
  }
  const data = inOrderOfFirst(comparisons);
  const likely = spread === Infinity;
  if (likely !== (ridge === 0)) {
    throw new RangeError(
      'Expected priors on both strengths and rationality or on neither: one alone leaves the scale to it',
    );
  }
  const consensus = fitPreferences({ ...data, covariates: [] }, { ridge, ties: 'half' });
  if ('undefined' in consensus) return consensus;

  const problem = rationalityProblem(data, { ridge, spread });
  const { contestants } = data;
  const size = contestants + raters;
  const start = new Float64Array(size).fill(1, contestants);
  start.set(consensus.strengths);
  const { at, converged, iterations, slope } = maximise(
    { value: (x) => problem.logLikelihood(x) - problem.penalty(x), expand: problem.expand },
    start,
    { tolerance: 1e-8 },
  );
  const scale = likely ? at.subarray(contestants).reduce((sum, b) => sum + b, 0) / raters : 1;
  const extreme = at.subarray(contestants).reduce((top, b, r, all) => (Math.abs(b) > Math.abs(all[top]!) ? r : top), 0);
  if (!converged || Math.abs(at[contestants + extreme]!) > 50 * Math.abs(scale)) {
    return {
      undefined: likely
        ? `no finite maximum was reached in ${iterations} steps: the answers of rater ${extreme} agree with the strengths (almost) without exception, or too few raters are linked; give priors (ridge and spread)`
        : `scoring did not converge in ${iterations} steps (largest derivative ${slope.toExponential(1)}); stronger priors make the problem better posed`,
    };
  }
  for (let i = 0; i < size; i++) at[i]! *= i < contestants ? scale : 1 / scale;
  centre(at, contestants);
  return fitAt(data, problem, { at, likely, consensus, iterations, slope });
}
