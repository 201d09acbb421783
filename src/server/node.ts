export { sealerOf } from './access/sealing.ts';
export { hashSecret, newSecret } from './access/secrets.ts';
export * from './app.ts';
export { createProjectReader } from './project-reader.ts';
export * from './serve.ts';
export { createNotifier } from './webhooks.ts';
