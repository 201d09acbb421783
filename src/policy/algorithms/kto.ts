import { z } from 'zod';
import { mean, sigmoid } from '../../stats/index.ts';
import { defineAlgorithm } from '../algorithm.ts';
import { batchesOf } from '../batches.ts';
import { PAIR_DETAILS, PAIR_METRICS, pairData, pairMetrics, pairWeights } from '../pair-steps.ts';
import { lossOfReplies, type ReplyLoss, replyLogprobs, targetLogprobs } from '../reply-loss.ts';
import { learningRateAt } from '../schedules.ts';
import { optimiserKeys, pairKeys } from '../settings.ts';
import { takeCustomStep } from '../update.ts';

const config = z.strictObject({
  ...optimiserKeys,
  ...pairKeys,
  beta: z.number().positive().default(0.1).describe('Implicit reward of a nat of log-ratio.'),
  desirable: z.number().positive().default(1).describe('Weight of the losses of wanted replies: λ_D.'),
  undesirable: z.number().positive().default(1).describe('Weight of the losses of unwanted replies: λ_U.'),
});
type Weights = Pick<z.output<typeof config>, 'beta' | 'desirable' | 'undesirable'>;

/**
 * Eq. 8 of log-ratios to the reference, wanted and unwanted in turn: λ(1 − σ(±β(h − z₀))), z₀ a constant. Each reply counts
 * half the weight of its pair.
 */
export function prospectLoss(
  ratios: Float64Array,
  {
    beta,
    desirable,
    undesirable,
    zero,
    weights,
  }: Weights & { readonly zero: number; readonly weights: readonly number[] },
): ReplyLoss {
  const slopes = new Float64Array(ratios.length);
  let loss = 0;
  for (const [row, ratio] of ratios.entries()) {
    const [sign, own] = row % 2 === 0 ? [1, desirable] : [-1, undesirable];
    const weight = weights[Math.floor(row / 2)]! / 2;
    const value = sigmoid(sign * beta * (ratio - zero));
    loss += weight * own * (1 - value);
    slopes[row] = -weight * own * sign * beta * value * (1 - value);
  }
  return { loss, slopes };
}

/** Kahneman–Tversky optimisation: single replies that were wanted or not, each against how far the policy has moved at all. */
export const kto = defineAlgorithm({
  id: 'kto',
  title: 'Kahneman–Tversky optimisation of wanted and unwanted replies',
  citation: 'Ethayarajh et al. 2024, arXiv 2402.01306, Eq. 8',
  objective:
    'λ_D·(1 − σ(β·(h − z₀))) of wanted replies, λ_U·(1 − σ(−β·(h − z₀))) of unwanted ones\nh = Σ_t (lp_t − ref_t), z₀ = max(0, mean h of replies to other prompts of the batch)',
  when: 'Answers about single replies, and votes that contradict each other: one reply does not drag another along.',
  whenNot: 'Small batches: z₀ is estimated from the batch.',
  details: [
    ...PAIR_DETAILS,
    [
      'The preferred reply of a pair counts as wanted and the other as unwanted, each half the weight of its pair.',
      'this project; the paper takes single replies',
    ],
    [
      'z₀, how far the policy has moved at all, is the mean log-ratio of every reply of the batch to the prompt of the next pair, at least 0, by a pass of its own, and has no gradient.',
      'Ethayarajh et al. 2024, arXiv 2402.01306, Section 4; TRL: completions shifted by one within the batch',
    ],
    [
      'A reply’s log-ratio is the sum over its tokens; `desirable` and `undesirable` weigh the two sides.',
      'Ethayarajh et al. 2024, Eq. 8',
    ],
    ['An implicit reward in the metrics is β·h, without z₀.', 'TRL: KTOTrainer, `rewards/chosen`'],
  ],
  differs: {
    from: 'dpo',
    in: [
      'No reply is compared with another; z₀ of the batch takes the place of the partner.',
      'The slope vanishes on both sides: a reply that is far off, and may have been misjudged, is let go.',
      'A second pass a step, of replies to other prompts.',
    ],
  },
  config,
  needs: ['pairs'],
  metrics: { ...PAIR_METRICS, kl: 'z₀: mean log-ratio of replies to other prompts of the batch, in nats, at least 0' },
  async *run(context, settings) {
    const { model, reference, codec, pairs, seed } = context;
    const { beta, steps, batch, schedule, warmup, gradClipNorm, microBatch } = settings;
    const batchAt = batchesOf(pairs, { seed, batch });
    for (let step = context.fromStep ?? 0; step < steps; step++) {
      const chosen = batchAt(step);
      const data = pairData(codec, chosen);
      const moved = chosen.map((pair, i) => ({ ...pair, prompt: chosen[(i + 1) % chosen.length]!.prompt }));
      const others = pairData(codec, moved);
      const referenceRows = await targetLogprobs(reference, [...data, ...others]);
      const before = replyLogprobs([...data, ...others], referenceRows);
      const now = replyLogprobs(others, (await model.forward(others, 'cross_entropy')).logprobs);
      const zero = Math.max(0, mean(Array.from(now, (lp, row) => lp - before[data.length + row]!)));
      const learningRate = learningRateAt(schedule, step, { peak: settings.learningRate, steps, warmup });
      const weights = pairWeights(chosen);
      const update = await takeCustomStep(model, data, {
        lossOf: (from, to) => {
          const own = { ...settings, zero, weights: weights.slice(from / 2, to / 2) };
          const ratios = (values: Float64Array) => values.map((lp, row) => lp - before[from + row]!);
          return lossOfReplies(data.slice(from, to), (values) => prospectLoss(ratios(values), own));
        },
        adam: { learningRate, gradClipNorm },
        microBatch,
        together: 2,
      });
      const logprobs = replyLogprobs(data, update.logprobs);
      const rewards = logprobs.map((lp, row) => beta * (lp - before[row]!));
      const { loss, gradNorm } = update;
      const seen = pairMetrics(rewards, logprobs);
      yield { step: step + 1, metrics: { ...seen, kl: zero, loss, grad_norm: gradNorm, lr: learningRate } };
    }
  },
});
