import { type Contest, comparisonsOf } from './comparisons.ts';
import { sigmoid } from './functions.ts';
import { fitPreferences } from './preferences.ts';

export type { Contest } from './comparisons.ts';

export interface BradleyTerryOptions {
  /** Precision of a normal prior on log-strengths; 0 is maximum likelihood and needs a connected comparison graph. */
  readonly ridge?: number;
  /** Estimate a bonus for being first. */
  readonly order?: boolean;
}

export interface BradleyTerryResult {
  /** Log-strengths, mean 0. */
  readonly strengths: number[];
  /** Log-odds bonus of the first position; 0 when not estimated. */
  readonly order: number;
  /** Davidson's tie parameter ν; 0 when there are no ties. */
  readonly tie: number;
  /** Without the prior. */
  readonly logLikelihood: number;
  /** Inverse observed information, in the order strengths (each against the last one's), order, log ν. */
  readonly standardErrors: number[];
  /** Every contestant can be reached from every other through wins or ties: the condition for a finite maximum. */
  readonly connected: boolean;
}

/** Probabilities of first wins, second wins, tie (Davidson 1970): πᵢ : πⱼ : ν√(πᵢπⱼ) with the order bonus on the first. */
export function outcomeProbabilities(difference: number, tie: number): readonly [number, number, number] {
  if (tie === 0) return [sigmoid(difference), sigmoid(-difference), 0];
  const [a, b] = [Math.exp(difference / 2), Math.exp(-difference / 2)];
  const total = a + b + tie;
  return [a / total, b / total, tie / total];
}

/** Probabilities of first wins, second wins, tie by Rao and Kupper (1967) with their κ ≥ 1: no ties at 1. */
export function raoKupperProbabilities(difference: number, kappa: number): readonly [number, number, number] {
  const win = sigmoid(difference - Math.log(kappa));
  const loss = sigmoid(-difference - Math.log(kappa));
  return [win, loss, Math.max(0, 1 - win - loss)];
}

/**
 * Bradley–Terry strengths (1952) with ties by Davidson (1970) and a term for position: `fitPreferences` for some hundred
 * contestants, in one call. Throws a RangeError that says why when no finite maximum exists, which a prior prevents.
 */
export function bradleyTerry(
  contests: readonly Contest[],
  contestants: number,
  { ridge = 0, order = false }: BradleyTerryOptions = {},
): BradleyTerryResult {
  const fit = fitPreferences(comparisonsOf(contests, contestants), { ridge, order, method: 'dense' });
  if ('undefined' in fit) throw new RangeError(`No Bradley–Terry strengths: ${fit.undefined}`);
  const covariance = fit.inference.covariance()!;
  const size = fit.parameters.length;
  const at = (i: number, j: number) => covariance[i * size + j]!;
  const last = contestants - 1;
  return {
    strengths: [...fit.strengths],
    order: fit.order ?? 0,
    tie: fit.tie?.value ?? 0,
    logLikelihood: fit.logLikelihood,
    standardErrors: Array.from({ length: size }, (_, i) =>
      Math.sqrt(i < contestants ? at(i, i) + at(last, last) - 2 * at(i, last) : at(i, i)),
    ).filter((_, i) => i !== last),
    connected: fit.connectivity.connected,
  };
}
