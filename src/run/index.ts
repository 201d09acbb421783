export * from './canonical.ts';
export * from './config.ts';
export * from './errors.ts';
export * from './lazily.ts';
export * from './progress.ts';
export * from './records.ts';
export * from './variants.ts';
