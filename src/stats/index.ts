export * from './agreement.ts';
export * from './bradley-terry.ts';
export * from './calibration.ts';
export * from './chance-corrected.ts';
export * from './circular-triads.ts';
export * from './cluster-bootstrap.ts';
export * from './comparison-loss.ts';
export * from './comparisons.ts';
export * from './connectivity.ts';
export * from './correlated-errors.ts';
export * from './dawid-skene.ts';
export * from './distributions.ts';
export * from './functions.ts';
export * from './glad.ts';
export type { GroupInference } from './group-inference.ts';
export * from './icc.ts';
export * from './intervals.ts';
export * from './kendall-w.ts';
export * from './label-table.ts';
export * from './lbfgs.ts';
export { cholesky, dot, lowerSolve } from './linear-algebra.ts';
export * from './logistic-regression.ts';
export * from './mace.ts';
export * from './majorities.ts';
export * from './majority.ts';
export * from './one-coin.ts';
export type { TieModel } from './outcome-models.ts';
export * from './plackett-luce.ts';
export { fitGroups, type GroupFit, type GroupOptions, type PreferenceGroup } from './preference-groups.ts';
export {
  type Coefficient as PreferenceCoefficient,
  type NoCoefficient,
  PreferenceInference,
} from './preference-inference.ts';
export * from './preferences.ts';
export * from './raking.ts';
export * from './random.ts';
export { SetChoice } from './ranking-likelihood.ts';
export * from './rankings.ts';
export * from './rater-rationality.ts';
export * from './ratings.ts';
export * from './sampling.ts';
export * from './sequential-outlier.ts';
export * from './truth.ts';
export type { TruthNote, TruthNoteCode } from './truth-notes.ts';
export * from './truth-simulation.ts';
export * from './weighted.ts';
