import { type Comparisons, checkComparisons, mergeRepeats } from './comparisons.ts';
import { type Connectivity, connectivity } from './connectivity.ts';
import {
  byContestant,
  centre,
  denseSolver,
  type Information,
  type SolverFactory,
  sparseSolver,
} from './information.ts';
import { cholesky, maxNorm } from './linear-algebra.ts';
import { OUTCOME_MODELS, type OutcomeDerivatives, outcomeDerivatives, type TieModel } from './outcome-models.ts';
import { PreferenceInference } from './preference-inference.ts';

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
  /** Precision of a normal prior on the coefficients of covariates. */
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
const MAX_STEPS = 100;

/** A column of the shared part of the log-odds: order or a covariate. */
interface Shared {
  readonly name: string;
  readonly values: Float64Array;
  readonly ridge: number;
}

const total = (column: Float64Array | undefined): number => column?.reduce((sum, v) => sum + v, 0) ?? 0;

/** Cross block C, and G, of the information for given weights of contests. */
function informationOf(
  data: Comparisons,
  shared: readonly Shared[],
  { derivatives, ridge, tie }: { derivatives: OutcomeDerivatives; ridge: number; tie: boolean },
): Information {
  const { weight, cross } = derivatives;
  const m = shared.length + Number(tie);
  const corner = new Float64Array(m * m);
  const border: Float64Array[] = [];
  const product = new Float64Array(weight.length);
  for (const [k, { values, ridge: prior }] of shared.entries()) {
    for (let e = 0; e < weight.length; e++) product[e] = weight[e]! * values[e]!;
    border.push(byContestant(data, product));
    for (const [l, other] of shared.entries()) {
      let sum = k === l ? prior : 0;
      for (let e = 0; e < weight.length; e++) sum += product[e]! * other.values[e]!;
      corner[k * m + l] = sum;
    }
    if (!tie) continue;
    let sum = 0;
    for (let e = 0; e < weight.length; e++) sum += cross[e]! * values[e]!;
    corner[k * m + m - 1] = sum;
    corner[(m - 1) * m + k] = sum;
  }
  if (tie) {
    border.push(byContestant(data, cross));
    corner[m * m - 1] = derivatives.tieInformation;
  }
  return { weight, ridge, border, corner };
}

/**
 * Why coefficients cannot be told from strengths, or null: a covariate that is a difference of fixed properties of the
 * contestants (or of other covariates) leaves nothing of itself after regression on them.
 */
