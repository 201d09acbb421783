import type { AnswerKind } from '../../feedback/index.ts';
import type { Observation } from '../observation.ts';
import { comparison } from './comparison.ts';
import { correction } from './correction.ts';
import type { Likelihood } from './likelihood.ts';
import { ranking } from './ranking.ts';
import { rating } from './rating.ts';

/** Why a kind of answer is fitted by nothing yet. */
export interface Unfitted {
  readonly unfitted: string;
}

/** Likelihood of each kind of answer, or why it has none: a new kind must say which. */
export const LIKELIHOODS: { readonly [K in AnswerKind]: Likelihood<K> | Unfitted } = {
  comparison,
  ranking,
  rating,
  label: { unfitted: 'a label does not say whether it speaks for or against a reply' },
  correction,
  spans: { unfitted: 'rewards score whole replies, not the places that are marked' },
  steps: { unfitted: 'rewards score whole replies, not their steps' },
  critique: { unfitted: 'free text is not read' },
  demonstration: { unfitted: 'what a demonstration is preferred to was not recorded' },
};

/** The likelihood of an observation's own kind. */
export const likelihoodOf = ({ kind }: Observation): Likelihood<AnswerKind> => {
  const likelihood = LIKELIHOODS[kind];
  if ('unfitted' in likelihood)
    throw new RangeError(`expected an observation of a fitted kind, got ${kind}: ${likelihood.unfitted}`);
  // The table pairs each kind with its own likelihood, which the compiler cannot follow through a lookup.
  return likelihood as unknown as Likelihood<AnswerKind>;
};

export { STRENGTH_MARGINS } from './comparison.ts';
export type { Likelihood, Nuisance, Nuisances, Term } from './likelihood.ts';
export { POSITION } from './likelihood.ts';
