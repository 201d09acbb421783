import { each, idle, only, type Settings, taken, unset } from './understood.ts';

/** Every key of `config.json` that is understood, by family; `hub-config.ts` reads those that are taken. */

/** Settings of generation as older models keep them in `config.json`; newer ones have `generation_config.json`. */
export const GENERATION_KEYS = [
  'max_length',
  'min_length',
  'do_sample',
  'early_stopping',
  'num_beams',
  'num_beam_groups',
  'diversity_penalty',
  'temperature',
  'top_k',
  'top_p',
  'typical_p',
  'repetition_penalty',
  'length_penalty',
  'no_repeat_ngram_size',
  'encoder_no_repeat_ngram_size',
  'bad_words_ids',
  'num_return_sequences',
  'forced_bos_token_id',
  'forced_eos_token_id',
  'remove_invalid_values',
  'exponential_decay_length_penalty',
  'suppress_tokens',
  'begin_suppress_tokens',
] as const;

const SHARED: Settings = {
  ...each(
    ['model_type', 'architectures', 'vocab_size', 'tie_word_embeddings', 'num_labels', 'id2label', 'label2id'],
    taken,
  ),
  ...each(['bos_token_id', 'eos_token_id', 'pad_token_id'], taken),
  ...each(GENERATION_KEYS, idle('of generation: kept and handed on, not applied')),
  ...each(['sep_token_id', 'unk_token_id', 'cls_token_id', 'mask_token_id', 'decoder_start_token_id'], idle('of text')),
  ...each(['torch_dtype', 'dtype', 'use_bfloat16'], idle('computed in float32')),
  ...each(
    [
      'attention_dropout',
      'hidden_dropout',
      'classifier_dropout',
      'initializer_range',
      'gradient_checkpointing',
      'problem_type',
    ],
    idle('of training elsewhere'),
  ),
  ...each(
    [
      'use_cache',
      'return_dict',
      'return_dict_in_generate',
      'output_attentions',
      'output_hidden_states',
      'output_scores',
    ],
    idle('what a call gives back'),
  ),
  ...each(
    ['_attn_implementation', 'attn_implementation', '_attn_implementation_autoset', '_attn_implementation_internal'],
    idle('another way to the same numbers'),
  ),
  ...each(
    ['pretraining_tp', 'torchscript', 'tf_legacy_loss', 'is_decoder', '_experts_implementation'],
    idle('as above'),
  ),
  ...each(
    [
      'transformers_version',
      '_name_or_path',
      'name_or_path',
      '_commit_hash',
      'finetuning_task',
      'task_specific_params',
    ],
    idle('where it came from'),
  ),
  ...each(
    [
      'tokenizer_class',
      'prefix',
      'model_max_length',
      'keys_to_ignore_at_inference',
      'transformers.js_config',
      'is_llama_config',
    ],
    idle('notes of other programs'),
  ),
  ...each(
    ['unsloth_fixed', 'unsloth_version', '_from_model_config', 'base_model_tp_plan', 'base_model_pp_plan'],
    idle('as above'),
  ),
  reward_normaliser: idle('of this program: of the rewards, not of the model'),
  ...each(['is_encoder_decoder', 'add_cross_attention', 'tie_encoder_decoder', 'cross_attention_hidden_size'], unset),
  chunk_size_feed_forward: idle('another way to the same numbers'),
  pruned_heads: unset,
};

const GPT2: Settings = {
  ...SHARED,
  ...each(['n_embd', 'n_layer', 'n_head', 'n_inner', 'n_positions', 'n_ctx', 'layer_norm_epsilon'], taken),
  activation_function: only('gelu_new', 'gelu_pytorch_tanh'),
  scale_attn_weights: only(true),
  scale_attn_by_inverse_layer_idx: unset,
  reorder_and_upcast_attn: idle('another way to the same numbers'),
  ...each(['embd_pdrop', 'attn_pdrop', 'resid_pdrop'], idle('of training elsewhere')),
  ...each(
    ['summary_type', 'summary_use_proj', 'summary_activation', 'summary_proj_to_labels', 'summary_first_dropout'],
    idle('of a head that is not published with language models'),
  ),
};

const allFull = (value: unknown) => Array.isArray(value) && value.every((type) => type === 'full_attention');

const ROTARY: Settings = {
  ...SHARED,
  ...each(['hidden_size', 'num_hidden_layers', 'num_attention_heads', 'num_key_value_heads', 'head_dim'], taken),
  ...each(['intermediate_size', 'max_position_embeddings', 'rms_norm_eps'], taken),
  ...each(['rope_theta', 'rope_scaling', 'rope_parameters', 'original_max_position_embeddings'], taken),
  hidden_act: only('silu', 'swish'),
  ...each(['attention_bias', 'mlp_bias', 'use_sliding_window'], only(false)),
  layer_types: { fits: (value) => value === null || allFull(value), expected: '"full_attention" everywhere' },
  partial_rotary_factor: only(1, null),
  rope_interleaved: unset,
};

/** Keys that are understood in the `config.json` of each family. */
export const CONFIG_SETTINGS = {
  gpt2: GPT2,
  llama: { ...ROTARY, sliding_window: unset },
  qwen2: { ...ROTARY, ...each(['sliding_window', 'max_window_layers'], idle('without use_sliding_window')) },
  qwen3: { ...ROTARY, ...each(['sliding_window', 'max_window_layers'], idle('without use_sliding_window')) },
} as const satisfies Readonly<Record<string, Settings>>;

/** Keys of `rope_parameters` and `rope_scaling` that are understood, by kind of scaling. */
export const ROPE_SETTINGS: Readonly<Record<string, Settings>> = (() => {
  const shared = {
    ...each(['rope_theta', 'rope_type', 'type'], taken),
    partial_rotary_factor: only(1, null),
  };
  return {
    default: {
      ...shared,
      ...each(['factor', 'original_max_position_embeddings'], idle('not read by transformers either')),
    },
    linear: { ...shared, factor: taken, original_max_position_embeddings: idle('not read by transformers either') },
    llama3: {
      ...shared,
      ...each(['factor', 'low_freq_factor', 'high_freq_factor', 'original_max_position_embeddings'], taken),
    },
  };
})();
