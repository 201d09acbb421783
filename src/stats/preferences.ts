import { type Comparisons, checkComparisons, inOrderOfFirst, mergeRepeats } from './comparisons.ts';
import { type Connectivity, connectivity } from './connectivity.ts';
import { centre, denseSolver, sparseSolver } from './information.ts';
import { maxNorm } from './linear-algebra.ts';
import { maximise } from './newton.ts';
import { OUTCOME_MODELS, type TieModel } from './outcome-models.ts';
import { PreferenceInference } from './preference-inference.ts';
import { preferenceProblem, type Shared, unidentified } from './preference-model.ts';

export interface PreferenceOptions {
  /**
   * Precision of a normal prior on strengths: the penalty is (ridge / 2)·Σθ². 0 is maximum likelihood. A penalty written
   * α·Σθ² (choix) is ridge = 2α.
   */
  readonly ridge?: number;
  /** Estimate a bonus for the first side. */
  readonly order?: boolean;
  /** Default `davidson` where there are ties. */
  readonly ties?: TieModel;
  /** Precision of a normal prior on the order bonus and on the coefficients of covariates. */
  readonly covariateRidge?: number;
  /** `auto`: dense up to 400 contestants, sparse above; both give the same answers. */
  readonly method?: 'auto' | 'dense' | 'sparse';
  /** Parameters to start from: strengths, order, covariates, tie, as `PreferenceFit.parameters`. */
  readonly start?: Float64Array;
}

export interface PreferenceFit {
  /** Log-strengths, mean 0. */
  readonly strengths: Float64Array;
  /** Log-odds bonus of the first side; null when not estimated. */
  readonly order: number | null;
  readonly covariates: readonly { readonly name: string; readonly value: number }[];
  /** ν of Davidson or κ of Rao–Kupper; null when ties carry no parameter. */
  readonly tie: { readonly model: TieModel; readonly value: number } | null;
  /** Log-likelihood at the estimate, the prior left out. */
  readonly logLikelihood: number;
  /** Free parameters: strengths less one, and the rest. */
  readonly degrees: number;
  /** Comparisons: the sum of all counts. */
  readonly n: number;
  readonly ridge: number;
  readonly covariateRidge: number;
  /** Found when asked for: with a prior the fit does not need it. */
  readonly connectivity: Connectivity;
  readonly method: 'dense' | 'sparse';
  readonly iterations: number;
  /** Largest absolute derivative of the penalised log-likelihood at the estimate. */
  readonly gradient: number;
  /** Strengths, order, covariates, log ν or log κ: what `start` takes. */
  readonly parameters: Float64Array;
  /** Standard errors and intervals. */
  readonly inference: PreferenceInference;
}

/** Largest number of contestants for which `auto` inverts the whole information matrix. */
const DENSE_LIMIT = 400;

const total = (column: Float64Array | undefined): number => column?.reduce((sum, v) => sum + v, 0) ?? 0;

/**
 * Strengths from paired comparisons (Bradley and Terry 1952) with ties, a bonus for the first side and covariates, in one
 * model: log-odds of the first side d = θ_first − θ_second + order + Σ γₖxₖ. Maximum likelihood, or the posterior mode
 * under normal priors, by Newton's method with line search; the likelihood is concave, so the maximum is the only one.
 * Without a prior the comparisons must be connected (`connectivity`); where no finite maximum exists the result says why.
 * Malformed columns throw a RangeError. Comparisons are taken as independent given strengths: for raters who give many,
 * use `clusterBootstrap` for intervals.
 */
