export { mergeAdapters, resolveTargets } from './adapters.ts';
export { drawOutputs } from './draw.ts';
export * from './hub-config.ts';
export { WIDEST_ROW } from './layers.ts';
export * from './losses.ts';
export * from './onnx-export.ts';
export * from './parameters.ts';
export * from './spec.ts';
export { decodeOutputs, parameterInputs, prefillOutputs, turnedInputs, type Wanted } from './transformer.ts';
