export * from './agreement.ts';
export * from './bradley-terry.ts';
export * from './calibration.ts';
export * from './cluster-bootstrap.ts';
export * from './comparisons.ts';
export * from './connectivity.ts';
export * from './dawid-skene.ts';
export * from './elo.ts';
export * from './functions.ts';
export * from './group-choice.ts';
export type { GroupInference } from './group-inference.ts';
export * from './intervals.ts';
export {
  type GroupsTest,
  groupDifferenceTest,
  type LikelihoodFit,
  type LikelihoodRatio,
  likelihoodRatioTest,
  unknownGroupsTest,
} from './likelihood-ratio.ts';
export * from './luce-spectral.ts';
export type { TieModel } from './outcome-models.ts';
export * from './plackett-luce.ts';
export { fitGroups, type GroupFit, type GroupOptions, type PreferenceGroup } from './preference-groups.ts';
export * from './preference-inference.ts';
export * from './preferences.ts';
export * from './random.ts';
export * from './rankings.ts';
export * from './rater-rationality.ts';
