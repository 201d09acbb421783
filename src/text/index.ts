export { SPECIAL_TOKENS, trainBpe } from './bpe-train.ts';
export { type Message, TemplateError } from './chat-template.ts';
export * from './dialogue.ts';
export type { PretrainedTokenizer } from './pretrained-tokenizer.ts';
export * from './tokenizer.ts';
