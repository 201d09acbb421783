import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseTemplate, renderChat } from './chat-template.ts';
import { createCodec, createTokenizer } from './index.ts';

const FIXTURES = resolve(import.meta.dirname, '../../fixtures');
const read = (path: string) => JSON.parse(readFileSync(join(FIXTURES, path), 'utf8'));

const cases = read('public-cases/text/expected.json') as Record<
  string,
  { texts: [string, number[]][]; chats: [string, string | null, object, number[]][] }
>;
const opened = (name: string, change: object = {}) => ({
  format: 'pretrained-tokenizer-1' as const,
  tokenizer: { ...read(`public-cases/text/${name}/tokenizer.json`), ...change },
  config: read(`public-cases/text/${name}/tokenizer_config.json`),
  chatTemplate: readFileSync(join(FIXTURES, `public-cases/text/${name}/chat_template.jinja`), 'utf8'),
});

describe('a text is encoded as one text', () => {
  it.each(Object.keys(cases))('%s: texts and chats have the ids that transformers gives', (name) => {
    const { texts, chats } = cases[name]!;
    const tokenizer = createTokenizer({ ...opened(name) });
    for (const [text, ids] of texts) expect([...tokenizer.encode(text)], text).toEqual(ids);
    for (const [prompt, system, , ids] of chats) {
      const chat = createTokenizer({ ...opened(name), ...(system !== null && { system }) });
      expect([...chat.encodePrompt(prompt, 1000)], prompt).toEqual(ids);
    }
  });

  const metaspace = (scheme: string) => ({ type: 'Metaspace', replacement: '▁', prepend_scheme: scheme, split: false });
  const { tokenizer: zephyr } = opened('spm-first-zephyr');

  it.each(['first', 'always', 'never'])('a reply goes on where the prompt ends (prepend_scheme %s)', (scheme) => {
    const json = opened('spm-first-zephyr', { pre_tokenizer: metaspace(scheme) });
    const codec = createCodec(createTokenizer({ ...json }), { maxPrompt: 100, maxReply: 100 });
    const space = (zephyr.model as { vocab: Record<string, number> }).vocab['▁']!;
    for (const reply of ['noon', ' noon', 'the boat']) {
      const ids = codec.encodeReply(reply);
      if (!reply.startsWith(' ')) expect(ids[0]).not.toBe(space);
      expect(codec.decodeReply(ids)).toBe(reply);
    }
    expect([...codec.encodeDialogue('hello', 'noon')].slice(0, codec.encodePrompt('hello').length)).toEqual([
      ...codec.encodePrompt('hello'),
    ]);
  });

  it('a model without a template begins as its tokenizer says', () => {
    const { chatTemplate: _, ...base } = opened('eos-in-config');
    const first = (config: object) =>
      createTokenizer({ ...base, config: { ...base.config, ...config } }).encodePrompt('x', 100)[0];
    expect(first({})).toBe(324);
    expect(first({ add_bos_token: false })).not.toBe(324);
    const without = { ...base, tokenizer: { ...base.tokenizer, post_processor: null } };
    expect(createTokenizer(without).encodePrompt('x', 100)[0]).not.toBe(324);
    expect(
      createTokenizer({ ...without, config: { ...base.config, add_bos_token: true } }).encodePrompt('x', 100)[0],
    ).toBe(324);
  });

  it('refuses parts of a tokenizer that it would do otherwise', () => {
    const made = (change: object) => () => createTokenizer({ ...opened('added', change) });
    expect(made({ pre_tokenizer: { type: 'UnicodeScripts' } })).toThrow(
      /pre_tokenizer UnicodeScripts is not supported/,
    );
    expect(made({ normalizer: { type: 'Precompiled', precompiled_charsmap: 'AA' } })).toThrow(/Precompiled/);
    expect(made({ pre_tokenizer: { type: 'Digits', individual_digits: true, strange: 1 } })).toThrow(/strange is 1/);
    const { model } = opened('added').tokenizer as { model: object };
    expect(made({ model: { ...model, dropout: 0.1 } })).toThrow(/dropout is 0.1/);
  });
});

describe('values in templates', () => {
  const { rows, messages } = read('template-values.json') as {
    rows: { template: string; rendered?: string; refused?: true }[];
    messages: Parameters<typeof renderChat>[1];
  };

  it.each(rows.map((row) => [row.template, row] as const))('%s', (source, { rendered, refused }) => {
    const render = () =>
      renderChat(parseTemplate(source), messages, { controls: [], variables: {} })
        .map((piece) => ('text' in piece ? piece.text : ''))
        .join('');
    if (refused === true) expect(render).toThrow(/refuses the conversation/);
    else expect(render()).toBe(rendered);
  });

  it.each([
    ['{% set x = 0 %}{% for i in [1, 2] %}{{ x }}{% set x = i %}{{ x }} {% endfor %}{{ x }}', '01 02 0'],
    ['{% for i in [1, 2] %}{% if y is defined %}leaked{% endif %}{% set y = i %}{% endfor %}{{ y }}', ''],
    ['{% for i in [1] %}{% if true %}{% set z = i %}{% endif %}{{ z }}{% endfor %}{{ z }}', '1'],
    ['{% for i in [1, 2] %}a{% if i == 2 %}b{% continue %}{% endif %}c{% else %}e{% endfor %}', 'acab'],
    ['{% for i in [1, 2, 3] %}a{% if i == 2 %}b{% break %}{% endif %}c{% endfor %}', 'acab'],
    ['{% for i in range(200) %}{% if i > 1 %}{% continue %}{% endif %}{{ i }}{% endfor %}', '01'],
    ['{% set a %}{% set b = 1 %}{{ b }}{% endset %}{{ a }}{{ b }}', '1'],
  ])('a loop is a scope in every iteration: %s', (source, want) => {
    const pieces = renderChat(parseTemplate(source), [], { controls: [], variables: {} });
    expect(pieces).toEqual(want === '' ? [] : [{ text: want }]);
  });

  it.each(['1e15', '[1e15]', '1.5e-3', '1_000', '0x1f'])('the number %s is refused by name', (number) => {
    expect(() => parseTemplate(`{{ ${number} }}`)).toThrow(/cannot be read: the number \w[\w.]* is not supported/);
    expect(() => parseTemplate('{{ 1 if 2 in [2] else 3 }}{% for i in [1] if 1 %}{% endfor %}')).not.toThrow();
  });

  it('a variable that the template does not read is refused by its name', () => {
    const chat = (variables: object) => () => createTokenizer({ ...opened('added'), variables });
    expect(chat({ enable_thinkin: true })).toThrow(/"enable_thinkin" is not read by the chat template/);
    expect(chat({ messages: [] })).toThrow(/"messages" is set by the conversation/);
  });
});
