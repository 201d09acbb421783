import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { specFromConfig } from './hub-config.ts';
import { peftPlan } from './peft-config.ts';
import { readPretrained, readPretrainedSpec } from './pretrained.ts';
import { readPretrainedTokenizer } from './pretrained-text.ts';

const CASES = resolve(import.meta.dirname, '../../fixtures/public-cases');
const json = (path: string) => JSON.parse(readFileSync(join(CASES, path), 'utf8')) as Record<string, unknown>;
const place = mkdtempSync(join(tmpdir(), 'goodhart-understood-'));
afterAll(() => rmSync(place, { recursive: true, force: true }));

/** Names that no program uses, and values that say something. */
const NAME = fc.string({ minLength: 3, maxLength: 12, unit: fc.constantFrom(...'abcxyz_') }).map((name) => `q_${name}`);
const VALUE = fc.oneof(fc.constant(true), fc.integer({ min: 1 }), fc.string({ minLength: 1 }), fc.constant({ a: 1 }));

const base = readPretrainedSpec(join(CASES, 'models/base'));
const plain = json('models/lora-plain/adapter_config.json');
const plan = (change: object) => peftPlan({ ...plain, ...change }, base, 'a');
const adapted = (change: object) => plan(change).modules.map(({ layer, name }) => `${layer}.${name}`);

describe('what is not understood is refused by its name', () => {
  it('any unknown key of adapter settings, model settings and tokenizer settings', () => {
    fc.assert(
      fc.property(NAME, VALUE, (name, value) => {
        expect(() => plan({ [name]: value })).toThrow(name);
        expect(() => specFromConfig({ ...json('models/base/config.json'), [name]: value }, 'c')).toThrow(name);
        expect(adapted({ [name]: null })).toEqual(adapted({}));
      }),
      { numRuns: 50 },
    );
  });

  it.each([
    ['init_lora_weights', 'pissa'],
    ['init_lora_weights', 'olora'],
    ['bias', 'all'],
    ['use_dora', true],
    ['lora_bias', true],
    ['trainable_token_indices', [1]],
    ['target_parameters', ['x']],
    ['modules_to_save', ['lm_head']],
    ['task_type', 'SEQ_2_SEQ_LM'],
    ['loftq_config', { bits: 4 }],
  ])('adapter setting %s %j', (key, value) => {
    expect(() => plan({ [key]: value })).toThrow(key);
  });

  it.each([
    ['quantization_config', { bits: 4 }],
    ['auto_map', { AutoModel: 'x' }],
    ['sliding_window', 128],
    ['layer_types', ['sliding_attention']],
    ['partial_rotary_factor', 0.5],
    ['rope_theta', 77],
    ['rope_parameters', { rope_type: 'default', rope_theta: 10_000, mscale: 2 }],
  ])('model setting %s %j', (key, value) => {
    expect(() => specFromConfig({ ...json('models/base/config.json'), [key]: value }, 'c')).toThrow(key);
  });
});

describe('targets of adapters match as PEFT has them', () => {
  it('by whole names, ends of names, patterns, blocks and exclusion', () => {
    expect(adapted({})).toEqual(['0.attention.q', '0.attention.v', '1.attention.q', '1.attention.v']);
    expect(adapted({ target_modules: ['model.layers.1.self_attn.q_proj'] })).toEqual(['1.attention.q']);
    expect(adapted({ target_modules: '.*\\.1\\..*(?P<which>k|o)_proj' })).toEqual(['1.attention.k', '1.attention.out']);
    expect(adapted({ target_modules: 'all-linear' })).toHaveLength(14);
    expect(adapted({ target_modules: 'ALL-LINEAR', exclude_modules: ['mlp.gate_proj'] })).toHaveLength(12);
    expect(adapted({ layers_to_transform: [1] })).toEqual(['1.attention.q', '1.attention.v']);
    expect(adapted({ layers_to_transform: 0, layers_pattern: 'layers' })).toEqual(['0.attention.q', '0.attention.v']);
    expect(() => adapted({ target_modules: 'q_proj' })).toThrow(/which no linear layer matches/);
    expect(() => adapted({ target_modules: ['q_proj', 'lm_head'] })).toThrow(/lm_head would be adapted/);
  });

  it('with ranks and scales of their own', () => {
    const [q, v] = plan({ rank_pattern: { q_proj: 2 }, alpha_pattern: { 'layers.0.self_attn.v_proj': 1 } }).modules;
    expect([q!.rank, q!.scale, v!.rank, v!.scale]).toEqual([2, 4, 4, 0.25]);
    expect(plan({ use_rslora: true }).modules[0]!.scale).toBe(4);
  });
});

describe('a setting is looked for in all of its places', () => {
  const copy = (name: string, files: Readonly<Record<string, unknown>>) => {
    const folder = mkdtempSync(join(place, 'case-'));
    cpSync(join(CASES, name), folder, { recursive: true });
    for (const [file, value] of Object.entries(files)) writeFileSync(join(folder, file), JSON.stringify(value));
    return folder;
  };
  const stops = (files: object) => readPretrainedTokenizer(copy('text/eos-in-config', { ...files })).stop;

  it('stops', () => {
    expect(stops({})).toEqual([325, 326]);
    expect(stops({ 'generation_config.json': { eos_token_id: 326 } })).toEqual([326]);
    expect(stops({ 'generation_config.json': { temperature: 0.5 } })).toEqual([325, 326]);
    expect(() => stops({ 'generation_config.json': { stop_strings: ['x'] } })).toThrow(/stop_strings/);
    const map = { 'tokenizer_config.json': {}, 'special_tokens_map.json': { eos_token: '<|eot|>' } };
    const { config } = readPretrainedTokenizer(copy('text/eos-in-config', map)) as { config: { eos_token: string } };
    expect(config.eos_token).toBe('<|eot|>');
    expect(() => stops({ 'tokenizer_config.json': { q_strange: 1 } })).toThrow(/q_strange is 1/);
    expect(() => stops({ 'tokenizer_config.json': { bos_token: '<nowhere>' } })).toThrow(/bos_token is "<nowhere>"/);
  });

  it('the rotary base, and a head of its own', () => {
    expect(readPretrainedSpec(join(CASES, 'models/rope-in-scaling')).architecture!.rotaryBase).toBe(500_000);
    const own = readPretrainedSpec(join(CASES, 'models/tied-differs'));
    expect(own.architecture!.tied).toBe(false);
    expect(readPretrained(join(CASES, 'models/tied-differs'), own).has('unembedding')).toBe(true);
  });
});
