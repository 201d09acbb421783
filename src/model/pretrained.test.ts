import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { DataError } from '../run/index.ts';
import { mergeAdapters, resolveTargets } from './adapters.ts';
import { configFromSpec, familyOf, specFromConfig } from './hub-config.ts';
import { initialParameters } from './parameters.ts';
import {
  readAdapter,
  readAdapterLora,
  readJsonObject,
  readPretrained,
  readPretrainedSpec,
  TensorFiles,
  writeAdapter,
  writePretrained,
} from './pretrained.ts';
import { decodeFloats, encodeSafetensors, headerLength, PREFIX_BYTES, parseHeader } from './safetensors.ts';
import type { TransformerSpec } from './spec.ts';

const FIXTURES = resolve(import.meta.dirname, '../../fixtures/pretrained');
const folder = mkdtempSync(join(tmpdir(), 'goodhart-pretrained-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const NAMES = ['gpt2', 'llama', 'llama3-sharded', 'qwen2', 'qwen3', 'llama-reward'];
const specOf = (name: string): TransformerSpec => ({
  ...readPretrainedSpec(join(FIXTURES, name)),
  ...(name === 'llama-reward' && { scalarHead: true }),
});
const filesIn = (path: string) =>
  readdirSync(path)
    .filter((file) => file.endsWith('.safetensors'))
    .map((file) => join(path, file));

describe('published folders', () => {
  it.each(NAMES)('%s: what is read is written back tensor for tensor, under the published names', (name) => {
    const spec = specOf(name);
    const weights = readPretrained(join(FIXTURES, name), spec);
    const out = join(folder, name);
    writePretrained(out, { spec, weights });
    const [before, after] = [join(FIXTURES, name), out].map((path) => new TensorFiles(filesIn(path)));
    expect(after!.names.sort()).toEqual(before!.names.sort());
    for (const tensor of before!.names) expect(after!.read(tensor)).toEqual(before!.read(tensor));
    before!.close();
    after!.close();
    expect(readPretrainedSpec(out)).toEqual({ ...spec, scalarHead: undefined });
    const [was, is] = [readJsonObject(join(FIXTURES, name, 'config.json')), readJsonObject(join(out, 'config.json'))];
    expect(is.architectures).toEqual(was.architectures);
  });

  it('divides large weights among files with an index, and reads them back', () => {
    const spec = specOf('qwen3');
    const weights = readPretrained(join(FIXTURES, 'qwen3'), spec);
    const out = join(folder, 'sharded');
    writePretrained(out, { spec, weights }, { shardBytes: 20_000 });
    expect(filesIn(out).length).toBeGreaterThan(2);
    expect(readPretrained(out, spec)).toEqual(weights);
  });

  it('reads a sequence classifier that was published without the projection to a vocabulary of its own', () => {
    const plain = specOf('llama3-sharded');
    const spec = { ...plain, scalarHead: true };
    const head = new Float32Array(spec.width).fill(0.5);
    const weights = new Map([...readPretrained(join(FIXTURES, 'llama3-sharded'), spec), ['scalarHead', head]]);
    const out = join(folder, 'classifier');
    writePretrained(out, { spec, weights });
    const file = new TensorFiles(filesIn(out));
    const rest = new Map(file.names.filter((name) => name !== 'lm_head.weight').map((name) => [name, file.read(name)]));
    expect(rest.size).toBe(file.names.length - 1);
    file.close();
    writeFileSync(join(out, 'model.safetensors'), Buffer.concat(encodeSafetensors(rest)));
    weights.delete('unembedding');
    expect(readPretrained(out, spec)).toEqual(weights);
    expect(() => readPretrained(out, plain)).toThrow(/lm_head.weight is missing/);
  });

  it('a shorter context leaves out the last learned positions', () => {
    const from = join(FIXTURES, 'gpt2');
    const short = readPretrainedSpec(from, { maxContext: 8 });
    expect(readPretrained(from, short).get('positionEmbedding')).toEqual(
      readPretrained(from, specOf('gpt2'))
        .get('positionEmbedding')!
        .subarray(0, 8 * 32),
    );
    expect(() => readPretrainedSpec(from, { maxContext: 65 })).toThrow(
      /context of 65 was asked for, but the model has 64/,
    );
  });

  it('the plain model is published as a Llama', () => {
    const plain = { vocabulary: 9, width: 8, layers: 1, heads: 2, feedForward: 6, maxContext: 8 };
    const config = configFromSpec(plain);
    expect(config.model_type).toBe('llama');
    expect(specFromConfig(config, 'config.json')).toMatchObject(plain);
    expect(() => familyOf({ ...plain, architecture: { norm: 'layer' } })).toThrow(
      /no published family combines layer, rotary/,
    );
  });

  it('reads rotary settings in the layout of transformers 5 too', () => {
    const {
      rope_theta: rope,
      rope_scaling: scaling,
      ...config
    } = readJsonObject(join(FIXTURES, 'llama3-sharded/config.json'));
    const joined = { ...config, rope_parameters: { ...(scaling as object), rope_theta: rope } };
    expect(specFromConfig(joined, 'c')).toEqual(specOf('llama3-sharded'));
  });

  it('names what it does not support', () => {
    const config = readJsonObject(join(FIXTURES, 'llama/config.json'));
    const changed = (change: object) => () => specFromConfig({ ...config, ...change }, 'config.json');
    expect(changed({ model_type: 'bloom' })).toThrow(
      /model_type is "bloom"; expected one of gpt2, llama, qwen2, qwen3/,
    );
    expect(changed({ attention_bias: true })).toThrow(/attention_bias is true, which is not supported; expected false/);
    expect(changed({ rope_scaling: { rope_type: 'yarn', factor: 2 } })).toThrow(/rope type "yarn" is not supported/);
    expect(changed({ hidden_size: '32' })).toThrow(/hidden_size: expected a number, got "32"/);
  });

  it('refuses weights that do not fit the configuration, a missing file, a pickle, and a path in an index', () => {
    const broken = (name: string, change: (path: string) => void) => {
      const path = mkdtempSync(join(folder, 'broken-'));
      cpSync(join(FIXTURES, name), path, { recursive: true });
      change(path);
      return () => readPretrained(path, specOf(name));
    };
    const spec = specOf('llama');
    const from = join(FIXTURES, 'llama');
    expect(() => readPretrained(from, { ...spec, feedForward: 44 })).toThrow(
      /is \[40,32\], but config.json asks for \[44,32\]/,
    );
    expect(() => readPretrained(from, { ...spec, layers: 3 })).toThrow(
      /model.layers.2.input_layernorm.weight is missing/,
    );
    expect(() => readPretrained(from, { ...spec, layers: 1 })).toThrow(/config.json does not explain: model.layers.1/);
    const file = (path: string) => join(path, 'model.safetensors');
    expect(broken('llama', (path) => rmSync(file(path)))).toThrow(
      /expected model.safetensors or model.safetensors.index/,
    );
    expect(
      broken('llama', (path) => {
        rmSync(file(path));
        writeFileSync(join(path, 'pytorch_model.bin'), '');
      }),
    ).toThrow(/pytorch_model.bin is no safetensors file/);
    const index = (path: string) => join(path, 'model.safetensors.index.json');
    const escaping = JSON.stringify({ weight_map: { a: '../model.safetensors' } });
    expect(broken('llama3-sharded', (path) => writeFileSync(index(path), escaping))).toThrow(
      /names of files in this folder/,
    );
  });
});

describe('safetensors', () => {
  const whole = (tensors: Parameters<typeof encodeSafetensors>[0]) => Buffer.concat(encodeSafetensors(tensors));
  const parse = (bytes: Uint8Array) => {
    const length = headerLength(bytes.subarray(0, PREFIX_BYTES), bytes.length, 'x');
    return parseHeader(bytes.subarray(PREFIX_BYTES, PREFIX_BYTES + length), bytes.length, 'x');
  };
  const tensors = fc.dictionary(
    fc.string({ minLength: 1 }).filter((name) => !name.startsWith('__')),
    fc.array(fc.float({ noNaN: true }), { maxLength: 20 }),
  );

  it('gives back any names and numbers', () => {
    fc.assert(
      fc.property(tensors, (values) => {
        const given = new Map(
          Object.entries(values).map(([name, v]) => [name, { shape: [v.length], values: Float32Array.from(v) }]),
        );
        const bytes = whole(given);
        const read = parse(bytes).tensors;
        expect([...read.keys()].sort()).toEqual([...given.keys()].sort());
        for (const [name, { shape, start, end, dtype }] of read) {
          const want = given.get(name)!;
          expect({ shape, values: decodeFloats(bytes.subarray(start, end), dtype, name) }).toEqual(want);
        }
      }),
    );
  });

  it('refuses a file cut anywhere, or with bytes behind its end', () => {
    const bytes = whole(
      new Map([
        ['a', { shape: [2, 3], values: new Float32Array(6).fill(1) }],
        ['b', { shape: [2], values: new Float32Array(2) }],
      ]),
    );
    for (let length = 0; length < bytes.length; length++) {
      expect(() => parse(bytes.subarray(0, length)), `cut at ${length}`).toThrow(DataError);
    }
    expect(() => parse(Buffer.concat([bytes, Buffer.alloc(4)]))).toThrow(/4 bytes follow the last tensor/);
  });

  it('refuses overlaps, gaps and sizes that disagree with shapes', () => {
    const header = (entries: object) => () => parseHeader(new TextEncoder().encode(JSON.stringify(entries)), 1000, 'x');
    const at = (start: number, end: number) => ({
      dtype: 'F32',
      shape: [(end - start) / 4],
      data_offsets: [start, end],
    });
    expect(header({ a: at(0, 8), b: at(4, 12) })).toThrow(/overlap or leave a gap/);
    expect(header({ a: at(0, 8), b: at(12, 16) })).toThrow(/overlap or leave a gap/);
    expect(header({ a: { ...at(0, 8), shape: [3] } })).toThrow(/needs 12 bytes, but has 8/);
    expect(header({ a: at(0, 4000) })).toThrow(/ends at byte \d+ of a file of 1000/);
    expect(header({ a: { dtype: 'F32', shape: [-1], data_offsets: [0, 4] } })).toThrow(/expected dtype, shape/);
    expect(header({ a: null })).toThrow(/expected dtype, shape/);
  });

  it('reads every float16 as IEEE 754 has it, and bfloat16 as the upper half of a float32', () => {
    const view = new DataView(new ArrayBuffer(4));
    const half = (bits: number) => decodeFloats(Uint8Array.of(bits & 255, bits >> 8), 'F16', 'x')[0]!;
    // Examples of the standard: 1, −2, largest, smallest normal, smallest subnormal, 1/3, infinities.
    const examples = { 15360: 1, 49152: -2, 31743: 65504, 1024: 2 ** -14, 1: 2 ** -24, 13653: 0.333251953125 };
    for (const [bits, want] of Object.entries(examples)) expect(half(Number(bits))).toBe(want);
    expect([half(0x7c00), half(0xfc00), Object.is(half(0x8000), -0)]).toEqual([Infinity, -Infinity, true]);
    expect(half(0x7c01)).toBeNaN();
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffff }), (bits) => {
        view.setUint32(0, bits << 16);
        expect(decodeFloats(Uint8Array.of(bits & 255, bits >> 8), 'BF16', 'x')[0]).toEqual(view.getFloat32(0));
      }),
    );
  });
});

