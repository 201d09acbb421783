import { Tokenizer as Runtime } from '@huggingface/tokenizers';
import { SPECIAL_TOKENS } from './bpe-train.ts';
import { TemplateError } from './chat-template.ts';
import { createPretrainedTokenizer, isPretrainedTokenizer } from './pretrained-tokenizer.ts';
import type { Tokenizer } from './tokenizer.ts';
import { checkTokenizer } from './tokenizer-bounds.ts';

/** A tokenizer trained by `trainBpe` (a prompt becomes [bos, prompt…, assistant]), or a published one. */
export function createTokenizer(json: Record<string, unknown>): Tokenizer {
  if (isPretrainedTokenizer(json)) return createPretrainedTokenizer(json);
  const { growth, patterns } = checkTokenizer(json);
  const vocab = (json.model as { vocab: Record<string, number> }).vocab;
  const [pad, bos, assistant, eos] = SPECIAL_TOKENS.map((token) => vocab[token]) as [number, number, number, number];
  // Of a run's folder, which may be a stranger's: what training makes has no patterns of its own.
  if (growth > 1 || patterns.length > 0 || [pad, bos, assistant, eos].includes(undefined as never))
    throw new TemplateError('tokenizer.json: expected a tokenizer as training a run makes it; train it again');
  const runtime = new Runtime({ ...json, post_processor: null }, {});
  const specials = new Set([pad, bos, assistant, eos]);
  const encode = (text: string) =>
    Int32Array.from(text === '' ? [] : runtime.encode(text, { add_special_tokens: false }).ids);
  return {
    encode,
    decode(ids) {
      const kept = Array.from(ids).filter((id) => !specials.has(id));
      return kept.length === 0
        ? ''
        : runtime.decode(kept, { skip_special_tokens: false, clean_up_tokenization_spaces: false });
    },
    encodePrompt(prompt, most) {
      const ids = encode(prompt);
      return Int32Array.from([bos, ...ids.subarray(Math.max(0, ids.length - (most - 2))), assistant]);
    },
    vocabularySize: Object.keys(vocab).length,
    eos,
    stop: [eos],
    toJSON: () => json,
  };
}
