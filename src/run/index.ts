export * from './canonical.ts';
export * from './config.ts';
export * from './errors.ts';
export * from './lazily.ts';
export * from './own.ts';
export * from './progress.ts';
export { closeObjectPrototype } from './prototype.ts';
export * from './records.ts';
export * from './variants.ts';