export function fitPreferences(
  comparisons: Comparisons,
  { ridge = 0, order = false, ties, covariateRidge = 0, method = 'auto', start }: PreferenceOptions = {},
): PreferenceFit | { readonly undefined: string } {
  checkComparisons(comparisons);
  for (const [name, prior] of Object.entries({ ridge, covariateRidge })) {
    if (!(prior >= 0 && prior < Infinity)) throw new RangeError(`Expected ${name} to be at least 0; got ${prior}`);
  }
  const { contestants, covariates = [] } = comparisons;
  const called = new Set(['order', ...covariates.map((c) => c.name)]);
  if (called.size <= covariates.length)
    throw new RangeError("Expected covariates of different names, none of them 'order'");
  const decided = total(comparisons.firstWins) + total(comparisons.secondWins);
  const tied = total(comparisons.ties);
  const n = decided + tied;
  if (contestants < 2 || n === 0) return { undefined: 'there is no comparison between two contestants' };
  const model = ties ?? (tied > 0 ? 'davidson' : 'half');
  const outcome = OUTCOME_MODELS[model];
  const tie = outcome.hasParameter;
  if (tie && tied === 0) return { undefined: `no tie to estimate the parameter of ${model} from: use 'half'` };
  if (tie && decided === 0)
    return { undefined: 'every comparison is a tie, so the tie parameter has no finite maximum' };
  let connected: Connectivity | undefined;
  const connection = () => (connected ??= connectivity(comparisons));
  if (ridge === 0 && !connection().connected) {
    return {
      undefined: `${connection().reason}; no finite maximum of the likelihood exists: give a prior (ridge) or leave them out`,
    };
  }

  const used = method === 'auto' ? (contestants <= DENSE_LIMIT ? 'dense' : 'sparse') : method;
  const merged = mergeRepeats(comparisons);
  const data = used === 'dense' ? merged : inOrderOfFirst(merged);
  const contests = data.first.length;
  const shared: Shared[] = [
    ...(order ? [{ name: 'order', values: new Float64Array(contests).fill(1), ridge: covariateRidge }] : []),
    ...(data.covariates ?? []).map((c) => ({ ...c, ridge: covariateRidge })),
  ];
  const factory = used === 'dense' ? denseSolver(data) : sparseSolver(data);
  const free = shared.filter((s) => s.ridge === 0);
  const confounded = unidentified(data, free, { factory, ridge });
  if (confounded !== null) return { undefined: confounded };

  const tieAt = contestants + shared.length;
  const size = tieAt + Number(tie);
  const theta = new Float64Array(size);
  if (tie) theta[tieAt] = outcome.start(tied / n);
  if (start && start.length !== size)
    throw new RangeError(`Expected ${size} parameters to start from; got ${start.length}`);
  if (start) theta.set(start);
  const problem = preferenceProblem({ data, shared, ties: model, ridge, factory });
  // What a unit of each parameter does to log-odds at most: a covariate in characters has a coefficient of 1e-4.
  const reach = new Float64Array(size).fill(1);
  for (const [k, { values }] of shared.entries()) reach[contestants + k] = maxNorm(values);
  const { at, iterations, slope, solver, converged } = maximise(problem, theta, { reach });
  // Connected strengths cannot run away alone: where no finite maximum exists some coefficient does, until odds of e^25.
  const unbounded = [...shared.map((s) => s.ridge === 0), ...(tie ? [true] : [])];
  const runaway = unbounded.findIndex((f, k) => f && Math.abs(at[contestants + k]!) * reach[contestants + k]! > 25);
  if (runaway >= 0) {
    const name = shared[runaway]?.name ?? 'the tie parameter';
    return {
      undefined: `${name} grows without limit (${at[contestants + runaway]!.toFixed(1)} after ${iterations} steps): it separates the outcomes, so no finite maximum exists; give a prior or leave it out`,
    };
  }
  if (!converged) {
    return {
      undefined: `Newton's method did not converge in ${iterations} steps (largest derivative ${slope.toExponential(1)}); a stronger prior (ridge) makes the problem better posed`,
    };
  }
  centre(at, contestants);
  const names = shared.map((s) => s.name);
  return {
    strengths: at.slice(0, contestants),
    order: order ? at[contestants]! : null,
    covariates: names.slice(Number(order)).map((name, k) => ({ name, value: at[contestants + Number(order) + k]! })),
    tie: tie ? { model, value: Math.exp(at[tieAt]!) } : null,
    logLikelihood: problem.logLikelihood(at),
    degrees: size - 1,
    n,
    ridge,
    covariateRidge,
    get connectivity() {
      return connection();
    },
    method: used,
    iterations,
    gradient: slope,
    parameters: at,
    inference: new PreferenceInference({ solver, parameters: at, contestants, coefficients: names, tie, n }),
  };
}
