import type { AnswerKind } from '../../feedback/index.ts';
import type { Observation } from '../observation.ts';
import { comparison } from './comparison.ts';
import { correction } from './correction.ts';
import { critique } from './critique.ts';
import { demonstration } from './demonstration.ts';
import { label } from './label.ts';
import type { Likelihood } from './likelihood.ts';
import { ranking } from './ranking.ts';
import { rating } from './rating.ts';
import { spans } from './spans.ts';
import { steps } from './steps.ts';

/** Likelihood of each kind of answer: a new kind must have one. */
export const LIKELIHOODS: { readonly [K in AnswerKind]: Likelihood<K> } = {
  comparison,
  ranking,
  rating,
  label,
  correction,
  spans,
  steps,
  critique,
  demonstration,
};

/** The likelihood of an observation's own kind. */
export const likelihoodOf = ({ kind }: Pick<Observation, 'kind'>): Likelihood<AnswerKind> =>
  // The table pairs each kind with its own likelihood, which the compiler cannot follow through a lookup.
  LIKELIHOODS[kind] as unknown as Likelihood<AnswerKind>;

export { STRENGTH_MARGINS } from './comparison.ts';
export type { Likelihood, Nuisance, Nuisances, Term } from './likelihood.ts';
export { firstShown, POSITION } from './likelihood.ts';
export { tieName } from './ties.ts';
