import { z } from 'zod';
import { SCHEDULES } from './schedules.ts';

/** Keys that algorithms share; each takes those it reads. All have defaults. */
const positive = z.int().positive();
const rate = z.number().positive();

/** Of every algorithm that takes steps of an optimiser. */
export const optimiserKeys = {
  steps: positive.default(100),
  learningRate: rate.default(2e-4),
  /** How the rate falls from its peak over the run. */
  schedule: z.enum(SCHEDULES).default('constant'),
  /** Steps over which the rate rises to its peak. */
  warmup: z.int().nonnegative().default(0),
  /** Largest L2 norm of a step's gradient. */
  gradClipNorm: rate.default(1),
  /** Sequences handed to the engine at once; their gradients add up, so that the step is the same. All when left out. */
  microBatch: positive.optional(),
};

/** Of every algorithm that learns from its own samples. */
export const samplingKeys = {
  promptsPerStep: positive.default(8),
  /** Samples per prompt: each is judged beside the others, so at least two. */
  samples: z.int().min(2).default(8),
  maxTokens: positive.default(48),
  /** Subtracted from the score of a reply that did not stop by itself. */
  missingEosPenalty: z.number().nonnegative().default(1),
  /** Subtracted from the score for every token of a reply. */
  lengthPenalty: z.number().nonnegative().default(0),
};
export type SamplingSettings = z.output<z.ZodObject<typeof samplingKeys>>;

/** Of every algorithm whose reward may hold entropy. */
export const entropyKeys = {
  /** Weight of entropy, in reward per nat: replies are paid for being unlikely under the policy that says them. */
  entropy: z.number().nonnegative().default(0),
};

/** Of every algorithm that learns from pairs that were judged. */
export const pairKeys = {
  /** Pairs to a step. */
  batch: positive.default(16),
};
