import { describe, expect, it } from 'vitest';
import { createTokenizer, trainBpe } from '../../src/text/index.ts';
import { checkTokenizer } from '../../src/text/tokenizer-bounds.ts';

/** Tokenizers of strangers: patterns, sizes and parts that no published one has. */
const trained = trainBpe(['the lazy dog and the quick dog'], 300);
type Json = Record<string, unknown>;
const eos = { id: 400, content: '<|end|>', special: true };
const published = (change: Json = {}, more: Json = {}) => ({
  format: 'pretrained-tokenizer-1',
  tokenizer: { ...trained, added_tokens: [eos], ...change },
  config: { eos_token: '<|end|>' },
  ...more,
});
const split = (pattern: unknown) => ({ type: 'Split', pattern, behavior: 'Isolated', invert: false });
const bytes = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false };
const withPattern = (Regex: string) =>
  published({ pre_tokenizer: { type: 'Sequence', pretokenizers: [split({ Regex }), bytes] } });
const replaced = (pattern: unknown, content: string) => ({ type: 'Replace', pattern, content });

/** Patterns by which published tokenizers cut texts: GPT-2, Llama 3 and Qwen, o200k, and right to left by threes. */
const GOOD = [
  "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
  "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
  '\\p{N}{1,3}(?=(?:\\p{N}{3})*(?:\\P{N}|$))|(?:\\p{L}\\p{M}*)+|\\s+',
];
const ENDLESS = [
  '(a+)+$',
  '(?:a|a)*b',
  '(\\p{L}+\\s?)+$',
  '(\\s*\\S*)*x',
  '^(?:(?:ab|a|b)+)+$',
  '(?:abc|abcabc)+d',
  '(?:\\u4e2d|[\\u4e00-\\u9fff])*\\u0001',
];

describe('patterns of a tokenizer', () => {
  it('that some short text keeps busy for ever are refused by name', () => {
    for (const pattern of ENDLESS)
      expect(() => createTokenizer(withPattern(pattern)), pattern).toThrow(
        /^tokenizer\.json: the pattern ".*" goes over short texts for ever; use another tokenizer$/,
      );
    for (const part of ['normalizer', 'decoder'])
      expect(() => createTokenizer(published({ [part]: replaced({ Regex: '(a+)+$' }, 'b') })), part).toThrow(
        /for ever/,
      );
  });
  it('of published tokenizers are not', () => {
    for (const pattern of GOOD) {
      const { encode, decode } = createTokenizer(withPattern(pattern));
      for (const text of [
        "It's 12345 dogs,\n\n  and   more",
        ' '.repeat(5000),
        `${'a'.repeat(5000)}!`,
        '\u4e2d'.repeat(300),
      ])
        expect(decode(encode(text)), pattern).toBe(text);
    }
  });
});

