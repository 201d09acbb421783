import { utf8ToBytes } from '@noble/hashes/utils.js';

/**
 * Trains byte-level byte-pair encoding (Sennrich et al. 2016; byte alphabet and word pattern as in GPT-2) and writes it in
 * the layout of a Hugging Face `tokenizer.json`, so that other tools can load it.
 */

/** Ids 0 to 3, never produced from text: they are plain vocabulary entries that no merge can reach. */
export const SPECIAL_TOKENS = ['<|pad|>', '<|bos|>', '<|assistant|>', '<|eos|>'] as const;

/** Words as GPT-2 splits them: contractions, letters, digits, other marks, each with at most one leading space. */
const WORDS = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;

/** GPT-2's printable stand-in for every byte. */
function byteAlphabet(): string[] {
  const printable = (b: number) => (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || (b >= 174 && b <= 255);
  let next = 256;
  return Array.from({ length: 256 }, (_, b) => String.fromCharCode(printable(b) ? b : next++));
}

interface Word {
  symbols: string[];
  readonly count: number;
}

const pairsOf = (symbols: readonly string[]) => symbols.slice(1).map((right, i) => `${symbols[i]} ${right}`);

/** The tokenizer as a JSON object. `vocabulary` counts specials, bytes and merges; fewer merges are made when text runs out. */
export function trainBpe(texts: Iterable<string>, vocabulary: number): Record<string, unknown> {
  const alphabet = byteAlphabet();
  const counts = new Map<string, number>();
  for (const text of texts) for (const [word] of text.matchAll(WORDS)) counts.set(word, (counts.get(word) ?? 0) + 1);
  const words: Word[] = [...counts].map(([word, count]) => ({
    symbols: Array.from(utf8ToBytes(word), (byte) => alphabet[byte]!),
    count,
  }));
  const frequency = new Map<string, number>();
  const users = new Map<string, Set<number>>();
  const add = (index: number, sign: 1 | -1) => {
    const { symbols, count } = words[index]!;
    for (const pair of pairsOf(symbols)) {
      frequency.set(pair, (frequency.get(pair) ?? 0) + sign * count);
      if (sign === 1) {
        if (!users.has(pair)) users.set(pair, new Set());
        users.get(pair)!.add(index);
      }
    }
  };
  for (let i = 0; i < words.length; i++) add(i, 1);
  const merges: string[] = [];
  while (SPECIAL_TOKENS.length + alphabet.length + merges.length < vocabulary) {
    let best = '';
    let top = 1;
    for (const [pair, n] of frequency) {
      if (n > top || (n === top && n > 1 && pair < best)) {
        best = pair;
        top = n;
      }
    }
    if (best === '') break;
    merges.push(best);
    const [left, right] = best.split(' ') as [string, string];
    for (const index of users.get(best)!) {
      add(index, -1);
      const { symbols } = words[index]!;
      const merged: string[] = [];
      for (let i = 0; i < symbols.length; i++) {
        if (symbols[i] === left && symbols[i + 1] === right) {
          merged.push(left + right);
          i++;
        } else merged.push(symbols[i]!);
      }
      words[index]!.symbols = merged;
      add(index, 1);
    }
    frequency.delete(best);
  }
  const entries = [...SPECIAL_TOKENS, ...alphabet, ...merges.map((pair) => pair.replace(' ', ''))];
  const vocab = Object.fromEntries([...new Set(entries)].map((entry, id) => [entry, id]));
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      vocab,
      merges,
    },
  };
}
