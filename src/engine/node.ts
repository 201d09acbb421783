/** What of the engine part touches files. */
export * from './checkpoints.ts';
