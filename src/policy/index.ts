export * from './algorithm.ts';
