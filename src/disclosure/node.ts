/** File effects of the part, and what only Node reads: sealing, signing, redacting, time stamps. */
export * from './key-files.ts';
export * from './model-signature.ts';
export * from './open-row.ts';
export * from './receive-claims.ts';
export { hiddenOf, type Redaction, redactionSchema, writePublicCopy } from './redact.ts';
export * from './repeats.ts';
export { sealRun } from './seal-run.ts';
export * from './sign-claims.ts';
export { timestampQuery } from './timestamp.ts';
export * from './verify-run.ts';
