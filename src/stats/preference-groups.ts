import { checkComparisons, inOrderOfFirst, logOddsAt, type RatedComparisons } from './comparisons.ts';
import { logSumExp, sigmoid } from './functions.ts';
import { answersOf, cellsOf, marginals } from './group-cells.ts';
import { type GroupInference, groupInference } from './group-inference.ts';
import { denseSolver, type SolverFactory, sparseSolver } from './information.ts';
import { maximise } from './newton.ts';
import { preferenceProblem, type Shared } from './preference-model.ts';
import type { Rng } from './random.ts';

export interface GroupOptions {
  readonly groups: number;
  readonly rng: Rng;
  /** What a group's utility is made of: a strength for each contestant, and covariates if there are any, or covariates alone. */
  readonly utility?: 'strengths' | 'covariates';
  /** Precision of the normal prior on strengths and on coefficients; above 0, for a small group may leave some unseen. */
  readonly ridge?: number;
  /** Starts of EM, half from raters' residuals and half at random; the best is kept. */
  readonly restarts?: number;
  readonly iterations?: number;
  /** EM stops when the penalised log-likelihood rises by less. */
  readonly tolerance?: number;
}

export interface PreferenceGroup {
  /** Part of the raters. */
  readonly share: number;
  /** Log-strengths, mean 0; empty when utility is covariates alone. */
  readonly strengths: Float64Array;
  readonly coefficients: readonly { readonly name: string; readonly value: number }[];
}

export interface GroupFit {
  /** Largest share first. */
  readonly groups: readonly PreferenceGroup[];
  /** Probability of each group, by rater. */
  readonly memberships: readonly Float64Array[];
  /** Log-likelihood, groups summed out, without the priors. */
  readonly logLikelihood: number;
  /** Penalised log-likelihood after each step of EM of the start that was kept: never falls. */
  readonly trace: readonly number[];
  readonly degrees: number;
  /** Raters. */
  readonly n: number;
  readonly converged: boolean;
  /** Standard errors from the observed information (Louis 1982). */
  readonly inference: GroupInference;
  /** Log-likelihood of each rater of other data with the same contestants and covariates, groups summed out. */
  heldOut(data: RatedComparisons): Float64Array;
}

/** Residual score of each rater at one common fit: raters of one minority share its direction. */
function residuals(data: RatedComparisons, at: Float64Array): Float64Array[] {
  const { contestants, first, second, firstWins, secondWins, ties, rater, raters, covariates = [] } = data;
  const d = logOddsAt(data, at);
  const out = Array.from({ length: raters }, () => new Float64Array(at.length));
  for (let e = 0; e < d.length; e++) {
    const half = ties ? ties[e]! / 2 : 0;
    const [wins, losses] = [firstWins[e]! + half, secondWins[e]! + half];
    const score = wins - (wins + losses) * sigmoid(d[e]!);
    const row = out[rater[e]!]!;
    if (contestants > 0) {
      row[first[e]!]! += score;
      row[second[e]!]! -= score;
    }
    for (const [k, c] of covariates.entries()) row[contestants + k]! += score * c.values[e]!;
  }
  for (const row of out) {
    const length = Math.sqrt(row.reduce((sum, v) => sum + v * v, 0));
    if (length > 0) for (let i = 0; i < row.length; i++) row[i]! /= length;
  }
  return out;
}

/** First memberships: nearest of `groups` raters picked far apart by residual (as k-means++ does), softened. */
function residualStart(rows: readonly Float64Array[], groups: number, rng: Rng): Float64Array[] {
  const closeness = (a: Float64Array, b: Float64Array) => a.reduce((sum, v, i) => sum + v * b[i]!, 0);
  const seeds = [rows[rng.integer(rows.length)]!];
  while (seeds.length < groups) {
    const far = rows.map((row) => Math.max(0, 1 - Math.max(...seeds.map((s) => closeness(s, row)))) ** 2);
    seeds.push(rows[rng.choose(far)]!);
  }
  return rows.map((row) => {
    const logs = seeds.map((s) => 4 * closeness(s, row));
    const total = logSumExp(logs);
    return Float64Array.from(logs, (v) => Math.exp(v - total));
  });
}

/** Where EM stands. */
interface State {
  readonly parameters: readonly Float64Array[];
  readonly shares: readonly number[];
  readonly memberships: readonly Float64Array[];
  readonly trace: readonly number[];
  readonly converged: boolean;
}

/**
 * A mixture of Bradley–Terry models over groups of raters: every rater belongs to one group, unknown, and answers by its
 * utilities (Zhao, Piech and Xia 2016 study when such mixtures can be told apart). Fitted by EM over raters, so all of a
 * rater's answers count together: without rater ids pairs alone cannot identify a small minority. Ties count half.
 * Answers are taken as independent given group and utilities. Says why when there is nothing to fit.
 */
