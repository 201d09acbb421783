import type { Sampler } from '../engine/index.ts';
import type { Codec, PolicyPrompt, ScoreFunction } from './algorithm.ts';

/** Upper bound of KL(best-of-n‖base), ln n − (n − 1)/n; exact only for continuous scores (Beirami et al. 2024). */
export const bestOfNKlBound = (n: number): number => Math.log(n) - (n - 1) / n;

/**
 * Unbiased expected value of the best of n by `scores`, from one pool of N ≥ n: the i-th smallest score has weight
 * C(i − 1, n − 1)/C(N, n).
 */
export function bestOfNEstimate(scores: readonly number[], values: readonly number[], n: number): number {
  const order = scores.map((_, i) => i).sort((a, b) => scores[a]! - scores[b]!);
  const total = order.length;
  // The weight of the top is n/N; each one below follows by the ratio of binomials.
  let weight = n / total;
  let sum = 0;
  for (let i = total; i >= n; i--) {
    sum += weight * values[order[i - 1]!]!;
    weight *= (i - n) / Math.max(1, i - 1);
  }
  return sum;
}

/** Samples n replies per prompt and keeps the one that scores best. */
export async function bestOfN<P extends PolicyPrompt>(
  context: { readonly sampler: Sampler; readonly codec: Codec; readonly score: ScoreFunction<P> },
  prompts: readonly P[],
  options: { readonly n: number; readonly maxTokens: number; readonly seed: number },
): Promise<{ prompt: P; reply: string; score: number; pool: { reply: string; score: number }[] }[]> {
  const { sampler, codec, score } = context;
  const groups = await sampler.sample(
    prompts.map(({ text }) => codec.encodePrompt(text)),
    { ...options, stop: codec.stop },
  );
  return Promise.all(
    groups.map(async (group, i) => {
      const replies = group.map((sample) => codec.decodeReply(sample.tokens));
      const scores = await score(prompts[i]!, replies);
      const pool = replies.map((reply, k) => ({ reply, score: scores[k]!.mean }));
      const best = pool.reduce((a, b) => (b.score > a.score ? b : a));
      return { prompt: prompts[i]!, ...best, pool };
    }),
  );
}
