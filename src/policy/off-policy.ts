import { z } from 'zod';
import type { CustomLoss, Datum, TrainableModel } from '../engine/index.ts';
import type { ImplementationDetail } from './algorithm.ts';
import { takeCustomStep, type UPDATE_METRICS, type UpdateOptions, updateOn } from './update.ts';

/** Keys of an algorithm that may learn from samples of a policy some steps ago. */
export const offPolicyKeys = {
  updates: z
    .int()
    .positive()
    .default(1)
    .describe(
      'Steps of the optimiser on the same samples. From the second on they are of an older policy than the one that learns.',
    ),
  correction: z
    .enum(['truncate', 'mask', 'none'])
    .default('truncate')
    .describe(
      'What becomes of an importance ratio beyond `ratioCap`: cut to it (truncated importance sampling: less noise, a bias towards the samples), the token or reply left out (masked), or nothing.',
    ),
  ratioCap: z.number().gt(1).default(2).describe('Largest importance ratio that counts as it is.'),
  ratioOf: z
    .enum(['token', 'sequence'])
    .default('token')
    .describe("A ratio of each token, or of the reply: the product of its tokens'."),
};
export type OffPolicySettings = z.output<z.ZodObject<typeof offPolicyKeys>>;

/** How steps after the first on the same samples are taken. */
export const OFF_POLICY_DETAILS: readonly ImplementationDetail[] = [
  [
    'With `updates` above 1 the later steps weigh each token’s advantage by its ratio to the policy that sampled, held constant in the gradient, and cut to `ratioCap` or left out beyond it.',
    'Espeholt et al. 2018, arXiv 1802.01561, Section 4.1 (truncated); TRL: truncated and masked importance sampling',
  ],
  [
    'With `ratioOf: sequence` the ratio is the product over the reply’s tokens. Log-ratios are held within ±20 before they are raised to powers. How many steps old the samples were is logged.',
    'verl: log-ratios clamped to ±20',
  ],
];

/** What the steps after the first on the same samples show; of one step, that of samples as they are. */
export const OFF_POLICY_METRICS = {
  'sampling/importance_sampling_ratio/mean':
    'mean importance ratio before correction over tokens with an advantage (or their replies), steps after the first; 1 where there is one',
  'sampling/beyond_cap': 'share of them whose ratio was beyond ratioCap; 0 where there is one step',
  'sampling/staleness': 'most steps of the optimiser between the policy that sampled and a step that learned from it',
} as const;

/** Log-ratios beyond this change nothing any more: the cap is far below. */
const MOST = 20;

/** A ratio as it counts: cut, left out, or as it is. */
export function correctedRatio(
  ratio: number,
  { correction, ratioCap }: Pick<OffPolicySettings, 'correction' | 'ratioCap'>,
): number {
  if (correction === 'none' || ratio <= ratioCap) return ratio;
  return correction === 'truncate' ? ratioCap : 0;
}

/** Ratios of a row's tokens with an advantage to the policy that sampled; of a reply, the same for all of them. */
function ratiosOf(
  { logprobs: old, advantages }: Pick<Datum, 'logprobs' | 'advantages'>,
  logprobs: ArrayLike<number>,
  ratioOf: OffPolicySettings['ratioOf'],
): Map<number, number> {
  const bounded = (value: number) => Math.exp(Math.max(-MOST, Math.min(MOST, value)));
  const learned = [...advantages!.keys()].filter((t) => advantages![t] !== 0);
  const logRatios = learned.map((t) => logprobs[t]! - old![t]!);
  if (ratioOf === 'token') return new Map(learned.map((t, i) => [t, bounded(logRatios[i]!)]));
  const whole = bounded(logRatios.reduce((sum, value) => sum + value, 0));
  return new Map(learned.map((t) => [t, whole]));
}

/**
 * The policy gradient of rows that another policy sampled: −Σ ρ̄·A·lp with ρ̄ the corrected ratio, held constant (Espeholt et al.
 * 2018, arXiv 1802.01561, Section 4.1; for language models Yao et al. 2025). Also what the ratios were.
 */
export function importanceLoss(
  rows: readonly Pick<Datum, 'logprobs' | 'advantages'>[],
  logprobs_D_T: readonly ArrayLike<number>[],
  settings: OffPolicySettings,
): CustomLoss & { readonly ratios: readonly number[] } {
  let loss = 0;
  const seen: number[] = [];
  const gradients = rows.map((row, d) => {
    const gradient = new Float32Array(row.advantages!.length);
    for (const [t, ratio] of ratiosOf(row, logprobs_D_T[d]!, settings.ratioOf)) {
      seen.push(ratio);
      gradient[t] = -correctedRatio(ratio, settings) * row.advantages![t]!;
      loss += gradient[t]! * logprobs_D_T[d]![t]!;
    }
    return gradient;
  });
  return { loss, gradients, ratios: seen };
}

/** Steps on the same samples: the first as ever, the others by corrected ratios. */
export async function updatesOn(
  model: TrainableModel,
  data: readonly Datum[],
  { updates, correction, ratioCap, ratioOf, ...options }: UpdateOptions & OffPolicySettings,
): Promise<Record<keyof typeof UPDATE_METRICS | keyof typeof OFF_POLICY_METRICS, number>> {
  const update = await updateOn(model, data, options);
  const seen = { sum: 0, beyond: 0, n: 0 };
  for (let again = 1; again < updates && data.length > 0; again++) {
    const lossOf = (from: number, to: number) => (logprobs: readonly Float32Array[]) => {
      const { ratios, ...custom } = importanceLoss(data.slice(from, to), logprobs, {
        ...{ updates, correction, ratioCap, ratioOf },
      });
      for (const ratio of ratios) {
        seen.sum += ratio;
        seen.beyond += Number(ratio > ratioCap);
      }
      seen.n += ratios.length;
      return custom;
    };
    await takeCustomStep(model, data, { lossOf, adam: options.adam, microBatch: options.microBatch });
  }
  return {
    'sampling/importance_sampling_ratio/mean': seen.n === 0 ? 1 : seen.sum / seen.n,
    'sampling/beyond_cap': seen.n === 0 ? 0 : seen.beyond / seen.n,
    'sampling/staleness': seen.n === 0 ? 0 : updates - 1,
    ...update,
  };
}
