export * from './advantages.ts';
export * from './algorithm.ts';
export * from './best-of-n.ts';
export * from './evaluate.ts';
export * from './kl-estimators.ts';
export * from './rloo.ts';
export * from './supervised.ts';
