export * from './evidence.ts';
export * from './probe.ts';
