import { z } from 'zod';
import type { ModelSpec, RotaryScaling } from './engine.ts';

const count = z.int().positive();

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
  vocabulary: count,
  width: count,
  layers: count,
  heads: count,
  feedForward: count,
  maxContext: count,
  seed: z.int().nonnegative(),
  scalarHead: z.boolean().optional(),
  architecture: z
    .strictObject({
      keyValueHeads: count.optional(),
      headWidth: count.optional(),
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
    .strictObject({ rank: count, alpha: z.number().positive(), targets: z.array(z.string()).optional() })
    .optional(),
});
