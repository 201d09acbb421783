export { type Finding, requireConformance, type Verdict } from './conformance.ts';
export { createTinkerEngine, type ProbeReport, type TinkerEngine, type TinkerOptions } from './engine.ts';
export * from './json-messages.ts';
export type { Spent } from './meter.ts';
export * from './names.ts';
export * from './protobuf.ts';
export { isRemoteState, remoteStateOf } from './remote-states.ts';
export * from './tensors.ts';
