export * from './losses.ts';
export * from './spec.ts';
export { decodeOutputs, prefillOutputs, type Wanted, WIDEST_ROW } from './transformer.ts';
