import { z } from 'zod';
import type { Sampler } from '../engine/index.ts';
import { evaluatePolicy } from '../policy/index.ts';
import { mean } from '../stats/index.ts';
import type { DialogueCodec } from '../text/index.ts';
import { type Ground, type GroundPrompt, SPLITS, type Split } from '../world/index.ts';

/** What a policy said to one prompt, and what it was worth. */
export const evaluatedPromptSchema = z.strictObject({
  promptId: z.string(),
  prompt: z.string(),
  split: z.enum(SPLITS),
  replies: z.array(
    z.strictObject({
      text: z.string(),
      /** Under the policy, and under the base model, in nats. */
      logprob: z.number(),
      referenceLogprob: z.number(),
      tokens: z.number(),
    }),
  ),
  /** Scores of each reply: by the reward model, its members' spread, and the true utility where it is known. */
  scored: z.strictObject({
    proxy: z.array(z.number()),
    spread: z.array(z.number()),
    gold: z.array(z.number()).exactOptional(),
  }),
});
export type EvaluatedPrompt = z.infer<typeof evaluatedPromptSchema>;

/** A policy on the prompts of one split. Every figure says on which. */
export const splitFiguresSchema = z.strictObject({
  split: z.enum(SPLITS),
  /** Mean over replies of Σ (lp − ref): a Monte Carlo estimate of KL from the base model, in nats per reply. */
  kl: z.number(),
  /** Mean over replies of −Σ lp: entropy in nats per reply. */
  entropy: z.number(),
  meanTokens: z.number(),
  /** Mean score of each prompt. */
  proxy: z.array(z.number()),
  /** Mean deviation of the ensemble's members on a reply. */
  spread: z.number(),
  gold: z.array(z.number()).exactOptional(),
});
export type SplitFigures = z.infer<typeof splitFiguresSchema>;

/** Figures of a split; pure, so that a verifier gets the same from the replies. */
export function figuresOf(all: readonly EvaluatedPrompt[], split: Split): SplitFigures {
  const prompts = all.filter((prompt) => prompt.split === split);
  const replies = prompts.flatMap((prompt) => prompt.replies);
  const known = prompts.length > 0 && prompts.every(({ scored }) => scored.gold !== undefined);
  return {
    split,
    kl: mean(replies.map((reply) => reply.logprob - reply.referenceLogprob)),
    entropy: mean(replies.map((reply) => -reply.logprob)),
    meanTokens: mean(replies.map((reply) => reply.tokens)),
    proxy: prompts.map(({ scored }) => mean(scored.proxy)),
    spread: mean(prompts.flatMap(({ scored }) => scored.spread)),
    ...(known && { gold: prompts.map(({ scored }) => mean(scored.gold!)) }),
  };
}

/** Figures of every split that was evaluated, the held-out part of the training distribution first. */
export const figuresBySplit = (prompts: readonly EvaluatedPrompt[]): SplitFigures[] =>
  (['evaluation', 'deploy'] as const).flatMap((split) =>
    prompts.some((prompt) => prompt.split === split) ? [figuresOf(prompts, split)] : [],
  );

/** Scores of the reward model for replies to one prompt. */
export type Score = (prompt: string, replies: readonly string[]) => Promise<{ mean: number; spread?: number }[]>;

/** Samples a policy on prompts and scores what it says. */
export async function evaluateOn(
  prompts: readonly GroundPrompt[],
  context: {
    readonly sampler: Sampler;
    readonly reference: Sampler;
    readonly codec: DialogueCodec;
    readonly score: Score;
    readonly ground: Ground | undefined;
  },
  options: { readonly n: number; readonly maxTokens: number; readonly seed: number },
): Promise<EvaluatedPrompt[]> {
  const { score, ground } = context;
  // Data without prompts of deployment: an engine refuses a batch of nothing.
  if (prompts.length === 0) return [];
  const { prompts: evaluated } = await evaluatePolicy(context, prompts, { ...options, scores: {} });
  // All at once: a network scores the replies to many prompts in one pass.
  return Promise.all(
    evaluated.map(async ({ prompt, replies }) => {
      const said = replies.map(({ text }) => text);
      const scores = await score(prompt.text, said);
      return {
        promptId: prompt.id,
        prompt: prompt.text,
        split: prompt.split,
        replies: [...replies],
        scored: {
          proxy: scores.map((s) => s.mean),
          spread: scores.map((s) => s.spread ?? 0),
          ...(ground !== undefined && { gold: said.map((reply) => ground.gold(prompt, reply)) }),
        },
      };
    }),
  );
}
