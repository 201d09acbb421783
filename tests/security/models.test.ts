import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { specFromConfig } from '../../src/model/hub-config.ts';
import { readPretrainedSpec } from '../../src/model/pretrained.ts';
import { parseTemplate, renderChat } from '../../src/text/chat-template.ts';
import { within } from '../../src/text/within.ts';

/** Models of strangers: their templates and patterns are programs, their sizes are claims. */
const folder = mkdtempSync(join(tmpdir(), 'goodhart-models-'));
afterAll(() => rmSync(folder, { recursive: true }));
const late = () => new Error('late');
const rendered = (source: string) =>
  renderChat(parseTemplate(source), [{ role: 'user', content: 'hello' }], { controls: [], variables: {} });

describe('what came with a model', () => {
  it('is stopped in the middle when it takes too long, and what it does in time counts', () => {
    expect(() =>
      within(
        30,
        () => {
          for (;;);
        },
        late,
      ),
    ).toThrow('late');
    // A pattern of a tokenizer and a text that it goes over for ever.
    const pattern = new RegExp(['(a+', ')+$'].join(''));
    expect(() => within(30, () => pattern.test(`${'a'.repeat(60)}b`), late)).toThrow('late');
    expect(within(10_000, () => within(10_000, () => 7, late) + 1, late)).toBe(8);
    expect(() => within(10_000, () => JSON.parse('{'), late)).toThrow(SyntaxError);
  });
  it('does not count to what nobody needs', () => {
    for (const source of [
      '{{ range(1000000000) }}',
      '{{ range(0, 1000000000000) }}',
      '{% for i in range(5, 9, 0) %}{% endfor %}',
    ])
      expect(() => rendered(source), source).toThrow(
        /refuses the conversation: range: expected at most 100000 numbers/,
      );
    expect(rendered('{% for i in range(3) %}{{ i }}{% endfor %}')).toEqual([{ text: '012' }]);
    expect(() => parseTemplate('x'.repeat(1_000_001))).toThrow(/cannot be read: expected at most 1000000 characters/);
  });
});

describe('sizes in a config.json', () => {
  const config = JSON.parse(
    '{"model_type":"gpt2","vocab_size":100,"n_embd":8,"n_layer":2,"n_head":2,"n_positions":16}',
  ) as Record<string, unknown>;
  it('are whole numbers that memory could be taken for', () => {
    expect(specFromConfig(config, 'c').layers).toBe(2);
    for (const key of ['vocab_size', 'n_embd', 'n_layer', 'n_head', 'n_positions'])
      for (const value of [1e12, 0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])
        expect(() => specFromConfig({ ...config, [key]: value }, 'c')).toThrow(
          new RegExp(`^c: ${key}: expected a whole number from 1 to \\d+, got`),
        );
  });
  it('are borne out by the weights at hand before anything is made of them', () => {
    writeFileSync(join(folder, 'config.json'), JSON.stringify({ ...config, n_embd: 4096, vocab_size: 500_000 }));
    writeFileSync(join(folder, 'model.safetensors'), Buffer.alloc(5000));
    expect(() => readPretrainedSpec(folder)).toThrow(
      /expected sizes that 5000 bytes of weights can hold, got \d+ weights/,
    );
    writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
    expect(readPretrainedSpec(folder).width).toBe(8);
  });
});
