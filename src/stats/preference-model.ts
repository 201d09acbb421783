import type { Comparisons } from './comparisons.ts';
import { byContestant, centre, type Information, type SolverFactory } from './information.ts';
import { cholesky } from './linear-algebra.ts';
import type { Problem } from './newton.ts';
import { OUTCOME_MODELS, type OutcomeDerivatives, outcomeDerivatives, type TieModel } from './outcome-models.ts';

/** A column of the shared part of the log-odds: order or a covariate. */
export interface Shared {
  readonly name: string;
  readonly values: Float64Array;
  readonly ridge: number;
}

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
 * contestants (or of other covariates) leaves nothing of itself after regression on them. A prior on strengths leaves
 * enough of the former.
 */
export function unidentified(
  data: Comparisons,
  shared: readonly Shared[],
  { factory, ridge }: { factory: SolverFactory; ridge: number },
): string | null {
  if (shared.length === 0) return null;
  const derivatives = outcomeDerivatives(data.first.length);
  const { firstWins, secondWins, ties } = data;
  for (let e = 0; e < firstWins.length; e++) {
    derivatives.weight[e] = firstWins[e]! + secondWins[e]! + (ties ? ties[e]! : 0);
  }
  const { weight, border, corner } = informationOf(data, shared, { derivatives, ridge: 0, tie: false });
  const solver = factory({ weight, ridge, border: [], corner: new Float64Array(0) });
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
      return `${shared[k]!.name} cannot be told from the strengths: it is 0 throughout, a difference of fixed properties of the contestants, or made of the covariates before it; leave it out, or give a prior (ridge for the second)`;
    }
  }
  return null;
}

/** What `preferenceProblem` maximises: parameters are strengths, shared coefficients, then the tie parameter if there is one. */
export interface PreferenceModel {
  readonly data: Comparisons;
  readonly shared: readonly Shared[];
  readonly ties: TieModel;
  readonly ridge: number;
  readonly factory: SolverFactory;
}

/** The penalised log-likelihood with its derivatives; `logLikelihood` is without the penalty. */
export function preferenceProblem({ data, shared, ties, ridge, factory }: PreferenceModel): Problem & {
  logLikelihood(at: Float64Array): number;
} {
  const { contestants } = data;
  const contests = data.first.length;
  const outcome = OUTCOME_MODELS[ties];
  const tie = outcome.hasParameter;
  const tieAt = contestants + shared.length;
  const logOdds = new Float64Array(contests);
  const derivatives = outcomeDerivatives(contests);
  const logLikelihood = (at: Float64Array, out: OutcomeDerivatives | null = null) => {
    // Without contestants only covariates speak.
    if (contestants === 0) logOdds.fill(0);
    else for (let e = 0; e < contests; e++) logOdds[e] = at[data.first[e]!]! - at[data.second[e]!]!;
    for (const [k, { values }] of shared.entries()) {
      const coefficient = at[contestants + k]!;
      for (let e = 0; e < contests; e++) logOdds[e]! += coefficient * values[e]!;
    }
    return outcome.logLikelihood(data, logOdds, tie ? at[tieAt]! : 0, out);
  };
  const penalty = (at: Float64Array) => {
    let sum = 0;
    for (let i = 0; i < contestants; i++) sum += (ridge / 2) * at[i]! ** 2;
    for (const [k, s] of shared.entries()) sum += (s.ridge / 2) * at[contestants + k]! ** 2;
    return sum;
  };
  const gradientAt = (at: Float64Array) => {
    const gradient = new Float64Array(at.length);
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
  return {
    logLikelihood: (at) => logLikelihood(at),
    value: (at) => logLikelihood(at) - penalty(at),
    expand: (at) => {
      const objective = logLikelihood(at, derivatives) - penalty(at);
      const solver = factory(informationOf(data, shared, { derivatives, ridge, tie }));
      return { objective, gradient: gradientAt(at), solver };
    },
  };
}
