import { MODEL_LIMITS, type ModelArchitecture, type RotaryScaling } from '../engine/index.ts';
import { DataError, own } from '../run/index.ts';
import { CONFIG_SETTINGS, ROPE_SETTINGS } from './hub-config-settings.ts';
import { architectureOf, type TransformerSpec } from './spec.ts';
import { isUnset, requireUnderstood, shown } from './understood.ts';

/** `config.json` of the published families to a description of a model, and back. */

export const FAMILIES = ['gpt2', 'llama', 'qwen2', 'qwen3'] as const;
export type Family = (typeof FAMILIES)[number];

type Json = Readonly<Record<string, unknown>>;

/** Reads keys of one config file; what is missing or unsupported ends with the key, what was got and what is expected. */
class Reader {
  readonly json: Json;
  readonly source: string;

  constructor(json: Json, source: string) {
    this.json = json;
    this.source = source;
  }

  fault(text: string): DataError {
    return new DataError('model-config', `${this.source}: ${text}`);
  }

  number(key: string, fallback?: number): number {
    const value = own(this.json, key) ?? fallback;
    if (typeof value !== 'number') throw this.fault(`${key}: expected a number, got ${shown(value)}`);
    return value;
  }

  /** A number that something is divided by or scaled with. */
  positive(key: string, fallback?: number): number {
    const value = this.number(key, fallback);
    if (Number.isFinite(value) && value > 0) return value;
    throw this.fault(`${key}: expected a positive number, got ${value}`);
  }

  /** A whole number of something that memory is taken for, within what any published model has. */
  size(key: string, most: number, fallback?: number): number {
    const value = this.number(key, fallback);
    if (Number.isInteger(value) && value >= 1 && value <= most) return value;
    throw this.fault(`${key}: expected a whole number from 1 to ${most}, got ${value}`);
  }
}

/** The one value of a setting that may stand in several places; two values are refused. */
function agreed<T>(config: Reader, name: string, places: readonly (T | undefined)[]): T | undefined {
  const values = [...new Set(places.filter((value) => value !== undefined && value !== null))];
  if (values.length < 2) return values[0];
  const got = values.map(shown).join(' and ');
  throw config.fault(`${name} is ${got} in different places; expected one value; remove the others`);
}

/**
 * Rotary settings wherever they are published: `rope_theta` beside `rope_scaling` or in it, or in `rope_parameters`, which holds both
 * since transformers 5. Places that differ are refused.
 */
function rotaryOf(config: Reader): { rotaryBase: number; rotaryScaling: RotaryScaling | undefined } {
  const readers = ['rope_parameters', 'rope_scaling'].flatMap((key) => {
    const value = own(config.json, key);
    if (isUnset(value)) return [];
    if (typeof value !== 'object' || Array.isArray(value))
      throw config.fault(`${key}: expected an object, got ${shown(value)}`);
    return [new Reader(value as Json, `${config.source}: ${key}`)];
  });
  const both = [...readers, config];
  const numberIn = (key: string, among: readonly Reader[]) =>
    agreed(
      config,
      key,
      among.map((reader) => (isUnset(own(reader.json, key)) ? undefined : reader.positive(key))),
    );
  const needed = (key: string, among: readonly Reader[] = readers): number => {
    const value = numberIn(key, among);
    if (value === undefined) throw config.fault(`rope: ${key}: expected a number, got none`);
    return value;
  };
  const kinds = readers.flatMap(({ json }) => [json.rope_type, json.type]);
  const kind = agreed(config, 'rope type', kinds as (string | undefined)[]) ?? 'default';
  if (typeof kind !== 'string' || !Object.hasOwn(ROPE_SETTINGS, kind)) {
    const known = Object.keys(ROPE_SETTINGS).join(', ');
    throw config.fault(`rope type ${shown(kind)} is not supported; expected one of ${known}`);
  }
  for (const reader of readers) requireUnderstood(reader.json, ROPE_SETTINGS[kind]!, (text) => reader.fault(text));
  const rotaryBase = numberIn('rope_theta', both) ?? 10_000;
  if (kind === 'default') return { rotaryBase, rotaryScaling: undefined };
  const factor = needed('factor');
  if (kind === 'linear') return { rotaryBase, rotaryScaling: { kind, factor } };
  return {
    rotaryBase,
    rotaryScaling: {
      kind: 'llama3',
      factor,
      lowFrequencyFactor: needed('low_freq_factor'),
      highFrequencyFactor: needed('high_freq_factor'),
      originalContext:
        numberIn('original_max_position_embeddings', both) ??
        config.size('max_position_embeddings', MODEL_LIMITS.context),
    },
  };
}

