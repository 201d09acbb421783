export * from './config.ts';
export { disclosurePlaces } from './disclosure-statements.ts';
export * from './run-folder.ts';
export * from './run-pipeline.ts';
export * from './sources/index.ts';
export * from './strategies.ts';
export { verifyPipelineRun } from './verify-run.ts';
