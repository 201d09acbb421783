export * from './judgment.ts';
export * from './pair.ts';
export * from './rater.ts';
