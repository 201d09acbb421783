export { sealerOf } from './access/sealing.ts';
export { hashSecret, newSecret } from './access/secrets.ts';
export * from './app.ts';
export type { KnownRoute, RequestOf, ResponseOf } from './contract/index.ts';
export { ROUTES } from './contract/index.ts';
export type { RunFile, RunRow, RunService } from './runs.ts';
export * from './serve.ts';
export type { Services, StudioEvent } from './services.ts';
export { createNotifier } from './webhooks.ts';
