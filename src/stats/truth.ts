import type { Interval } from './intervals.ts';
import type { TruthNote } from './truth-notes.ts';

export type TruthMethod = 'majority' | 'wawa' | 'dawid-skene' | 'one-coin' | 'mace' | 'glad';

/** What a method takes for granted, as data: a reader must be able to see it beside the numbers. */
export type TruthAssumptionId =
  | 'independent-errors'
  | 'items-alike'
  | 'wrong-classes-alike'
  | 'guessing-ignores-item'
  | 'uniform-classes'
  | 'mostly-right'
  | 'shares-as-probabilities';

export interface TruthAssumption {
  readonly id: TruthAssumptionId;
  readonly means: string;
}

/**
 * The share of a rater's labels that equal the true class, or why it cannot be known. `effectiveN` is the number of
 * labels of known truth that would tell as much.
 */
export type RaterAccuracy =
  | { readonly n: number; readonly value: number; readonly interval: Interval; readonly effectiveN: number }
  | { readonly n: number; readonly undefined: string };

export interface TruthResult {
  readonly method: TruthMethod;
  /** Posterior class probabilities per item, rows of one flat array. An item without labels has the prior. */
  readonly posteriors: Float64Array[];
  readonly prior: Float64Array;
  /**
   * Expected share of a rater's labels that equal the true class, and the number of labels. Plain numbers: NaN for a
   * rater without labels. `raterAccuracy` has the same with intervals and reasons.
   */
  readonly accuracy: { readonly value: number; readonly n: number }[];
  readonly raterAccuracy: readonly RaterAccuracy[];
  /** Log-likelihood of the labels after each iteration. */
  readonly logLikelihoods: number[];
  /** What the iterations climb: the log-likelihood plus the log of any prior or smoothing. It never falls. */
  readonly objectives: number[];
  readonly converged: boolean;
  readonly assumes: readonly TruthAssumption[];
  /** Where the data are degenerate, and what that does to the numbers. */
  readonly notes: readonly TruthNote[];
}

/**
 * Where the shares of the classes come from: estimated with everything else, or the same for every class that somebody gave,
 * so that a common class gets no more than its labels say.
 */
export type ClassPrior = 'estimated' | 'uniform';

export interface ClimbOptions {
  readonly iterations?: number;
  /** Stops when the objective rises by less than this share of its size. */
  readonly tolerance?: number;
}

/** The most probable class per item; null where several are equally probable (to within `margin`). */
export function mostProbable(posteriors: readonly ArrayLike<number>[], margin = 1e-9): (number | null)[] {
  return posteriors.map((row) => {
    let best = 0;
    for (let k = 1; k < row.length; k++) if (row[k]! > row[best]!) best = k;
    for (let k = 0; k < row.length; k++) if (k !== best && row[k]! >= row[best]! - margin) return null;
    return best;
  });
}
