import { z } from 'zod';
import { defineAlgorithm } from '../algorithm.ts';
import { batchesOf } from '../batches.ts';
import { PAIR_METRICS, pairData, pairMetrics, pairWeights } from '../pair-steps.ts';
import { preferenceLoss } from '../preference-losses.ts';
import { replyLogprobs } from '../reply-loss.ts';
import { learningRateAt } from '../schedules.ts';
import { optimiserKeys, pairKeys } from '../settings.ts';
import { takeCustomStep } from '../update.ts';

const config = z.strictObject({
  ...optimiserKeys,
  ...pairKeys,
  /** Log-odds of a nat a token. */
  beta: z.number().positive().default(2),
  /** By how many log-odds the chosen reply must lead: γ. */
  margin: z.number().nonnegative().default(1),
});

/**
 * Simple preference optimisation: −log σ(β(lp̄_chosen − lp̄_rejected) − γ), with lp̄ the mean over a reply's tokens. What differs
 * from DPO: no reference, so that nothing holds the policy near where it began; the mean instead of the sum; a margin.
 */
export const simpo = defineAlgorithm({
  id: 'simpo',
  title: 'Simple preference optimisation, without a reference',
  citation: 'Meng et al. 2024, arXiv 2405.14734, Eq. 6',
  objective: 'Mean of −log σ(β·(mean lp a token of chosen − of rejected) − γ)',
  when: 'As DPO, where replies differ in length and no reference should be held in memory.',
  whenNot: 'Where the policy must stay near where it began: nothing holds it.',
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
