import type { Rng } from '../../stats/index.ts';

/** A question that could be asked next: two replies to a prompt. Plain data; a rule reads what it `needs`. */
export interface QuestionCandidate {
  readonly id: string;
  /** P(first reply is preferred) by each member of an ensemble. */
  readonly predictions: readonly number[];
  /** Features of the first reply less those of the second; the reward is linear in them. */
  readonly features: Float64Array;
}

/** Normal approximation of what is known about the weights of a reward that is linear in the features. */
export interface WeightPosterior {
  readonly mean: Float64Array;
  /** d × d, row after row. */
  readonly covariance: Float64Array;
}

export type SelectionNeed = 'predictions' | 'features' | 'posterior';

/** What is known when the next questions are chosen. What a rule does not need may be empty. */
export interface SelectionInput {
  readonly candidates: readonly QuestionCandidate[];
  readonly posterior?: WeightPosterior;
  /** Feature differences of the questions asked already. */
  readonly asked?: readonly Float64Array[];
}

/** Candidates by index: those to ask, first to last, and the score of each if it were asked alone (higher is sooner). */
export interface Selection {
  readonly order: readonly number[];
  readonly scores: readonly number[];
}

/** A rule of what to ask next. Pure: equal inputs and generators give equal selections; ties are broken by `rng`. */
export interface SelectionRule {
  readonly title: string;
  /** Where the rule comes from. */
  readonly source: string;
  readonly needs: readonly SelectionNeed[];
  /** Chooses `count` different candidates (all, if there are fewer). */
  select(input: SelectionInput, count: number, rng: Rng): Selection;
}
