export { SPECIAL_TOKENS, trainBpe } from './bpe-train.ts';
export { type Message, TemplateError } from './chat-template.ts';
export * from './create-tokenizer.ts';
export * from './dialogue.ts';
export { isPretrainedTokenizer, type PretrainedTokenizer, specialName } from './pretrained-tokenizer.ts';
export type { Tokenizer } from './tokenizer.ts';
export * from './words.ts';
