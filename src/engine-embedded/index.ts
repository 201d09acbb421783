export { createEmbeddedEngine } from './engine.ts';
