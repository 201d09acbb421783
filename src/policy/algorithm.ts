import type { z } from 'zod';
import type { Sampler, TrainableModel } from '../engine/index.ts';

/** A prompt as algorithms read it. What else it carries travels with it to whoever scores or evaluates. */
export interface PolicyPrompt {
  readonly id: string;
  readonly text: string;
}

/** Scores replies to one prompt, NaN where it cannot. A function, never a reward model: gold, proxy, remote or a rule all fit. */
export type ScoreFunction<P extends PolicyPrompt = PolicyPrompt> = (
  prompt: P,
  replies: readonly string[],
) => Promise<readonly { readonly mean: number; readonly spread?: number }[]>;

/** Text at the boundary of a policy: prompt to token ids (with any BOS and turn marks), completion ids to text. */
export interface Codec {
  encodePrompt(prompt: string): Int32Array;
  /** Reply text to completion ids, the stop token last. */
  encodeReply(reply: string): Int32Array;
  /** Completion ids, with or without the stop token, to text. */
  decodeReply(tokens: Int32Array): string;
  readonly stop: readonly number[];
}

/** A reply to learn from, written by a person or chosen. */
export interface Demonstration {
  readonly prompt: string;
  readonly reply: string;
}

/** Two replies to a prompt of which one was preferred. */
export interface PolicyPair {
  readonly prompt: string;
  readonly chosen: string;
  readonly rejected: string;
  /** How many judgments it counts as. */
  readonly weight: number;
}

/** What an algorithm can be given beside the model, by need. */
export interface Supplies<P extends PolicyPrompt = PolicyPrompt> {
  /** To sample from; never those that a policy is evaluated on. */
  readonly prompts: readonly P[];
  readonly scores: ScoreFunction<P>;
  readonly pairs: readonly PolicyPair[];
  /** A model with a scalar head that learns the value of a state. */
  readonly critic: TrainableModel;
  readonly demonstrations: readonly Demonstration[];
}
export type Need = keyof Supplies;

/** What every algorithm works on. */
export interface CommonContext {
  readonly model: TrainableModel;
  /** The frozen policy of step 0: KL is measured against it. */
  readonly reference: Sampler;
  readonly codec: Codec;
  /** Every random choice derives from this and the step, so that a resumed run continues to the same bits. */
  readonly seed: number;
  /** First step to run (a resumed run starts later). */
  readonly fromStep?: number;
  /** What the step before that logged: an algorithm that carries numbers from step to step logs them, and takes them up here. */
  readonly previous?: Readonly<Record<string, number>> | undefined;
  /** Most nats a token by which sampler and trainer may differ on the same weights: `Capabilities.samplerKl` of the engine. */
  readonly samplerKlLimit?: number;
}
/** What an algorithm with some needs works on. */
export type PolicyContext<
  N extends Need = 'prompts' | 'scores',
  P extends PolicyPrompt = PolicyPrompt,
> = CommonContext & Pick<Supplies<P>, N>;

/** What every algorithm reports per step, counted from 1; names follow TRL's where they mean the same. */
export interface StepRecord {
  readonly step: number;
  readonly metrics: Readonly<Record<string, number>>;
}

/** One thing that a step does, and where that comes from: a paper, a trainer and what of it, or this project. */
export type ImplementationDetail = readonly [text: string, source: string];

/**
 * A way to optimise a policy: one file, readable from top to bottom, one row of `ALGORITHMS`. What all of them promise is in
 * `algorithm.contract.ts`. Losses sum; averaging and length factors are folded into weights.
 */
export interface Algorithm<S extends z.ZodObject, N extends Need> {
  readonly id: string;
  readonly title: string;
  /** Paper, with the equation where there is one. */
  readonly citation: string;
  /** What is maximised, or as a loss made small, as a formula; a line a form. */
  readonly objective: string;
  /** How the step goes, in its order. */
  readonly details: readonly ImplementationDetail[];
  /** The id of the algorithm whose file is most like it, and in what this one is another. */
  readonly differs: { readonly from: string; readonly in: readonly string[] };
  /** Where it is a good choice, and where another is. */
  readonly when: string;
  readonly whenNot: string;
  /** A strict object in which every key has a default. */
  readonly config: S;
  readonly needs: readonly N[];
  /** Every metric it logs, no other, each explained with its unit. */
  readonly metrics: Readonly<Record<string, string>>;
  /** Optimises step by step; the caller may evaluate and save between steps, and stop. */
  run<P extends PolicyPrompt>(context: PolicyContext<N, P>, config: z.output<S>): AsyncGenerator<StepRecord>;
}

/** An algorithm as it is, with its types inferred. */
export const defineAlgorithm = <S extends z.ZodObject, N extends Need>(algorithm: Algorithm<S, N>): Algorithm<S, N> =>
  algorithm;
