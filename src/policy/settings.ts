import { z } from 'zod';
import { SCHEDULES } from './schedules.ts';

/** Keys that algorithms share; each takes those it reads. All have defaults. */
const positive = z.int().positive();
const rate = z.number().positive();

/** Of every algorithm that takes steps of an optimiser. */
export const optimiserKeys = {
  steps: positive.default(100).describe('Steps of the run.'),
  learningRate: rate.default(2e-4).describe('Learning rate of Adam, at its peak.'),
  schedule: z.enum(SCHEDULES).default('constant').describe('How the rate falls from its peak over the run.'),
  warmup: z.int().nonnegative().default(0).describe('Steps over which the rate rises to its peak.'),
  gradClipNorm: rate.default(1).describe("Largest L2 norm of a step's gradient."),
  microBatch: positive
    .optional()
    .describe(
      'Sequences handed to the engine at once; their gradients add up, so that the step is the same. All when left out.',
    ),
};

/** Of every algorithm that learns from its own samples. */
export const samplingKeys = {
  promptsPerStep: positive.default(8).describe('Prompts that a step samples from.'),
  samples: z.int().min(2).default(8).describe('Samples per prompt: each is judged beside the others, so at least two.'),
  maxTokens: positive.default(48).describe('Most tokens of a reply, the stop token included.'),
  missingEosPenalty: z
    .number()
    .nonnegative()
    .default(1)
    .describe('Subtracted from the score of a reply that did not stop by itself.'),
  lengthPenalty: z.number().nonnegative().default(0).describe('Subtracted from the score for every token of a reply.'),
};
export type SamplingSettings = z.output<z.ZodObject<typeof samplingKeys>>;

/** Of every algorithm whose reward may hold entropy. */
export const entropyKeys = {
  entropy: z
    .number()
    .nonnegative()
    .default(0)
    .describe(
      'Weight of entropy, in reward per nat: replies are paid for being unlikely under the policy that says them.',
    ),
};

/** Of every algorithm that learns from pairs that were judged. */
export const pairKeys = {
  batch: positive.default(16).describe('Pairs to a step.'),
};
