export { LORA_ALPHA, type ServedBase } from './bases.ts';
export { type ServedEngine, type ServeEngineOptions, serveEngine } from './listen.ts';
