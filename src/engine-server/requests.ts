import { z } from 'zod';
import { modelInputSchema, type PassRequest, passInputSchema } from '../engine-tinker/index.ts';

/** What clients send as JSON, by endpoint. Unknown keys are let by, as the protocol has it; unknown wishes are refused by name. */

const id = z.string().min(1).max(200);
const seq = z.int().positive().nullish();
/** A wish that this engine does not grant: absent, or set to what changes nothing. */
const not = (what: string, ...allowed: readonly unknown[]) =>
  z
    .unknown()
    .refine((value) => value === undefined || value === null || allowed.includes(value), {
      error: `${what} is not offered by this engine; leave it out`,
    })
    .optional();

const metadata = z.record(z.string().max(200), z.string().max(2000)).nullish();
const optimizer = z.object({ type: z.literal('adamw', { error: 'this engine has adamw' }).default('adamw') }).nullish();

export const createSessionSchema = z.object({ sdk_version: z.string().max(100).default('') });
export const sessionSchema = z.object({ session_id: id });

export const createModelSchema = z.object({
  session_id: id,
  model_seq_id: z.int().nonnegative().max(999_999),
  base_model: z.string().min(1).max(4000),
  lora_config: z
    .object({
      /** 0 trains the whole model, as other servers of this protocol have it. */
      rank: z.int().nonnegative().max(4096),
      seed: z
        .int()
        .min(0)
        .max(2 ** 31 - 1)
        .nullish(),
      train_unembed: z.boolean().default(true),
      train_mlp: z.boolean().default(true),
      train_attn: z.boolean().default(true),
    })
    .nullish(),
  optimizer_config: optimizer,
  user_metadata: metadata,
});

export const loadWeightsSchema = z
  .object({
    model_id: id.nullish(),
    seq_id: seq,
    session_id: id.nullish(),
    model_seq_id: z.int().nonnegative().max(999_999).nullish(),
    base_model: z.string().max(4000).nullish(),
    user_metadata: metadata,
    path: z.string().max(1000),
    optimizer: z.boolean(),
    optimizer_config: optimizer,
    weights_access_token: not('weights_access_token'),
  })
  .refine(
    ({ model_id, session_id, model_seq_id }) =>
      (model_id != null) !== (session_id != null) && (session_id != null) === (model_seq_id != null),
    { error: 'expected model_id, or session_id and model_seq_id' },
  );

export const modelSchema = z.object({ model_id: id });

/** Whose a request is and its place: what is wrong with the rest is said when its turn has come, so that those behind it go on. */
export const turnSchema = z.object({ model_id: id, seq_id: seq });
export const loadKindSchema = z.object({ session_id: id.nullish() });

const passRequest = (
  { model_id, seq_id }: z.infer<typeof turnSchema>,
  { data, loss_fn, loss_fn_config }: z.infer<typeof passInputSchema>,
  forwardOnly: boolean,
): PassRequest => ({
  modelId: model_id,
  seqId: seq_id ?? undefined,
  data,
  loss: loss_fn,
  config: loss_fn_config,
  forwardOnly,
});
export const forwardBackwardSchema = turnSchema
  .extend({ forward_backward_input: passInputSchema })
  .transform((given) => passRequest(given, given.forward_backward_input, false));
export const forwardSchema = turnSchema
  .extend({ forward_input: passInputSchema })
  .transform((given) => passRequest(given, given.forward_input, true));

export const optimStepSchema = z.object({
  model_id: id,
  seq_id: seq,
  adam_params: z.object({
    learning_rate: z.number().default(1e-4),
    beta1: z.number().min(0).max(1).default(0.9),
    beta2: z.number().min(0).max(1).default(0.95),
    eps: z.number().min(0).default(1e-12),
    weight_decay: z.number().default(0),
    grad_clip_norm: z.number().min(0).default(0),
  }),
  optimizer_params: not('optimizer_params'),
});

/** At most a hundred years: a date has to come of it. */
const ttl = z.int().positive().max(3_155_760_000).nullish();
export const saveWeightsSchema = z.object({
  model_id: id,
  seq_id: seq,
  path: z.string().max(300).nullish(),
  ttl_seconds: ttl,
  overwrite: z.boolean().default(false),
  user_metadata: metadata,
});
export const saveForSamplerSchema = saveWeightsSchema.extend({
  sampling_session_seq_id: z.int().nonnegative().nullish(),
  kind: z.literal('snapshot', { error: 'this engine has samplers of kind snapshot' }).default('snapshot'),
});

export const createSamplingSessionSchema = z
  .object({
    session_id: id,
    sampling_session_seq_id: z.int().nonnegative(),
    base_model: z.string().max(4000).nullish(),
    model_path: z.string().max(1000).nullish(),
  })
  .refine(({ base_model, model_path }) => (base_model != null) !== (model_path != null), {
    error: 'expected either base_model or model_path',
  });

/** Looked for in every reply. */
const stopText = z.string().max(1000);

export const sampleSchema = z
  .object({
    sampling_session_id: id.nullish(),
    base_model: z.string().max(4000).nullish(),
    model_path: z.string().max(1000).nullish(),
    seq_id: z.int().nonnegative().nullish(),
    num_samples: z.int().positive().max(4096).default(1),
    prompt: modelInputSchema,
    sampling_params: z.object({
      max_tokens: z.int().positive().nullish(),
      seed: z.int().nullish(),
      stop: z.union([stopText, z.array(stopText).max(64), z.array(z.int()).max(1024)]).nullish(),
      temperature: z.number().min(0).default(1),
      top_k: z.int().min(-1).default(-1),
      top_p: z.number().positive().max(1).default(1),
    }),
    prompt_logprobs: z.boolean().nullish(),
    prompt_logprobs_last_n: z.int().positive().nullish(),
    topk_prompt_logprobs: not('topk_prompt_logprobs', 0),
    topk_sample_logprobs: not('topk_sample_logprobs', 0),
    target_prompt_logprobs: not('target_prompt_logprobs'),
    prompt_alt_tokens_k: not('prompt_alt_tokens_k', 0),
    record_stability_info: not('record_stability_info', false),
  })
  .refine(
    (given) =>
      [given.sampling_session_id, given.base_model, given.model_path].filter((value) => value != null).length === 1,
    { error: 'expected one of sampling_session_id, base_model and model_path' },
  );
export type SampleRequest = z.infer<typeof sampleSchema>;

export const retrieveSchema = z.object({ request_id: z.string().max(200) });
export const weightsInfoSchema = z.object({ tinker_path: z.string().max(1000) });
export const pageSchema = z.object({
  offset: z.coerce.number().int().nonnegative().default(0),
  limit: z.coerce.number().int().positive().max(1000).default(20),
});
