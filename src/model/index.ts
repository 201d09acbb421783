export * from './losses.ts';
export * from './parameters.ts';
export * from './spec.ts';
export { decodeOutputs, prefillOutputs } from './transformer.ts';
