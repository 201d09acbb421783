export * from './run-folder.ts';
