export { readCheckpoint } from './checkpoint.ts';
export { createEmbeddedEngine, type EngineOptions } from './engine.ts';
export { PROVIDERS, type Provider } from './sessions.ts';
