import { z } from 'zod';
import type { ModelSpec, RotaryScaling } from './engine.ts';

/** The most of each that a model may have: well above those that are published, and within what memory could be taken for. */
export const MODEL_LIMITS = {
  vocabulary: 2_000_000,
  width: 65_536,
  layers: 1_000,
  heads: 1_024,
  feedForward: 1_000_000,
  context: 100_000_000,
} as const;

const count = (most: number) => z.int().positive().max(most);

const rotaryScalingSchema: z.ZodType<RotaryScaling> = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('linear'), factor: z.number() }),
  z.strictObject({
    kind: z.literal('llama3'),
    factor: z.number(),
    lowFrequencyFactor: z.number(),
    highFrequencyFactor: z.number(),
    originalContext: z.number(),
  }),
]);

/** A model's description read from a file. What the numbers must be to each other the engine checks itself. */
export const modelSpecSchema: z.ZodType<ModelSpec> = z.strictObject({
  vocabulary: count(MODEL_LIMITS.vocabulary),
  width: count(MODEL_LIMITS.width),
  layers: count(MODEL_LIMITS.layers),
  heads: count(MODEL_LIMITS.heads),
  feedForward: count(MODEL_LIMITS.feedForward),
  maxContext: count(MODEL_LIMITS.context),
  seed: z.int().nonnegative(),
  scalarHead: z.boolean().optional(),
  architecture: z
    .strictObject({
      keyValueHeads: count(MODEL_LIMITS.heads).optional(),
      headWidth: count(MODEL_LIMITS.width).optional(),
      norm: z.enum(['rms', 'layer']).optional(),
      normEpsilon: z.number().positive().optional(),
      positions: z.enum(['rotary', 'learned']).optional(),
      rotaryBase: z.number().positive().optional(),
      rotaryScaling: rotaryScalingSchema.optional(),
      activation: z.enum(['swiglu', 'gelu']).optional(),
      biases: z.enum(['none', 'qkv', 'all']).optional(),
      queryKeyNorm: z.boolean().optional(),
      tied: z.boolean().optional(),
    })
    .optional(),
  lora: z
    .strictObject({
      rank: count(MODEL_LIMITS.width),
      alpha: z.number().positive(),
      targets: z.array(z.string()).optional(),
    })
    .optional(),
});
