import { remembered } from './remembered.ts';
import type { Tokenizer } from './tokenizer.ts';

/** How prompts and replies become ids: the prompt with its marks, and [reply…, eos], the same in training, scoring and RL. */
export interface DialogueCodec {
  /** The last tokens of a long prompt are kept: at most `maxPrompt` with the marks. */
  encodePrompt(prompt: string): Int32Array;
  /** At most `maxReply` ids; a longer reply is cut and then has no eos. */
  encodeReply(reply: string): Int32Array;
  decodeReply(tokens: Int32Array): string;
  /** Prompt and reply as one sequence. */
  encodeDialogue(prompt: string, reply: string): Int32Array;
  readonly stop: readonly number[];
}

export function createCodec(tokenizer: Tokenizer, limits: { maxPrompt: number; maxReply: number }): DialogueCodec {
  const encodePrompt = remembered((prompt) => tokenizer.encodePrompt(prompt, limits.maxPrompt));
  const encodeReply = remembered((reply) =>
    Int32Array.from([...tokenizer.encode(reply), tokenizer.eos]).subarray(0, limits.maxReply),
  );
  return {
    encodePrompt,
    encodeReply,
    decodeReply: (tokens) => tokenizer.decode(tokens),
    encodeDialogue: (prompt, reply) => Int32Array.from([...encodePrompt(prompt), ...encodeReply(reply)]),
    stop: tokenizer.stop,
  };
}