describe('sizes in a tokenizer.json', () => {
  it('are those of some tokenizer', () => {
    const model = trained.model as Json;
    const vocab = model.vocab as Record<string, number>;
    const cases: readonly (readonly [Json, RegExp])[] = [
      ...[1e12, -1, 1.5, Number.NaN, '7', null].map(
        (id) => [{ added_tokens: [{ ...eos, id }] }, /added_tokens\.0\.id: expected a whole number from 0 to/] as const,
      ),
      [{ added_tokens: new Array(200_000).fill(eos) }, /added_tokens: expected at most 100000 entries, got 200000/],
      [{ added_tokens: 'many' }, /added_tokens: expected a list/],
      [{ added_tokens: [7] }, /added_tokens\.0: expected an object/],
      [
        { added_tokens: [{ ...eos, content: 'x'.repeat(1_000_000) }] },
        /added_tokens\.0\.content: expected at most 10000 char/,
      ],
      ...[1e12, -1, 1.5, '7', null].map(
        (id) =>
          [{ model: { ...model, vocab: { ...vocab, dog: id } } }, /model\.vocab: "dog": expected a whole/] as const,
      ),
      [{ model: { ...model, vocab: { ['x'.repeat(20_000)]: 1 } } }, /model\.vocab: expected at most 10000 characters/],
      [{ model: { ...model, vocab: 7 } }, /model\.vocab: expected tokens with their ids, got 7/],
      [{ model: 7 }, /model: expected an object, got 7/],
      [{ model: { ...model, merges: [[1, 2]] } }, /model\.merges: expected a text, got 1/],
      [{ model: { ...model, max_input_chars_per_word: 1e12 } }, /max_input_chars_per_word: expected a whole number/],
      ...[0, -1, 1.5, 1e12, undefined].map(
        (length) =>
          [{ pre_tokenizer: { type: 'FixedLength', length } }, /pre_tokenizer\.length: expected a whole/] as const,
      ),
      [{ decoder: { type: 'Strip', content: 'x', start: 1e12, stop: 0 } }, /decoder\.start: expected a whole number/],
      [{ normalizer: 7 }, /normalizer: expected an object with a type/],
      [
        { normalizer: { type: 'Prepend', prepend: 'x'.repeat(1_000_000) } },
        /normalizer\.prepend: expected at most 100/,
      ],
      [{ pre_tokenizer: { type: 'Metaspace', replacement: 'x'.repeat(1_000) } }, /replacement: expected at most 100/],
      [{ normalizer: replaced({ String: 'a' }, 'x'.repeat(1_000)) }, /normalizer\.content: expected at most 100 char/],
      [{ pre_tokenizer: split({ Regex: 'a'.repeat(100_000) }) }, /pattern: expected at most 20000 characters/],
      [{ pre_tokenizer: split({ Other: 'a' }) }, /pattern: expected Regex or String/],
    ];
    for (const [change, want] of cases) {
      const create = () => createTokenizer(published(change));
      expect(create, JSON.stringify(change).slice(0, 100)).toThrow(want);
      expect(create).toThrow(/^tokenizer\.json: [^\n]{1,300}; use another tokenizer$/);
    }
  });
  it('do not multiply, one after another', () => {
    const all = (...normalizers: Json[]) => published({ normalizer: { type: 'Sequence', normalizers } });
    const twice = replaced({ String: 'a' }, 'aa');
    for (const chain of [
      new Array(30).fill(twice),
      [replaced({ Regex: '' }, 'x'.repeat(100)), replaced({ Regex: 'x' }, 'xxx')],
      [replaced({ String: '' }, 'x'.repeat(100)), replaced({ Regex: '(?=x)' }, 'xxx')],
    ])
      expect(() => createTokenizer(all(...chain))).toThrow(/expected at most 256 characters made of one, got/);
    expect(() => createTokenizer(all(...new Array(100).fill({ type: 'NFC' })))).toThrow(
      /normalizer\.normalizers: expected at most 64 entries/,
    );
    const nested = (depth: number): Json => ({ type: 'Sequence', normalizers: depth === 0 ? [] : [nested(depth - 1)] });
    expect(() => createTokenizer(published({ normalizer: nested(100) }))).toThrow(/at most 64 components/);
    expect(checkTokenizer({ ...trained, normalizer: replaced({ Regex: ' {2,}' }, '\u2581') }).growth).toBe(1);
    const wide = createTokenizer(all(replaced({ String: 'a' }, 'b'.repeat(100))));
    expect(() => wide.encode('a'.repeat(1_000_000))).toThrow(/a text of 1000000 characters is more than the tokenizer/);
  });
  it('that say nothing of the work may be as large as they like', () => {
    const config = { eos_token: '<|end|>', model_max_length: 1e30, max_length: -1, additional_special_tokens: [] };
    expect(createTokenizer(published({}, { config })).eos).toBe(400);
    const odd = published({}, { config: { ...config, additional_special_tokens: 7 } });
    expect(() => createTokenizer(odd)).toThrow(/^tokenizer\.json: cannot be read: [^\n]+; use another tokenizer$/);
    expect(() => createTokenizer(published({ normalizer: { type: 'Unheard' } }))).toThrow(
      /^tokenizer\.json: cannot be read/,
    );
  });
  it('are not bounded by what a call can be given', () => {
    const model = trained.model as Json;
    const vocab = { ...(model.vocab as Json) };
    for (let id = 500; id < 130_500; id++) vocab[`token ${id}`] = id;
    expect(createTokenizer(published({ model: { ...model, vocab } })).vocabularySize).toBe(130_500);
  });
});

it('a tokenizer in a run folder is one that training makes', () => {
  expect(createTokenizer(trained).encode('the dog').length).toBeGreaterThan(0);
  for (const change of [
    { pre_tokenizer: split({ Regex: '(a+)+$' }) },
    { normalizer: replaced({ String: 'a' }, 'aa') },
    { model: { ...(trained.model as Json), vocab: { a: 0 } } },
  ])
    expect(() => createTokenizer({ ...trained, ...change })).toThrow(/expected a tokenizer as training a run makes it/);
});
