export * from './reward-model.ts';
