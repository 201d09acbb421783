import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCodec, createTokenizer, SPECIAL_TOKENS, trainBpe } from './index.ts';

const corpus = ['the lazy dog and the quick dog', 'the dog sleeps. Does the dog sleep?', "it's the dog's bone"];
const tokenizer = createTokenizer(trainBpe(corpus, 320));

describe('byte-pair encoding', () => {
  it('gives back any text, whatever it holds', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), (text) => {
        expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
      }),
      { numRuns: 300 },
    );
    for (const text of ['', ' ', '  two  spaces ', '\n\ttabs', 'emoji 👩‍🔬 é ﷽', '\u0000\u007f', 'ÿ½']) {
      expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
    }
  });
  it('keeps special tokens spelled in text as text', () => {
    for (const special of SPECIAL_TOKENS) {
      const ids = [...tokenizer.encode(`a${special}b`)];
      expect(ids.filter((id) => id < SPECIAL_TOKENS.length)).toEqual([]);
      expect(tokenizer.decode(ids)).toBe(`a${special}b`);
    }
  });
  it('merges what is frequent into one token and is deterministic', () => {
    expect(tokenizer.encode(' dog').length).toBe(1);
    expect(tokenizer.encode(' zyx').length).toBeGreaterThan(1);
    expect(trainBpe(corpus, 300)).toEqual(trainBpe(corpus, 300));
    expect(createTokenizer(JSON.parse(JSON.stringify(tokenizer.toJSON()))).encode('the dog')).toEqual(
      tokenizer.encode('the dog'),
    );
  });
  it('renders dialogues with marks, cutting long prompts from the left and long replies from the right', () => {
    const codec = createCodec(tokenizer, { maxPrompt: 5, maxReply: 3 });
    const prompt = codec.encodePrompt('the lazy dog and the quick dog');
    const [bos, assistant] = codec.encodePrompt('');
    expect([prompt.length, prompt[0], prompt.at(-1)]).toEqual([5, bos, assistant]);
    expect(tokenizer.decode(prompt)).toBe(
      tokenizer.decode(tokenizer.encode('the lazy dog and the quick dog').slice(-3)),
    );
    expect([...codec.encodeReply(' dog')]).toEqual([...tokenizer.encode(' dog'), tokenizer.eos]);
    expect(codec.encodeReply('the lazy dog and the dog').length).toBe(3);
    expect(codec.stop).toEqual([tokenizer.eos]);
  });
});
