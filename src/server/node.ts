export { sealerOf } from './access/sealing.ts';
export { hashSecret, newSecret } from './access/secrets.ts';
export { ApiError } from './api-error.ts';
export * from './app.ts';
export { type ImportAnswer, type Importer, type ImportJob, importJob } from './imports.ts';
export { createProjectReader } from './project-reader.ts';
export * from './serve.ts';
export { createNotifier } from './webhooks.ts';
