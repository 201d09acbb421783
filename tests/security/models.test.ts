import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { specFromConfig } from '../../src/model/hub-config.ts';
import { peftPlan } from '../../src/model/peft-config.ts';
import { readPretrained, readPretrainedSpec } from '../../src/model/pretrained.ts';
import { encodeSafetensors, headerLength, parseHeader } from '../../src/model/safetensors.ts';
import { DataError } from '../../src/run/index.ts';
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
  it('and what is scaled by them are positive, and parts are what they should be', () => {
    const llama = {
      ...{ model_type: 'llama', vocab_size: 100, hidden_size: 8, num_hidden_layers: 2, num_attention_heads: 2 },
      ...{ intermediate_size: 16, max_position_embeddings: 16 },
    };
    expect(specFromConfig(llama, 'c').width).toBe(8);
    for (const key of ['rope_theta', 'rms_norm_eps'])
      for (const value of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, '1', [1]])
        expect(() => specFromConfig({ ...llama, [key]: value }, 'c')).toThrow(
          /^c: \w+: expected a (positive )?number, got/,
        );
    for (const [value, want] of [
      [7, /rope_scaling: expected an object, got 7/],
      [{ rope_type: 'linear', factor: 0 }, /rope_scaling: factor: expected a positive number, got 0/],
      [{ rope_type: 'x'.repeat(100_000) }, /rope type "x{1,80}… is not supported/],
    ] as const)
      expect(() => specFromConfig({ ...llama, rope_scaling: value }, 'c')).toThrow(want);
    for (const key of ['num_key_value_heads', 'head_dim'])
      for (const value of [1e12, 0, -2, 1.5, '8'])
        expect(() => specFromConfig({ ...llama, [key]: value }, 'c')).toThrow(/^c: \w+: expected a (whole )?number/);
  });
  it('are borne out by the weights at hand before anything is made of them', () => {
    writeFileSync(join(folder, 'config.json'), JSON.stringify({ ...config, n_embd: 4096, vocab_size: 500_000 }));
    writeFileSync(join(folder, 'model.safetensors'), Buffer.alloc(5000));
    expect(() => readPretrainedSpec(folder)).toThrow(
      /expected sizes that 5000 bytes of weights can hold, got \d+ weights/,
    );
    writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
    const small = new Map([['small', { shape: [1250], values: new Float32Array(1250) }]]);
    writeFileSync(join(folder, 'model.safetensors'), Buffer.concat(encodeSafetensors(small)));
    expect(readPretrainedSpec(folder).width).toBe(8);
  });
  it('are compared with every tensor before memory is taken for it', () => {
    const small = specFromConfig(config, 'c');
    const tensor = { shape: [2, 8], values: new Float32Array(16) };
    writeFileSync(
      join(folder, 'model.safetensors'),
      Buffer.concat(encodeSafetensors(new Map([['transformer.wte.weight', tensor]]))),
    );
    expect(() => readPretrained(folder, small)).toThrow(/wte\.weight is \[2,8\], but config\.json asks for \[100,8\]/);
    // Taken first, this would be 2 TB.
    const large = { ...small, vocabulary: 2_000_000, width: 65_536, feedForward: 1_000_000 };
    for (const heads of [8, 64])
      expect(() => readPretrained(folder, { ...large, heads: heads })).toThrow(
        /but config\.json asks for \[2000000,65536\]/,
      );
  });
  it('of adapters are whole numbers too', () => {
    const spec = specFromConfig(config, 'c');
    const given = { peft_type: 'LORA', r: 4, lora_alpha: 8, target_modules: 'all-linear' };
    expect(peftPlan(given, spec, 'a').lora).toMatchObject({ rank: 4, alpha: 8 });
    for (const r of [1e12, 0, -1, 1.5, '4', null])
      expect(() => peftPlan({ ...given, r }, spec, 'a')).toThrow(/^a: r: expected a whole number from 1 to \d+/);
    for (const lora_alpha of [0, -1, Number.NaN, '4'])
      expect(() => peftPlan({ ...given, lora_alpha }, spec, 'a')).toThrow(/^a: lora_alpha: expected a positive/);
    expect(() => peftPlan({ ...given, target_modules: [1] }, spec, 'a')).toThrow(
      /^a: target_modules is \[1\]; expected names/,
    );
  });
});

describe('the header of a weight file', () => {
  const headerOf = (header: unknown, bytes = 16) => {
    const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
    return parseHeader(text, 8 + text.length + bytes, 'f');
  };
  const entry = { dtype: 'F32', shape: [4], data_offsets: [0, 16] };
  it('says nothing that the file does not hold', () => {
    expect(headerOf({ a: entry }).tensors.get('a')!.shape).toEqual([4]);
    for (const [change, want] of [
      [{ data_offsets: [0, 2 ** 52] }, /ends at byte 4503599627370\d+ of a file of/],
      [{ data_offsets: [16, 0] }, /ends at byte/],
      [{ data_offsets: [-16, 0] }, /expected dtype, shape \(at most 8 axes\) and two data_offsets/],
      [{ data_offsets: [0.5, 16] }, /expected dtype/],
      [{ data_offsets: [0] }, /expected dtype/],
      [{ data_offsets: [0, '16'] }, /expected dtype/],
      [{ shape: [2 ** 52, 2 ** 52] }, /needs .* bytes, but has 16/],
      [{ shape: [-4] }, /expected dtype/],
      [{ shape: new Array(10_000).fill(1) }, /expected dtype/],
      [{ shape: 'x'.repeat(10_000) }, /expected dtype/],
      [{ dtype: 'F9999' }, /./],
    ] as const) {
      const read = () => headerOf({ a: { ...entry, ...change } });
      if ('dtype' in change) expect(read().tensors.get('a')!.dtype).toBe('F9999');
      else expect(read).toThrow(want);
    }
    expect(() => headerOf({ a: entry, b: entry })).toThrow(/tensors overlap or leave a gap/);
    for (const text of ['null', '7', '[', `{"${'x'.repeat(10_000)}": 1}`]) {
      const error = (() => {
        try {
          return headerOf(text) as unknown as Error;
        } catch (thrown) {
          return thrown as Error;
        }
      })();
      expect(error).toBeInstanceOf(DataError);
      expect(error.message.length).toBeLessThan(500);
    }
  });
  it('is of a bounded length, within the file', () => {
    const prefix = (length: bigint) => {
      const bytes = new Uint8Array(8);
      new DataView(bytes.buffer).setBigUint64(0, length, true);
      return bytes;
    };
    for (const length of [10n ** 12n, 2n ** 64n - 1n, 93n, 33_000_000n])
      expect(() => headerLength(prefix(length), length === 33_000_000n ? 2 ** 40 : 100, 'f')).toThrow(
        /the header claims/,
      );
    expect(headerLength(prefix(92n), 100, 'f')).toBe(92);
  });
});
