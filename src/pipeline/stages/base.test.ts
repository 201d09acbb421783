import { expect, it } from 'vitest';
import { createRng } from '../../stats/index.ts';
import { createTokenizer, trainBpe } from '../../text/index.ts';
import { createRooms } from '../../world/index.ts';
import type { Source } from '../sources/index.ts';
import { requireWholePrompts } from './base.ts';

it('refuses a base model that could not read a whole prompt of a ground, and says how large it must be', () => {
  const ground = createRooms();
  const corpus = ground.corpus(300, createRng(1));
  const tokenizer = createTokenizer(
    trainBpe(
      corpus.flatMap(({ prompt, reply }) => [prompt, reply]),
      500,
    ),
  );
  const source = { ground, prompts: ground.prompts('deploy') } as unknown as Source;
  const longest = Math.max(...source.prompts.map(({ text }) => tokenizer.encodePrompt(text, 1000).length));
  const limits = (maxPrompt: number) => ({ maxPrompt, maxReply: 24 });
  expect(() => requireWholePrompts(source, tokenizer, limits(longest))).not.toThrow();
  expect(() => requireWholePrompts(source, tokenizer, limits(longest - 1))).toThrow(
    `a prompt of rooms has ${longest} tokens, and ${longest - 1} are left beside a reply of 24; set base.maxContext to ${longest + 24}`,
  );
  // Text of people may be longer than a model can read.
  const { ground: _, ...imported } = source;
  expect(() => requireWholePrompts(imported as Source, tokenizer, limits(5))).not.toThrow();
});