export function fitGroups(
  comparisons: RatedComparisons,
  options: GroupOptions,
): GroupFit | { readonly undefined: string } {
  const { groups, rng, utility = 'strengths', ridge = 0.1, restarts = 8, iterations = 500, tolerance = 1e-7 } = options;
  checkComparisons(comparisons);
  if (!(groups >= 1 && Number.isInteger(groups))) throw new RangeError(`Expected at least 1 group; got ${groups}`);
  if (!(ridge > 0)) throw new RangeError(`Expected a ridge above 0; got ${ridge}`);
  const { raters } = comparisons;
  if (raters < groups) return { undefined: `${raters} raters cannot form ${groups} groups` };
  const data: RatedComparisons =
    utility === 'covariates' ? { ...comparisons, contestants: 0 } : inOrderOfFirst(comparisons);
  const { contestants, covariates = [] } = data;
  if (contestants + covariates.length === 0) return { undefined: 'utility is covariates alone, and there are none' };
  const shared: Shared[] = covariates.map((c) => ({ ...c, ridge }));
  const size = contestants + shared.length;
  const cells = cellsOf(data);
  const factory: SolverFactory = contestants > 400 ? sparseSolver(cells.questions) : denseSolver(cells.questions);
  const penalty = (at: Float64Array) => (ridge / 2) * at.reduce((sum, v) => sum + v * v, 0);
  /** Raises (steps = 2) or maximises the penalised log-likelihood of raters weighted by their membership. */
  const improve = (at: Float64Array, membership: (rater: number) => number, steps: number) => {
    const mine = answersOf(cells, membership);
    return maximise(preferenceProblem({ data: mine, shared, ties: 'half', ridge, factory }), at, { steps }).at;
  };

  const common = improve(new Float64Array(size), () => 1, 100);
  const rows = groups > 1 && raters * size <= 2e7 ? residuals(data, common) : null;
  const run = (from: State, most: number): State => {
    let { parameters, shares, memberships } = from;
    const trace = [...from.trace];
    let converged = false;
    for (let step = 0; step < most && !converged; step++) {
      const now = memberships;
      shares = shares.map((_, g) => Math.max(now.reduce((sum, m) => sum + m[g]!, 0) / raters, 1e-12));
      const careful = groups === 1 ? 100 : trace.length === 0 ? 20 : 2;
      parameters = parameters.map((at, g) => improve(at, (r) => now[r]![g]!, careful));
      const found = marginals(cells, shares, parameters);
      memberships = found.memberships;
      trace.push(found.logLikelihood.reduce((a, b) => a + b, 0) - parameters.reduce((sum, at) => sum + penalty(at), 0));
      converged = groups === 1 || (trace.length > 1 && trace.at(-1)! - trace.at(-2)! < tolerance);
    }
    return { parameters, shares, memberships, trace, converged };
  };
  const random = () => {
    const draws = Float64Array.from({ length: groups }, () => -Math.log(1 - rng.uniform()) + 1e-9);
    const sum = draws.reduce((a, b) => a + b, 0);
    return draws.map((v) => v / sum);
  };
  // Short runs from many starts, then the most promising to its end (Biernacki, Celeux and Govaert 2003).
  let kept: State | null = null;
  for (let start = 0; start < (groups === 1 ? 1 : restarts); start++) {
    const memberships =
      rows !== null && start % 2 === 0 ? residualStart(rows, groups, rng) : Array.from({ length: raters }, random);
    const blank = {
      parameters: new Array<Float64Array>(groups).fill(common),
      shares: new Array<number>(groups).fill(1),
      trace: [],
      converged: false,
    };
    const found = run({ ...blank, memberships }, 25);
    if (kept === null || found.trace.at(-1)! > kept.trace.at(-1)!) kept = found;
  }
  kept = run(kept!, iterations);
  const mixed = kept;
  const order = mixed.shares.map((_, g) => g).sort((a, b) => mixed.shares[b]! - mixed.shares[a]!);
  const total = mixed.shares.reduce((a, b) => a + b, 0);
  const shares = order.map((g) => mixed.shares[g]! / total);
  const parameters = order.map((g) => mixed.parameters[g]!);
  const { memberships, logLikelihood } = marginals(cells, shares, parameters);
  return {
    groups: parameters.map((at, g) => ({
      share: shares[g]!,
      strengths: at.slice(0, contestants),
      coefficients: covariates.map(({ name }, k) => ({ name, value: at[contestants + k]! })),
    })),
    memberships,
    logLikelihood: logLikelihood.reduce((a, b) => a + b, 0),
    trace: mixed.trace,
    degrees: groups * (Math.max(contestants - 1, 0) + covariates.length) + groups - 1,
    n: raters,
    converged: mixed.converged,
    inference: groupInference({ data, parameters, shares, memberships, ridge }),
    heldOut: (other) => {
      checkComparisons(other);
      return marginals(cellsOf({ ...other, contestants }), shares, parameters).logLikelihood;
    },
  };
}
