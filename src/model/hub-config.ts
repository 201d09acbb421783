import type { ModelArchitecture, RotaryScaling } from '../engine/index.ts';
import { DataError, own } from '../run/index.ts';
import { architectureOf, type TransformerSpec } from './spec.ts';

/** `config.json` of the published families to a description of a model, and back. */

export const FAMILIES = ['gpt2', 'llama', 'qwen2', 'qwen3'] as const;
export type Family = (typeof FAMILIES)[number];

type Json = Readonly<Record<string, unknown>>;

/** A value for a message: of a stranger's file, and perhaps long. */
const shown = (value: unknown): string => (JSON.stringify(value) ?? String(value)).slice(0, 60);

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

  /** An object, or nothing. */
  object(key: string): Json | undefined {
    const value = own(this.json, key) ?? undefined;
    if (value === undefined || (typeof value === 'object' && !Array.isArray(value))) return value as Json | undefined;
    throw this.fault(`${key}: expected an object, got ${shown(value)}`);
  }

  /** Refuses a variant that the graphs do not have. */
  only(key: string, allowed: readonly unknown[], fallback: unknown): void {
    const value = own(this.json, key) ?? fallback;
    if (allowed.includes(value)) return;
    const names = allowed.map((v) => JSON.stringify(v)).join(' or ');
    throw this.fault(`${key} is ${shown(value)}; only ${names} is supported`);
  }
}

/** The most of each that a model may have: well above those that are published. */
const MOST = {
  vocabulary: 2_000_000,
  width: 65_536,
  layers: 1_000,
  heads: 1_024,
  feedForward: 1_000_000,
  context: 100_000_000,
};

/** Rotary settings in their two published layouts: `rope_theta` with `rope_scaling`, or `rope_parameters` holding both. */
function rotaryOf(config: Reader): { rotaryBase: number; rotaryScaling: RotaryScaling | undefined } {
  const joined = config.object('rope_parameters');
  const scaling = new Reader(joined ?? config.object('rope_scaling') ?? {}, `${config.source}: rope`);
  const rotaryBase =
    joined?.rope_theta === undefined ? config.positive('rope_theta', 10_000) : scaling.positive('rope_theta');
  const kind = scaling.json.rope_type ?? scaling.json.type ?? 'default';
  if (kind === 'default') return { rotaryBase, rotaryScaling: undefined };
  if (kind === 'linear') return { rotaryBase, rotaryScaling: { kind, factor: scaling.positive('factor') } };
  if (kind !== 'llama3') {
    throw config.fault(`rope type ${shown(kind)} is not supported; expected default, linear or llama3`);
  }
  return {
    rotaryBase,
    rotaryScaling: {
      kind,
      factor: scaling.positive('factor'),
      lowFrequencyFactor: scaling.positive('low_freq_factor'),
      highFrequencyFactor: scaling.positive('high_freq_factor'),
      originalContext: scaling.positive('original_max_position_embeddings'),
    },
  };
}

function gpt2Spec(config: Reader): TransformerSpec {
  config.only('activation_function', ['gelu_new', 'gelu_pytorch_tanh'], 'gelu_new');
  config.only('scale_attn_weights', [true], true);
  config.only('scale_attn_by_inverse_layer_idx', [false], false);
  config.only('add_cross_attention', [false], false);
  const width = config.size('n_embd', MOST.width);
  return {
    vocabulary: config.size('vocab_size', MOST.vocabulary),
    width,
    layers: config.size('n_layer', MOST.layers),
    heads: config.size('n_head', MOST.heads),
    feedForward: config.size('n_inner', MOST.feedForward, 4 * width),
    maxContext: config.size('n_positions', MOST.context, config.json.n_ctx as number | undefined),
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
  config.only('hidden_act', ['silu'], 'silu');
  config.only('attention_bias', [false], false);
  config.only('mlp_bias', [false], false);
  config.only('use_sliding_window', [false], false);
  const [width, heads] = [config.size('hidden_size', MOST.width), config.size('num_attention_heads', MOST.heads)];
  const { rotaryBase, rotaryScaling } = rotaryOf(config);
  const architecture: ModelArchitecture = {
    keyValueHeads: config.size('num_key_value_heads', MOST.heads, family === 'llama' ? heads : 32),
    headWidth: config.size('head_dim', MOST.width, family === 'qwen3' ? 128 : width / heads),
    normEpsilon: config.positive('rms_norm_eps', 1e-6),
    rotaryBase,
    ...(rotaryScaling !== undefined && { rotaryScaling }),
    ...(family === 'qwen2' && { biases: 'qkv' as const }),
    ...(family === 'qwen3' && { queryKeyNorm: true }),
    tied: config.json.tie_word_embeddings === true,
  };
  return {
    vocabulary: config.size('vocab_size', MOST.vocabulary),
    width,
    layers: config.size('num_hidden_layers', MOST.layers),
    heads,
    feedForward: config.size('intermediate_size', MOST.feedForward),
    maxContext: config.size('max_position_embeddings', MOST.context),
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
 * label. `tokens` are the ids of special tokens where the tokenizer has them.
 */
export function configFromSpec(
  spec: TransformerSpec,
  tokens: { readonly bos?: number; readonly eos?: number; readonly pad?: number } = {},
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
