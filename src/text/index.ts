export { SPECIAL_TOKENS, trainBpe } from './bpe-train.ts';
export * from './dialogue.ts';
export * from './tokenizer.ts';
