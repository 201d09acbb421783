import type { Sample } from '../engine/index.ts';
import { k3 } from './kl-estimators.ts';
import type { Rollout } from './rollouts.ts';

/**
 * How losses of tokens become one number, after TRL's names: a mean over replies of means over tokens (`grpo`); a sum over tokens
 * over replies times the longest reply allowed (`dr_grpo`, Liu et al. 2025); a mean over all tokens (`dapo`, Yu et al. 2025, and
 * `bnpo`, which differ only where parts of a batch are averaged by themselves; here they are not); a mean over all tokens with the
 * clipped ratio as a constant weight (`cispo`, MiniMax 2025).
 */
export const CLIP_FORMS = ['grpo', 'dr_grpo', 'bnpo', 'dapo', 'cispo'] as const;
export type ClipForm = (typeof CLIP_FORMS)[number];

/** What a token of a reply counts. */
export function tokenWeight(
  form: ClipForm,
  length: number,
  { replies, tokens, maxTokens }: { readonly replies: number; readonly tokens: number; readonly maxTokens: number },
): number {
  if (form === 'grpo') return 1 / (replies * length);
  return form === 'dr_grpo' ? 1 / (replies * maxTokens) : 1 / tokens;
}

type Scored = Pick<Rollout, 'reference_T'> & { readonly sample: Pick<Sample, 'logprobs'> };

/** At the policy that sampled, where every ratio is one: what multiplies the gradient of each token's log-probability. */
export const tokenAdvantages = (
  { sample: { logprobs: logprobs_T }, reference_T }: Scored,
  { advantage, beta, weight }: { readonly advantage: number; readonly beta: number; readonly weight: number },
): number[] =>
  Array.from(logprobs_T, (lp, t) => {
    const kl = beta === 0 ? 0 : beta * Math.expm1(reference_T[t]! - lp);
    return weight * (advantage + kl);
  });

/** Log-ratios beyond this change nothing any more: they are clipped long before. */
const MOST = 20;

/**
 * The clipped objective of one reply at other weights than those that sampled it: Σ_t w(−min(ρA, clip(ρ)A) + β·k3), with the
 * ratio ρ of each token or of the reply, or −clip(ρ)·A·lp with a constant ratio (`cispo`). `logprobs` covers the targets of the
 * whole sequence, of which the last are those of the reply; so do the slopes.
 */
export function clippedLoss(
  logprobs: ArrayLike<number>,
  {
    rollout: { sample, reference_T },
    advantage,
    weight,
  }: { readonly rollout: Scored; readonly advantage: number; readonly weight: number },
  {
    beta,
    loss: form,
    ratio,
    clipLow,
    clipHigh,
  }: {
    readonly beta: number;
    readonly loss: ClipForm;
    readonly ratio: 'token' | 'sequence';
    readonly clipLow: number;
    readonly clipHigh: number;
  },
): { readonly loss: number; readonly slopes: Float32Array; readonly clipped: number } {
  const length = sample.logprobs.length;
  const first = logprobs.length - length;
  const logRatios = Float64Array.from(sample.logprobs, (old, t) =>
    Math.max(-MOST, Math.min(MOST, logprobs[first + t]! - old)),
  );
  const whole = Math.exp(logRatios.reduce((sum, value) => sum + value, 0) / length);
  const slopes = new Float32Array(logprobs.length);
  let [loss, clipped, shared] = [0, 0, 0];
  for (let t = 0; t < length; t++) {
    const lp = logprobs[first + t]!;
    const rho = ratio === 'sequence' ? whole : Math.exp(logRatios[t]!);
    const within = Math.max(1 - clipLow, Math.min(1 + clipHigh, rho));
    if (form === 'cispo') {
      loss -= weight * within * advantage * lp;
      slopes[first + t] = -weight * within * advantage;
      clipped += Number(within !== rho);
    } else {
      const acts = within * advantage < rho * advantage;
      loss -= weight * (acts ? within : rho) * advantage;
      const slope = acts ? 0 : -weight * rho * advantage;
      if (ratio === 'sequence') shared += slope / length;
      else slopes[first + t] = slope;
      clipped += Number(acts);
    }
    const gone = lp - reference_T[t]!;
    loss += weight * beta * k3(gone);
    slopes[first + t]! += beta === 0 ? 0 : -weight * beta * Math.expm1(-gone);
  }
  for (let t = first; t < slopes.length; t++) slopes[t]! += shared;
  return { loss, slopes, clipped };
}
