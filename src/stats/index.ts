export * from './agreement.ts';
export * from './bradley-terry.ts';
export * from './calibration.ts';
export * from './dawid-skene.ts';
export * from './functions.ts';
export * from './intervals.ts';
export * from './random.ts';
