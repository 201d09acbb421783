export * from './acquisition.ts';
export * from './batch.ts';
export {
  contestFeatures,
  type FeatureComparison,
  fitPosterior,
  fitWeights,
} from './posterior.ts';
export * from './query-loop.ts';
export * from './rule.ts';
export * from './rules.ts';
