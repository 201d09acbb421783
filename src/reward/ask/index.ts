export * from './acquisition.ts';
export * from './batch.ts';
export * from './query-loop.ts';
export * from './rule.ts';
export * from './rules.ts';
export { contestFeatures } from './vectors.ts';
