export * from './engine.ts';
export * from './validate.ts';
export * from './lora.ts';
