export * from './app.ts';
export type { KnownRoute, RequestOf, ResponseOf } from './contract/index.ts';
export * from './serve.ts';
