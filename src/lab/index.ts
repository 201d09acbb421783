export * from './arms.ts';
export * from './feature-reward.ts';
export * from './pair-features.ts';
export * from './paired.ts';
export * from './query-loop.ts';
export * from './rates.ts';
export * from './selection-study.ts';
