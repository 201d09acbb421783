import type { Sampler, TrainableModel } from '../engine/index.ts';

/** Scores replies to one prompt. A function, never a reward model: gold, proxy, remote or a rule all fit. */
export type ScoreFunction = (
  prompt: string,
  replies: readonly string[],
) => Promise<{ mean: number; spread?: number }[]>;

/** Text at the boundary of a policy: prompt to token ids (with any BOS and turn marks), completion ids to text. */
export interface Codec {
  encodePrompt(prompt: string): Int32Array;
  /** Reply text to completion ids, the stop token last. */
  encodeReply(reply: string): Int32Array;
  /** Completion ids, with or without the stop token, to text. */
  decodeReply(tokens: Int32Array): string;
  readonly stop: readonly number[];
}

/** What every algorithm reports per step; names follow TRL's where they mean the same. */
export interface StepRecord {
  readonly step: number;
  readonly metrics: Readonly<Record<string, number>>;
}

/** What an algorithm works on. */
export interface PolicyContext {
  readonly model: TrainableModel;
  /** The frozen policy of step 0: KL is measured against it. */
  readonly reference: Sampler;
  readonly codec: Codec;
  readonly prompts: readonly string[];
  readonly score: ScoreFunction;
  /** Every random choice derives from this and the step, so that a resumed run continues to the same bits. */
  readonly seed: number;
  /** First step to run (a resumed run starts later). */
  readonly fromStep?: number;
}
