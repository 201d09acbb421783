export * from './accounts.ts';
export * from './backup.ts';
export * from './folder.ts';
export { type OpenOptions, openStore, sqlitePath } from './open.ts';
export * from './store.ts';
