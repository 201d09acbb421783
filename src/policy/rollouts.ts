import type { Datum, Sample } from '../engine/index.ts';
import { createRng, mean } from '../stats/index.ts';
import type { ImplementationDetail, PolicyContext, PolicyPrompt } from './algorithm.ts';
import type { SamplingSettings } from './settings.ts';

/** One sample of the policy, scored. */
export interface Rollout {
  readonly sample: Sample;
  /** Log-probabilities of its tokens under the reference. */
  readonly reference_T: Float32Array;
  /** Σ over tokens of lp − ref: k1, signed and never clamped. */
  readonly kl: number;
  /** NaN where it could not be scored. */
  readonly score: number;
  /** Disagreement of the score's ensemble; 0 where it has none. */
  readonly spread: number;
}

/** The samples of one prompt. Suffixes name what arrays run over: P prompts, G samples of a group, T tokens of a reply. */
export interface RolloutGroup<P extends PolicyPrompt = PolicyPrompt> {
  readonly prompt: P;
  readonly promptTokens: Int32Array;
  readonly rollouts_G: readonly Rollout[];
}

/** Draws prompts and samples of one step, and scores them. What is drawn follows from the algorithm's id, seed and step alone. */
export async function sampleGroups<P extends PolicyPrompt>(
  context: PolicyContext<'prompts' | 'scores', P>,
  settings: SamplingSettings,
  { id, step }: { readonly id: string; readonly step: number },
): Promise<RolloutGroup<P>[]> {
  const { model, reference, codec, prompts, scores, seed } = context;
  const { maxTokens, samples: n, promptsPerStep, missingEosPenalty, lengthPenalty } = settings;
  const rng = createRng(seed).fork(`${id}/${step}`);
  const prompts_P = rng.shuffle(prompts).slice(0, promptsPerStep);
  const tokens_P = prompts_P.map(({ text }) => codec.encodePrompt(text));
  const sampler = await model.sampler();
  const samples_P_G = await sampler.sample(tokens_P, { maxTokens, n, stop: codec.stop, seed: rng.integer(2 ** 31) });
  const sequences = samples_P_G.flatMap((samples_G, p) =>
    samples_G.map(({ tokens }) => Int32Array.from([...tokens_P[p]!, ...tokens])),
  );
  const reference_PG_T = await reference.logprobs(sequences);
  // All at once: a network scores the replies to many prompts in one pass.
  const scores_P_G = await Promise.all(
    samples_P_G.map((samples_G, p) =>
      scores(
        prompts_P[p]!,
        samples_G.map(({ tokens }) => codec.decodeReply(tokens)),
      ),
    ),
  );
  const groups: RolloutGroup<P>[] = [];
  for (const [p, samples_G] of samples_P_G.entries()) {
    const promptTokens = tokens_P[p]!;
    const scores_G = scores_P_G[p]!;
    const rollouts_G = samples_G.map((sample, g): Rollout => {
      const reference_T = reference_PG_T[p * n + g]!.subarray(promptTokens.length - 1);
      const penalty = (sample.stopReason === 'stop' ? 0 : missingEosPenalty) + lengthPenalty * sample.tokens.length;
      return {
        sample,
        reference_T,
        kl: sample.logprobs.reduce((sum, lp, t) => sum + lp - reference_T[t]!, 0),
        score: scores_G[g]!.mean - penalty,
        spread: scores_G[g]!.spread ?? 0,
      };
    });
    groups.push({ prompt: prompts_P[p]!, promptTokens, rollouts_G });
  }
  return groups;
}

/** A rollout as a datum of the ratio losses, with an advantage for each token of the reply; those of the prompt have none. */
export function rolloutDatum(
  { promptTokens }: Pick<RolloutGroup, 'promptTokens'>,
  { sample }: { readonly sample: Pick<Sample, 'tokens' | 'logprobs'> },
  advantages_T: ArrayLike<number>,
): Datum {
  const ids = Int32Array.from([...promptTokens, ...sample.tokens]);
  return {
    tokens: ids.slice(0, -1),
    targets: ids.slice(1),
    advantages: alongSequence({ promptTokens }, advantages_T),
    logprobs: alongSequence({ promptTokens }, sample.logprobs),
  };
}

/** Numbers of a reply's tokens among the targets of its whole sequence; those of the prompt are 0. */
export function alongSequence(
  { promptTokens }: Pick<RolloutGroup, 'promptTokens'>,
  values_T: ArrayLike<number>,
): Float32Array {
  const row = new Float32Array(promptTokens.length - 1 + values_T.length);
  row.set(values_T, promptTokens.length - 1);
  return row;
}

/**
 * The reward of a reply as a whole: score − β·Σ(lp − ref) − entropy·Σ lp. The last two are KL and entropy by one sample each, whose
 * gradients are right on average when they stand in the reward.
 */
