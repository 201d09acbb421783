import type { CustomLoss, Datum } from '../engine/index.ts';
import { sigmoid, softplus } from '../stats/index.ts';
import { lossOfReplies, type ReplyMeasure, replyLogprobs } from './reply-loss.ts';

/** Value and slope at a log-ratio difference h, with the strength β and the label smoothing ε. */
type PairLoss = (h: number, beta: number, smoothing: number) => { readonly loss: number; readonly slope: number };

/** Losses of the DPO family as functions of h = (lp_chosen − ref_chosen) − (lp_rejected − ref_rejected). */
const LOSSES = {
  /** −log σ(βh) (Rafailov et al. 2023, Eq. 7); ε is the probability that the label is wrong (Mitchell 2023, conservative DPO). */
  dpo: (h, beta, smoothing) => ({
    loss: (1 - smoothing) * softplus(-beta * h) + smoothing * softplus(beta * h),
    slope: beta * (sigmoid(beta * h) - (1 - smoothing)),
  }),
  /** The same loss made unbiased under flips of known rate ε < ½ (Chowdhury et al. 2024). */
  robust: (h, beta, smoothing) => ({
    loss: ((1 - smoothing) * softplus(-beta * h) - smoothing * softplus(beta * h)) / (1 - 2 * smoothing),
    slope: (-beta * ((1 - smoothing) * sigmoid(-beta * h) + smoothing * sigmoid(beta * h))) / (1 - 2 * smoothing),
  }),
  /** (h − 1/(2β))² (Azar et al. 2023, Eq. 17). */
  ipo: (h, beta) => ({ loss: (h - 1 / (2 * beta)) ** 2, slope: 2 * (h - 1 / (2 * beta)) }),
  /** max(0, 1 − βh) (SLiC-HF, Zhao et al. 2023, as normalised by Liu et al. 2023). */
  hinge: (h, beta) => ({ loss: Math.max(0, 1 - beta * h), slope: beta * h < 1 ? -beta : 0 }),
} as const satisfies Record<string, PairLoss>;
export type PreferenceLossName = keyof typeof LOSSES;
export const PREFERENCE_LOSS_NAMES = Object.keys(LOSSES) as PreferenceLossName[];

export interface PreferenceLossOptions {
  readonly loss: PreferenceLossName;
  readonly beta: number;
  /** Probability that a label is wrong; read by `dpo` and `robust`. Default 0. */
  readonly labelSmoothing?: number;
  /** By how much β·h must lead (SimPO's γ). Default 0. */
  readonly margin?: number;
  /** A reply's log-probability is the sum over its tokens, as in the papers of DPO and IPO, or their mean. Default `sum`. */
  readonly measure?: ReplyMeasure;
  /** Chosen and rejected in turn (2 data a pair); `weights` 1 marks the tokens of the reply, 0 those of the prompt. */
  readonly data: readonly Datum[];
  /** Log-probabilities of the same targets under the frozen reference; none when left out. */
  readonly reference?: readonly ArrayLike<number>[];
  /** Weight of each pair; by default 1. The losses sum: give 1/pairs for a mean. */
  readonly pairWeights?: readonly number[];
}

/** A loss of the DPO family for `forwardBackwardCustom` on `data`: summed over pairs, with its gradient by log-probability. */
export function preferenceLoss(options: PreferenceLossOptions): (logprobs: readonly ArrayLike<number>[]) => CustomLoss {
  const { data, reference, beta, labelSmoothing = 0, margin = 0, measure = 'sum', pairWeights } = options;
  const before = reference === undefined ? undefined : replyLogprobs(data, reference, measure);
  const ofPairs = (values: Float64Array) => {
    const slopes = new Float64Array(values.length);
    const ratio = (row: number) => values[row]! - (before?.[row] ?? 0);
    let loss = 0;
    for (let chosen = 0; chosen < values.length; chosen += 2) {
      const weight = pairWeights?.[chosen / 2] ?? 1;
      const h = ratio(chosen) - ratio(chosen + 1) - margin / beta;
      const pair = LOSSES[options.loss](h, beta, labelSmoothing);
      loss += weight * pair.loss;
      slopes[chosen] = weight * pair.slope;
      slopes[chosen + 1] = -weight * pair.slope;
    }
    return { loss, slopes };
  };
  return lossOfReplies(data, ofPairs, measure);
}
