import { Tokenizer as Runtime } from '@huggingface/tokenizers';
import { SPECIAL_TOKENS } from './bpe-train.ts';

/** Text to token ids and back. Text never yields a special id, whatever it spells. */
export interface Tokenizer {
  encode(text: string): Int32Array;
  /** Special ids are left out. */
  decode(ids: ArrayLike<number>): string;
  readonly vocabularySize: number;
  readonly pad: number;
  readonly bos: number;
  readonly assistant: number;
  readonly eos: number;
  /** A Hugging Face `tokenizer.json` object. */
  toJSON(): Record<string, unknown>;
}

/** Runs a tokenizer trained by `trainBpe`. */
export function createTokenizer(json: Record<string, unknown>): Tokenizer {
  const runtime = new Runtime(json, {});
  const vocab = (json.model as { vocab: Record<string, number> }).vocab;
  const [pad, bos, assistant, eos] = SPECIAL_TOKENS.map((token) => vocab[token]) as [number, number, number, number];
  const specials = new Set([pad, bos, assistant, eos]);
  return {
    encode: (text) => Int32Array.from(text === '' ? [] : runtime.encode(text, { add_special_tokens: false }).ids),
    decode(ids) {
      const kept = Array.from(ids).filter((id) => !specials.has(id));
      return kept.length === 0
        ? ''
        : runtime.decode(kept, { skip_special_tokens: false, clean_up_tokenization_spaces: false });
    },
    vocabularySize: Object.keys(vocab).length,
    pad,
    bos,
    assistant,
    eos,
    toJSON: () => json,
  };
}
