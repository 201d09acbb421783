import type { AnswerKind } from '../../feedback/index.ts';
import { UsageError } from '../../run/index.ts';
import { comparisonLoss } from './comparison.ts';

/** Likelihood of each feedback type, or null while it has none: a new type must say which. */
export const LIKELIHOODS: { readonly [K in AnswerKind]: typeof comparisonLoss | null } = {
  comparison: comparisonLoss,
  /** As its pairs, which share a weight of one (`toPairs`). */
  ranking: comparisonLoss,
  rating: null,
  label: null,
  correction: null,
  spans: null,
  steps: null,
  critique: null,
  demonstration: null,
};

/** The likelihood of a type, or a clear refusal. */
export function likelihoodOf(kind: AnswerKind): typeof comparisonLoss {
  const likelihood = LIKELIHOODS[kind];
  if (likelihood === null) {
    throw new UsageError(
      'feedback-type',
      `reward models cannot be fitted to ${kind} feedback yet; collect comparisons`,
    );
  }
  return likelihood;
}
export { comparisonLoss };
