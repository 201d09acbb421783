export * from './custom-pass.ts';
export * from './engine.ts';
export * from './lora.ts';
export * from './model-spec.ts';
export * from './sampler-checks.ts';
export * from './validate.ts';
