export * from './accounts.ts';
export * from './backup.ts';
export * from './folder.ts';
export { type OpenOptions, openStore, sqlitePath } from './open.ts';
export type { Reservation } from './reserve.ts';
export * from './store.ts';
export type { Receipt } from './submit.ts';
