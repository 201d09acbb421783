import { z } from 'zod';
import { joinTokens } from './protobuf.ts';
import type { PassOutput, PassRequest, SampleOutput, Tensor, WireDatum } from './tensors.ts';

/** The messages of the Tinker protocol that come as JSON too: data of a pass, and what passes and samples answer. */

const int32 = z.int32();
/** Most data of a request, and chunks of an input: clients send at most 1,024 data at once. */
const MOST_LISTED = 20_000;

const chunkSchema = z
  .object({ type: z.string().default('encoded_text'), tokens: z.array(int32).optional() })
  .transform(({ type, tokens }, context) => {
    if (type === 'encoded_text' && tokens !== undefined) return Int32Array.from(tokens);
    context.addIssue(`expected a chunk of tokens (encoded_text), got ${type.slice(0, 40)}`);
    return z.NEVER;
  });

/** A prompt or an input, as one sequence of tokens. */
export const modelInputSchema = z
  .object({ chunks: z.array(chunkSchema).max(MOST_LISTED) })
  .transform(({ chunks }) => joinTokens(chunks));

const tensorSchema = z
  .object({
    data: z.array(z.number()),
    dtype: z.enum(['int64', 'float32']),
    shape: z.array(z.int().nonnegative()).nullish(),
    sparse_crow_indices: z.array(z.int()).nullish(),
  })
  .transform(({ data, dtype, shape, sparse_crow_indices }, context): Tensor => {
    if ((shape?.length ?? 1) > 1 || (sparse_crow_indices ?? null) !== null) {
      context.addIssue('expected one number a position, got a tensor of two dimensions; give one target a position');
      return z.NEVER;
    }
    if (dtype === 'float32') return Float32Array.from(data);
    if (data.every((value) => int32.safeParse(value).success)) return Int32Array.from(data);
    context.addIssue('expected token ids');
    return z.NEVER;
  });

const datumSchema = z
  .object({ model_input: modelInputSchema, loss_fn_inputs: z.record(z.string(), tensorSchema) })
  .transform(
    ({ model_input, loss_fn_inputs }): WireDatum => ({
      tokens: model_input,
      inputs: new Map(Object.entries(loss_fn_inputs)),
    }),
  );

/** Data, loss and its settings, as `forward_backward_input` has them. */
export const passInputSchema = z.object({
  data: z.array(datumSchema).max(MOST_LISTED),
  loss_fn: z.string(),
  loss_fn_config: z
    .record(z.string(), z.number())
    .nullish()
    .transform((config) => new Map(Object.entries(config ?? {}))),
});

const listed = (tensor: Tensor) => Array.from(tensor);
const tensorJson = (tensor: Tensor) => ({
  data: listed(tensor),
  dtype: tensor instanceof Float32Array ? 'float32' : 'int64',
  shape: [tensor.length],
});
export const modelInputJson = (tokens: Int32Array) => ({
  chunks: [{ type: 'encoded_text', tokens: listed(tokens) }],
});

/** The body of `forward_backward` or `forward` as JSON. */
export function passRequestJson({ modelId, seqId, data, loss, config, forwardOnly }: PassRequest): object {
  const input = {
    data: data.map(({ tokens, inputs }) => ({
      model_input: modelInputJson(tokens),
      loss_fn_inputs: Object.fromEntries([...inputs].map(([name, tensor]) => [name, tensorJson(tensor)])),
    })),
    loss_fn: loss,
    ...(config.size > 0 && { loss_fn_config: Object.fromEntries(config) }),
  };
  return {
    model_id: modelId,
    ...(seqId !== undefined && { seq_id: seqId }),
    [forwardOnly ? 'forward_input' : 'forward_backward_input']: input,
  };
}

export const passOutputJson = ({ logprobs, metrics }: PassOutput): object => ({
  loss_fn_output_type: 'logprobs',
  loss_fn_outputs: logprobs.map((row) => ({ logprobs: tensorJson(row) })),
  metrics: Object.fromEntries(metrics),
});

/** What a pass answered in JSON. */
export const passOutputSchema: z.ZodType<PassOutput> = z
  .object({
    loss_fn_outputs: z.array(z.object({ logprobs: tensorSchema })),
    metrics: z.record(z.string(), z.number().nullable()).nullish(),
  })
  .transform(({ loss_fn_outputs, metrics }) => ({
    logprobs: loss_fn_outputs.map(({ logprobs }) => Float32Array.from(logprobs)),
    metrics: new Map(
      Object.entries(metrics ?? {}).flatMap(([name, value]) => (value === null ? [] : [[name, value] as const])),
    ),
  }));

const numbersOrNull = (values: Float32Array) => Array.from(values, (value) => (Number.isNaN(value) ? null : value));

export const sampleOutputJson = ({ sequences, promptLogprobs }: SampleOutput): object => ({
  type: 'sample',
  sequences: sequences.map(({ tokens, logprobs, stopReason }) => ({
    stop_reason: stopReason,
    tokens: listed(tokens),
    ...(logprobs !== undefined && { logprobs: listed(logprobs) }),
  })),
  ...(promptLogprobs !== undefined && { prompt_logprobs: numbersOrNull(promptLogprobs) }),
});

/** What sampling answered in JSON. */
export const sampleOutputSchema: z.ZodType<SampleOutput> = z
  .object({
    sequences: z.array(
      z.object({
        stop_reason: z.enum(['stop', 'length']),
        tokens: z.array(int32),
        logprobs: z.array(z.number()).nullish(),
      }),
    ),
    prompt_logprobs: z.array(z.number().nullable()).nullish(),
  })
  .transform(({ sequences, prompt_logprobs }) => ({
    sequences: sequences.map(({ stop_reason, tokens, logprobs }) => ({
      tokens: Int32Array.from(tokens),
      logprobs: logprobs == null ? undefined : Float32Array.from(logprobs),
      stopReason: stop_reason,
    })),
    promptLogprobs:
      prompt_logprobs == null ? undefined : Float32Array.from(prompt_logprobs, (value) => value ?? Number.NaN),
  }));
