export * from './evidence.ts';
export { EVIDENCE_SCHEMAS } from './evidence-schema.ts';
export * from './finding.ts';
export * from './probe.ts';
export { distinctNGrams } from './probes/mode-collapse.ts';
export * from './run-audit.ts';