function gpt2Spec(config: Reader): TransformerSpec {
  const width = config.size('n_embd', MODEL_LIMITS.width);
  return {
    vocabulary: config.size('vocab_size', MODEL_LIMITS.vocabulary),
    width,
    layers: config.size('n_layer', MODEL_LIMITS.layers),
    heads: config.size('n_head', MODEL_LIMITS.heads),
    feedForward: config.size('n_inner', MODEL_LIMITS.feedForward, 4 * width),
    maxContext: config.size('n_positions', MODEL_LIMITS.context, config.json.n_ctx as number | undefined),
    architecture: {
      norm: 'layer',
      normEpsilon: config.positive('layer_norm_epsilon', 1e-5),
      positions: 'learned',
      activation: 'gelu',
      biases: 'all',
      tied: config.json.tie_word_embeddings !== false,
    },
  };
}

function rotarySpec(config: Reader, family: Exclude<Family, 'gpt2'>): TransformerSpec {
  const [width, heads] = [
    config.size('hidden_size', MODEL_LIMITS.width),
    config.size('num_attention_heads', MODEL_LIMITS.heads),
  ];
  const { rotaryBase, rotaryScaling } = rotaryOf(config);
  // Left out, it has each class's default; null means as many as there are query heads.
  const keyValueDefault = family === 'llama' || own(config.json, 'num_key_value_heads') === null ? heads : 32;
  const architecture: ModelArchitecture = {
    keyValueHeads: config.size('num_key_value_heads', MODEL_LIMITS.heads, keyValueDefault),
    headWidth: config.size('head_dim', MODEL_LIMITS.width, family === 'qwen3' ? 128 : width / heads),
    normEpsilon: config.positive('rms_norm_eps', 1e-6),
    rotaryBase,
    ...(rotaryScaling !== undefined && { rotaryScaling }),
    ...(family === 'qwen2' && { biases: 'qkv' as const }),
    ...(family === 'qwen3' && { queryKeyNorm: true }),
    tied: config.json.tie_word_embeddings === true,
  };
  return {
    vocabulary: config.size('vocab_size', MODEL_LIMITS.vocabulary),
    width,
    layers: config.size('num_hidden_layers', MODEL_LIMITS.layers),
    heads,
    feedForward: config.size('intermediate_size', MODEL_LIMITS.feedForward),
    maxContext: config.size('max_position_embeddings', MODEL_LIMITS.context),
    architecture,
  };
}

/** The description that a `config.json` object gives. `source` names the file in errors. */
export function specFromConfig(json: Json, source: string): TransformerSpec {
  const config = new Reader(json, source);
  const family = json.model_type as Family;
  if (!FAMILIES.includes(family)) {
    throw config.fault(`model_type is ${shown(json.model_type)}; expected one of ${FAMILIES.join(', ')}`);
  }
  requireUnderstood(json, CONFIG_SETTINGS[family], (text) => config.fault(text));
  return family === 'gpt2' ? gpt2Spec(config) : rotarySpec(config, family);
}