export const regularisedReward = (
  { score, kl, sample }: Pick<Rollout, 'score' | 'kl' | 'sample'>,
  { beta, entropy }: { readonly beta: number; readonly entropy: number },
): number => score - beta * kl - (entropy === 0 ? 0 : entropy * sum(sample.logprobs));

/** The samples of a prompt that could be scored; none where their scores do not tell them apart. */
export function toldApart({ rollouts_G }: Pick<RolloutGroup, 'rollouts_G'>): Rollout[] {
  const scored = rollouts_G.filter(({ score }) => Number.isFinite(score));
  return scored.every(({ score }) => score === scored[0]!.score) ? [] : scored;
}

/** How samples are drawn and scored. */
export const ROLLOUT_DETAILS: readonly ImplementationDetail[] = [
  [
    'A step draws `promptsPerStep` prompts by a shuffle of its own and `samples` replies to each. What is drawn follows from the algorithm’s id, the seed and the step, so that a resumed run draws the same with no state of a generator saved.',
    'this project',
  ],
  [
    'Replies are sampled at temperature 1, without top-k or top-p, and their log-probabilities are kept: those of the policy itself, which every ratio and every KL is measured from.',
    'Huang et al. 2024, arXiv 2403.17031: log-probabilities must be those of what sampled; with another temperature they divide logits by it everywhere',
  ],
  [
    'A prompt and its reply are tokens once: the ids that were sampled are those that the reference scores and that are trained on. Only the score reads text.',
    'this project',
  ],
  [
    'A reply that did not stop by itself loses `missingEosPenalty`, told by the sampler’s reason for stopping, not by looking for a token.',
    'TRL: `missing_eos_penalty`; Huang et al. 2024, arXiv 2403.17031 sets the score to −1 instead',
  ],
  [
    'Each token of a reply costs `lengthPenalty`; the stop token counts.',
    'this project; length as a shortcut to reward: Singhal et al. 2023, arXiv 2310.03716',
  ],
  [
    'KL of a reply is Σ (lp − ref) over its tokens, signed and never held at 0: held there, its mean would be biased.',
    'Schulman 2020, “Approximating KL divergence”: k1',
  ],
  [
    'A reply whose score is not a number is left out of every mean and baseline, and counted.',
    'TRL: rewards that are NaN are ignored in means',
  ],
];

/** How KL and entropy stand in the reward of a reply or token. */
export const REWARD_DETAILS: readonly ImplementationDetail[] = [
  [
    'KL stands in the reward, not in the loss: k1 as a loss has no gradient on average, in the reward it has that of KL(π‖π_ref).',
    'Schulman 2020, “Approximating KL divergence”; TRL: RLOOTrainer subtracts β·Σ(lp − ref) from the reward',
  ],
  [
    '`entropy` pays −lp in the reward, by one sample each, in place of a term of the loss over the whole vocabulary.',
    'Williams and Peng 1991; as a term of the loss: Mnih et al. 2016, arXiv 1602.01783',
  ],
];

/** What the samples of a step show. */
export const ROLLOUT_METRICS = {
  'objective/kl': 'KL from the reference in nats a reply: mean of Σ (lp − ref) over the samples (k1, may be negative)',
  'objective/scores': 'mean score of the samples that could be scored, less penalties for length and for not stopping',
  'objective/entropy': 'entropy in nats a reply: mean of −Σ lp over the samples',
  'objective/spread': "mean disagreement of the score's ensemble on the samples; 0 where it has none",
  'completions/mean_length': 'tokens a reply, the stop token included',
  'completions/eos_rate': 'share of replies that stopped by themselves',
  frac_reward_zero_std:
    'share of prompts whose samples all have the same score, so that nothing can be learned from them',
  unscored: 'samples that could not be scored; they count in no mean and no baseline',
} as const;

const sum = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0);

export function rolloutMetrics(groups: readonly RolloutGroup[]): Record<keyof typeof ROLLOUT_METRICS, number> {
  const all = groups.flatMap((group) => group.rollouts_G);
  const scored = all.filter(({ score }) => Number.isFinite(score));
  return {
    'objective/kl': mean(all.map(({ kl }) => kl)),
    'objective/scores': mean(scored.map(({ score }) => score)),
    'objective/entropy': mean(all.map(({ sample }) => -sum(sample.logprobs))),
    'objective/spread': mean(all.map(({ spread }) => spread)),
    'completions/mean_length': mean(all.map(({ sample }) => sample.tokens.length)),
    'completions/eos_rate': mean(all.map(({ sample }) => Number(sample.stopReason === 'stop'))),
    frac_reward_zero_std: mean(groups.map((group) => Number(toldApart(group).length === 0))),
    unscored: all.length - scored.length,
  };
}
