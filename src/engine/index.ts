export * from './engine.ts';
export * from './validate.ts';