describe('adapters in the layout of PEFT', () => {
  const base = specOf('llama');
  const source = join(FIXTURES, 'llama-lora');
  const lora = readAdapterLora(source, base);
  const spec = { ...base, lora };

  it('are read and written back tensor for tensor', () => {
    expect(lora).toEqual({ rank: 3, alpha: 6, targets: ['attention.q', 'attention.v', 'mlp.down'] });
    const weights = readAdapter(source, spec);
    const out = join(folder, 'lora');
    writeAdapter(out, { spec, weights }, 'some/model');
    const [before, after] = [source, out].map((path) => new TensorFiles([join(path, 'adapter_model.safetensors')]));
    expect(after!.names.sort()).toEqual(before!.names.sort());
    for (const tensor of before!.names) expect(after!.read(tensor)).toEqual(before!.read(tensor));
    expect(readAdapterLora(out, base)).toEqual(lora);
  });

  it.each([['gpt2'], ['qwen3']])('%s: adapters on all linear layers survive, names in either manner', (name) => {
    const own = { ...specOf(name), lora: { rank: 2, alpha: 4 } };
    const targets = resolveTargets(name === 'gpt2' ? ['c_attn', 'c_proj', 'c_fc'] : ['all-linear'], own, 'x');
    const adapted = { ...own, lora: { ...own.lora, targets } };
    const weights = initialParameters(adapted, (i) => Math.sin(i));
    const out = join(folder, `${name}-lora`);
    writeAdapter(out, { spec: adapted, weights }, name);
    const read = readAdapter(out, { ...own, lora: readAdapterLora(out, own) });
    expect(read.size).toBe(2 * (name === 'gpt2' ? 4 : 7) * 2);
    for (const [key, values] of read) expect(values).toEqual(weights.get(key));
  });

  it('merge leaves the model that came in as it was, and without adapters changes nothing', () => {
    const weights = new Map([...readPretrained(join(FIXTURES, 'llama'), base), ...readAdapter(source, spec)]);
    const copy = structuredClone(weights);
    const merged = mergeAdapters({ spec, weights });
    expect(weights).toEqual(copy);
    expect(merged.spec).toEqual(base);
    expect(merged.weights.get('layer0.attention.out')).toEqual(weights.get('layer0.attention.out'));
    expect(merged.weights.get('layer0.attention.qkv')).not.toEqual(weights.get('layer0.attention.qkv'));
    expect(mergeAdapters({ spec: base, weights: merged.weights }).weights).toEqual(merged.weights);
  });

  it('refuses what PEFT can do and this engine cannot, and files that do not fit', () => {
    const config = readFileSync(join(source, 'adapter_config.json'), 'utf8');
    const changed = (change: object) => {
      const path = mkdtempSync(join(folder, 'peft-'));
      writeFileSync(join(path, 'adapter_config.json'), JSON.stringify({ ...JSON.parse(config), ...change }));
      return () => readAdapterLora(path, base);
    };
    expect(changed({ use_dora: true })).toThrow(/use_dora is true, which is not supported/);
    expect(changed({ rank_pattern: { q_proj: 8 } })()).toMatchObject({ rank: 8, alpha: 16 });
    expect(changed({ rank_pattern: 8 })).toThrow(/rank_pattern/);
    expect(changed({ target_modules: ['nonsense'] })).toThrow(
      /nonsense is no linear layer; expected some of attention.qkv/,
    );
    expect(() => readAdapter(source, { ...base, lora: { ...lora, rank: 2 } })).toThrow(
      /is \[3,32\]; expected \[2,32\]/,
    );
    expect(() => readAdapter(source, { ...base, lora: { ...lora, targets: ['attention.k'] } })).toThrow(
      /k_proj.*is missing/,
    );
    expect(() => readAdapter(source, { ...base, lora: { ...lora, targets: ['attention.q'] } })).toThrow(
      /does not explain/,
    );
  });
});
