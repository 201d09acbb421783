import { z } from 'zod';
import { defineAlgorithm } from '../algorithm.ts';
import { batchesOf } from '../batches.ts';
import { PAIR_DETAILS, PAIR_METRICS, pairData, pairMetrics, pairWeights } from '../pair-steps.ts';
import { preferenceLoss } from '../preference-losses.ts';
import { replyLogprobs } from '../reply-loss.ts';
import { learningRateAt } from '../schedules.ts';
import { optimiserKeys, pairKeys } from '../settings.ts';
import { takeCustomStep } from '../update.ts';

const config = z.strictObject({
  ...optimiserKeys,
  ...pairKeys,
  beta: z.number().positive().default(2).describe('Log-odds of a nat a token.'),
  margin: z.number().nonnegative().default(1).describe('By how many log-odds the chosen reply must lead: γ.'),
});

/** Simple preference optimisation: DPO's loss of mean log-probabilities a token, with a margin and without a reference. */
export const simpo = defineAlgorithm({
  id: 'simpo',
  title: 'Simple preference optimisation, without a reference',
  citation: 'Meng et al. 2024, arXiv 2405.14734, Eq. 6',
  objective: '−log σ(β·(mean lp a token of chosen − mean lp a token of rejected) − γ)',
  when: 'As DPO, where replies differ in length and no reference should be held in memory.',
  whenNot: 'Where the policy must stay near where it began: nothing holds it.',
  details: [
    ...PAIR_DETAILS,
    [
      'A reply counts by the mean log-probability of its tokens, so that length by itself earns nothing.',
      'Meng et al. 2024, arXiv 2405.14734, Section 2',
    ],
    ['The chosen reply must lead by γ in log-odds, that is by γ/β nats a token.', 'Meng et al. 2024, Eq. 6'],
    [
      'No reference is asked. An implicit reward in the metrics is β times the mean log-probability.',
      'Meng et al. 2024; TRL: CPOTrainer with `loss_type: simpo`',
    ],
  ],
  differs: {
    from: 'dpo',
    in: [
      'No reference: nothing holds the policy near where it began, and no log-probabilities of it are computed.',
      'Means over tokens in place of sums.',
      'A margin γ, and a β some twenty times as large, since a mean is smaller than a sum.',
    ],
  },
  config,
  needs: ['pairs'],
  metrics: PAIR_METRICS,
  async *run(context, settings) {
    const { model, codec, pairs, seed } = context;
    const { beta, margin, steps, batch, schedule, warmup, gradClipNorm, microBatch } = settings;
    const batchAt = batchesOf(pairs, { seed, batch });
    for (let step = context.fromStep ?? 0; step < steps; step++) {
      const own = batchAt(step);
      const data = pairData(codec, own);
      const weights = pairWeights(own);
      const learningRate = learningRateAt(schedule, step, { peak: settings.learningRate, steps, warmup });
      const update = await takeCustomStep(model, data, {
        lossOf: (from, to) => {
          const rows = { data: data.slice(from, to), pairWeights: weights.slice(from / 2, to / 2) };
          return preferenceLoss({ loss: 'dpo', beta, margin, measure: 'mean', ...rows });
        },
        adam: { learningRate, gradClipNorm },
        microBatch,
        together: 2,
      });
      const rewards = replyLogprobs(data, update.logprobs, 'mean').map((lp) => beta * lp);
      const seen = pairMetrics(rewards, replyLogprobs(data, update.logprobs));
      yield { step: step + 1, metrics: { ...seen, loss: update.loss, grad_norm: update.gradNorm, lr: learningRate } };
    }
  },
});
