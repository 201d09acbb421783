export { readCheckpoint } from './checkpoint.ts';
export { createEmbeddedEngine } from './engine.ts';
