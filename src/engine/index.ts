export * from './engine.ts';
export * from './lora.ts';
export * from './model-spec.ts';
export * from './validate.ts';