function unidentified(data: Comparisons, shared: readonly Shared[], factory: SolverFactory): string | null {
  if (shared.length === 0) return null;
  const derivatives = outcomeDerivatives(data.first.length);
  const { firstWins, secondWins, ties } = data;
  for (let e = 0; e < firstWins.length; e++) {
    derivatives.weight[e] = firstWins[e]! + secondWins[e]! + (ties ? ties[e]! : 0);
  }
  const { weight, border, corner } = informationOf(data, shared, { derivatives, ridge: 0, tie: false });
  const solver = factory({ weight, ridge: 0, border: [], corner: new Float64Array(0) });
  const m = shared.length;
  const schur = Float64Array.from(corner);
  for (let k = 0; k < m; k++) {
    const x = solver.solve(border[k]!, 1e-11);
    if (x === null) return null;
    for (let l = 0; l < m; l++) for (let i = 0; i < x.length; i++) schur[l * m + k]! -= border[l]![i]! * x[i]!;
  }
  for (let k = 0; k < m; k++) {
    const size = k + 1;
    const leading = new Float64Array(size * size);
    for (let i = 0; i < size; i++) for (let j = 0; j < size; j++) leading[i * size + j] = schur[i * m + j]!;
    const factor = cholesky(leading, size);
    const left = factor === null ? 0 : factor[size * size - 1]! ** 2;
    if (left <= 1e-9 * corner[k * m + k]! || corner[k * m + k] === 0) {
      return `${shared[k]!.name} cannot be told from the strengths: it is a difference of fixed properties of the contestants, or of what stands before it; give a prior (ridge) or leave it out`;
    }
  }
  return null;
}

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
  const { contestants } = comparisons;
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
  const connected = connectivity(comparisons);
  if (ridge === 0 && !connected.connected) {
    return {
      undefined: `${connected.reason}; no finite maximum of the likelihood exists: give a prior (ridge) or leave them out`,
    };
  }

  const data = mergeRepeats(comparisons);
  const contests = data.first.length;
  const shared: Shared[] = [
    ...(order ? [{ name: 'order', values: new Float64Array(contests).fill(1), ridge: 0 }] : []),
    ...(data.covariates ?? []).map((c) => ({ ...c, ridge: covariateRidge })),
  ];
  const used = method === 'auto' ? (contestants <= DENSE_LIMIT ? 'dense' : 'sparse') : method;
  const factory = used === 'dense' ? denseSolver(data) : sparseSolver(data);
  const confounded =
    ridge === 0
      ? unidentified(
          data,
          shared.filter((s) => s.ridge === 0),
          factory,
        )
      : null;
  if (confounded !== null) return { undefined: confounded };

  const tieAt = contestants + shared.length;
  const size = tieAt + Number(tie);
  let theta = new Float64Array(size);
  if (tie) theta[tieAt] = outcome.start(tied / n);
  if (start) theta.set(start);
  const logOdds = new Float64Array(contests);
  const derivatives = outcomeDerivatives(contests);
  const evaluate = (at: Float64Array, out: OutcomeDerivatives | null) => {
    for (let e = 0; e < contests; e++) logOdds[e] = at[data.first[e]!]! - at[data.second[e]!]!;
    for (const [k, { values }] of shared.entries()) {
      const coefficient = at[contestants + k]!;
      for (let e = 0; e < contests; e++) logOdds[e]! += coefficient * values[e]!;
    }
    let penalty = 0;
    for (let i = 0; i < contestants; i++) penalty += (ridge / 2) * at[i]! ** 2;
    for (const [k, s] of shared.entries()) penalty += (s.ridge / 2) * at[contestants + k]! ** 2;
    const logLikelihood = outcome.logLikelihood(data, logOdds, tie ? at[tieAt]! : 0, out);
    return { logLikelihood, objective: logLikelihood - penalty };
  };
  const gradientAt = (at: Float64Array) => {
    const gradient = new Float64Array(size);
    gradient.set(byContestant(data, derivatives.score));
    for (let i = 0; i < contestants; i++) gradient[i]! -= ridge * at[i]!;
    for (const [k, s] of shared.entries()) {
      let sum = -s.ridge * at[contestants + k]!;
      for (let e = 0; e < contests; e++) sum += derivatives.score[e]! * s.values[e]!;
      gradient[contestants + k] = sum;
    }
    if (tie) gradient[tieAt] = derivatives.tieScore;
    centre(gradient, contestants);
    return gradient;
  };

  let now = evaluate(theta, derivatives);
  let gradient = gradientAt(theta);
  let solver = factory(informationOf(data, shared, { derivatives, ridge, tie }));
  let [iterations, change, converged] = [0, Infinity, false];
  while (iterations < MAX_STEPS && !converged) {
    // Loose solves far from the maximum, tight ones near it, keep the fast convergence of Newton at less work.
    const step = solver.solve(gradient, change > 0.5 ? 0.1 : change > 1e-2 ? 1e-3 : 1e-8);
    if (step === null) break;
    iterations += 1;
    const size0 = maxNorm(step);
    let scale = 1;
    const slack = 1e-11 * (1 + Math.abs(now.objective));
    let next = theta;
    let value = now;
    for (; scale > 1e-10; scale /= 2) {
      next = theta.map((v, i) => v + scale * step[i]!);
      value = evaluate(next, null);
      if (value.objective >= now.objective - slack) break;
    }
    if (!(scale > 1e-10)) break;
    // Only a step from a tight solve may end the search.
    converged = scale === 1 && size0 < 1e-8 && change <= 1e-2;
    change = size0 * scale;
    theta = next;
    now = evaluate(theta, derivatives);
    gradient = gradientAt(theta);
    solver = factory(informationOf(data, shared, { derivatives, ridge, tie }));
  }
  if (!converged) {
    const coefficients = [...shared.map((s) => s.name), ...(tie ? ['the tie parameter'] : [])];
    const runaway = coefficients.find((_, k) => Math.abs(theta[contestants + k]!) > 15);
    return {
      undefined: runaway
        ? `${runaway} grows without limit (${theta[contestants + coefficients.indexOf(runaway)]!.toFixed(1)} after ${iterations} steps): it separates the outcomes, so no finite maximum exists; give a prior or leave it out`
        : `Newton's method did not converge in ${iterations} steps (largest derivative ${maxNorm(gradient).toExponential(1)}); a stronger prior (ridge) makes the problem better posed`,
    };
  }
  centre(theta, contestants);
  const names = shared.map((s) => s.name);
  return {
    strengths: theta.slice(0, contestants),
    order: order ? theta[contestants]! : null,
    covariates: names.slice(Number(order)).map((name, k) => ({ name, value: theta[contestants + Number(order) + k]! })),
    tie: tie ? { model, value: Math.exp(theta[tieAt]!) } : null,
    logLikelihood: now.logLikelihood,
    degrees: size - 1,
    n,
    ridge,
    covariateRidge,
    connectivity: connected,
    method: used,
    iterations,
    gradient: maxNorm(gradient),
    parameters: theta,
    inference: new PreferenceInference({ solver, parameters: theta, contestants, coefficients: names, tie, n }),
  };
}
