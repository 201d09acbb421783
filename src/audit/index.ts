export * from './evidence.ts';
export * from './finding.ts';
export * from './probe.ts';
export * from './run-audit.ts';