/** The published family that has exactly this architecture. */
export function familyOf(spec: TransformerSpec): Family {
  const { norm, positions, activation, biases, queryKeyNorm, keyValueHeads, headWidth } = architectureOf(spec);
  if (norm === 'layer' && positions === 'learned' && activation === 'gelu' && biases === 'all') {
    if (!queryKeyNorm && keyValueHeads === spec.heads && headWidth * spec.heads === spec.width) return 'gpt2';
  } else if (norm === 'rms' && positions === 'rotary' && activation === 'swiglu') {
    if (queryKeyNorm && biases === 'none') return 'qwen3';
    if (!queryKeyNorm && biases === 'qkv') return 'qwen2';
    if (!queryKeyNorm && biases === 'none') return 'llama';
  }
  const mix = [norm, positions, activation, `biases ${biases}`, ...(queryKeyNorm ? ['query-key norm'] : [])];
  throw new DataError('family', `no published family combines ${mix.join(', ')}; export the model as ONNX instead`);
}

const CLASSES: { readonly [F in Family]: string } = { gpt2: 'GPT2', llama: 'Llama', qwen2: 'Qwen2', qwen3: 'Qwen3' };

function scalingConfig(scaling: RotaryScaling | undefined): Json | null {
  if (scaling === undefined) return null;
  if (scaling.kind === 'linear') return { rope_type: 'linear', factor: scaling.factor };
  return {
    rope_type: 'llama3',
    factor: scaling.factor,
    low_freq_factor: scaling.lowFrequencyFactor,
    high_freq_factor: scaling.highFrequencyFactor,
    original_max_position_embeddings: scaling.originalContext,
  };
}

/**
 * `config.json` of a model, as transformers reads it. With a scalar head it is a reward model: a sequence classifier with one
 * label. `tokens` are the ids of special tokens where the tokenizer has them; several for `eos` are all ids at which a reply ends.
 */
export function configFromSpec(
  spec: TransformerSpec,
  tokens: {
    readonly bos?: number | undefined;
    readonly eos?: number | readonly number[];
    readonly pad?: number | undefined;
  } = {},
): Json {
  const family = familyOf(spec);
  const a = architectureOf(spec);
  const task =
    spec.scalarHead === true ? 'ForSequenceClassification' : family === 'gpt2' ? 'LMHeadModel' : 'ForCausalLM';
  const shared = {
    architectures: [`${CLASSES[family]}${task}`],
    model_type: family,
    vocab_size: spec.vocabulary,
    tie_word_embeddings: a.tied,
    torch_dtype: 'float32',
    initializer_range: 0.02,
    bos_token_id: tokens.bos ?? null,
    eos_token_id: tokens.eos ?? null,
    pad_token_id: tokens.pad ?? null,
    ...(spec.scalarHead === true && { num_labels: 1, id2label: { 0: 'reward' }, label2id: { reward: 0 } }),
  };
  if (family === 'gpt2') {
    return {
      ...shared,
      n_embd: spec.width,
      n_layer: spec.layers,
      n_head: spec.heads,
      n_inner: spec.feedForward,
      n_positions: spec.maxContext,
      layer_norm_epsilon: a.normEpsilon,
      activation_function: 'gelu_new',
      embd_pdrop: 0,
      attn_pdrop: 0,
      resid_pdrop: 0,
    };
  }
  return {
    ...shared,
    hidden_size: spec.width,
    num_hidden_layers: spec.layers,
    num_attention_heads: spec.heads,
    num_key_value_heads: a.keyValueHeads,
    head_dim: a.headWidth,
    intermediate_size: spec.feedForward,
    max_position_embeddings: spec.maxContext,
    rms_norm_eps: a.normEpsilon,
    rope_theta: a.rotaryBase,
    rope_scaling: scalingConfig(a.rotaryScaling),
    hidden_act: 'silu',
    attention_dropout: 0,
    ...(family !== 'qwen2' && { attention_bias: false }),
    ...(family === 'llama' && { mlp_bias: false }),
    ...(family !== 'llama' && { use_sliding_window: false }),
  };
}
