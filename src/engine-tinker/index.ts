export * from './json-messages.ts';
export * from './names.ts';
export * from './protobuf.ts';
export * from './tensors.ts';
