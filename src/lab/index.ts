export * from './arms.ts';
export * from './feature-reward.ts';
export * from './rates.ts';
