export * from './accounts.ts';
export * from './backup.ts';
export { erasedText } from './erase.ts';
export * from './folder.ts';
export { type OpenOptions, openStore, rekeyStore, sqlitePath } from './open.ts';
export { type SecretsKey, secretsKeyOf } from './secrets.ts';
export * from './store.ts';
export { DRAFT_LIMITS } from './submit.ts';
export { batched } from './values.ts';
