import type { Sampler } from '../engine/index.ts';
import { mean } from '../stats/index.ts';
import type { Codec, PolicyPrompt, ScoreFunction } from './algorithm.ts';

/** Sampled replies of one prompt, with log-probabilities under the policy and the reference. */
export interface PromptEvaluation<P extends PolicyPrompt = PolicyPrompt> {
  readonly prompt: P;
  readonly replies: readonly {
    readonly text: string;
    readonly logprob: number;
    readonly referenceLogprob: number;
    /** Its length, with the stop token where it has one. */
    readonly tokens: number;
  }[];
  /** Mean of each score function over the replies. */
  readonly scores: Readonly<Record<string, number>>;
  /** Every score of every reply. */
  readonly scored: Readonly<Record<string, readonly number[]>>;
}

export interface PolicyEvaluation<P extends PolicyPrompt = PolicyPrompt> {
  readonly prompts: readonly PromptEvaluation<P>[];
  /** Mean over replies of Σ (lp − ref): a Monte Carlo estimate of KL in nats per reply. */
  readonly kl: number;
  /** Mean over replies of how far the ensemble behind a score disagrees, by name of the score; 0 where there is none. */
  readonly spread: Readonly<Record<string, number>>;
  /** Mean over replies of −Σ lp: entropy in nats per reply. */
  readonly entropy: number;
  readonly meanTokens: number;
}

/** Samples a policy on prompts and scores it by any number of functions (proxy, gold, rules). */
export async function evaluatePolicy<P extends PolicyPrompt>(
  context: { readonly sampler: Sampler; readonly reference: Sampler; readonly codec: Codec },
  prompts: readonly P[],
  options: {
    readonly n: number;
    readonly maxTokens: number;
    readonly seed: number;
    readonly scores: Readonly<Record<string, ScoreFunction<P>>>;
  },
): Promise<PolicyEvaluation<P>> {
  const { sampler, reference, codec } = context;
  const encoded = prompts.map(({ text }) => codec.encodePrompt(text));
  const { n, maxTokens, seed } = options;
  const groups = await sampler.sample(encoded, { n, maxTokens, seed, stop: codec.stop });
  const sequences = groups.flatMap((group, p) => group.map((s) => Int32Array.from([...encoded[p]!, ...s.tokens])));
  const referenceRows = await reference.logprobs(sequences);
  const evaluations: PromptEvaluation<P>[] = [];
  const spreads = new Map(Object.keys(options.scores).map((name): [string, number[]] => [name, []]));
  for (const [p, group] of groups.entries()) {
    const replies = group.map((sample, i) => {
      const ref = referenceRows[p * n + i]!.subarray(encoded[p]!.length - 1);
      return {
        text: codec.decodeReply(sample.tokens),
        logprob: sample.logprobs.reduce((a, b) => a + b, 0),
        referenceLogprob: ref.reduce((a, b) => a + b, 0),
        tokens: sample.tokens.length,
      };
    });
    const texts = replies.map((reply) => reply.text);
    const scored: [string, number[]][] = [];
    for (const [name, score] of Object.entries(options.scores)) {
      const given = await score(prompts[p]!, texts);
      scored.push([name, given.map((s) => s.mean)]);
      spreads.get(name)!.push(...given.map((s) => s.spread ?? 0));
    }
    const scores = Object.fromEntries(scored.map(([name, values]) => [name, mean(values)]));
    evaluations.push({ prompt: prompts[p]!, replies, scores, scored: Object.fromEntries(scored) });
  }
  const all = evaluations.flatMap((evaluation) => evaluation.replies);
  return {
    prompts: evaluations,
    kl: mean(all.map((reply) => reply.logprob - reply.referenceLogprob)),
    spread: Object.fromEntries([...spreads].map(([name, values]) => [name, mean(values)])),
    entropy: mean(all.map((reply) => -reply.logprob)),
    meanTokens: mean(all.map((reply) => reply.tokens)),
  };
}
