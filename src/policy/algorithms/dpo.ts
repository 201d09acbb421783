import { z } from 'zod';
import { defineAlgorithm } from '../algorithm.ts';
import { batchesOf } from '../batches.ts';
import { PAIR_DETAILS, PAIR_METRICS, pairData, pairMetrics, pairWeights } from '../pair-steps.ts';
import { preferenceLoss } from '../preference-losses.ts';
import { replyLogprobs, targetLogprobs } from '../reply-loss.ts';
import { learningRateAt } from '../schedules.ts';
import { optimiserKeys, pairKeys } from '../settings.ts';
import { takeCustomStep } from '../update.ts';

const smoothing = z.number().gt(0).lt(0.5).default(0.1);
const config = z.strictObject({
  ...optimiserKeys,
  ...pairKeys,
  beta: z
    .number()
    .positive()
    .default(0.1)
    .describe(
      'Weight of the divergence from the reference that the loss stands for: an implicit reward is β·log(π/π_ref).',
    ),
  loss: z
    .union([
      z.enum(['dpo', 'ipo', 'hinge']),
      z.strictObject({ name: z.enum(['conservative', 'robust']), labelSmoothing: smoothing }),
    ])
    .default('dpo')
    .describe(
      'Which loss of the family; `conservative` and `robust` assume that labels are wrong with a stated probability, `labelSmoothing`.',
    ),
  measure: z
    .enum(['sum', 'mean'])
    .default('sum')
    .describe(
      "A reply's log-ratio is the sum over its tokens, as in the papers, or their mean, so that length does not count.",
    ),
});

/**
 * Direct preference optimisation: the policy itself is the reward model, fitted on judged pairs by what it says more or less
 * often than the reference. It never samples, so that what it becomes likelier to say was not judged: the loss of every step is
 * on replies of whoever wrote the pairs.
 */
export const dpo = defineAlgorithm({
  id: 'dpo',
  title: 'Direct preference optimisation, with its relatives',
  citation:
    'Rafailov et al. 2023, arXiv 2305.18290, Eq. 7; IPO: Azar et al. 2023, Eq. 17; robust: Chowdhury et al. 2024',
  objective:
    '−log σ(β·h), h = (lp − ref of chosen) − (lp − ref of rejected)\nipo: (h − 1/(2β))² · hinge: max(0, 1 − β·h)\nconservative: −(1 − ε)·log σ(β·h) − ε·log σ(−β·h)\nrobust: (−(1 − ε)·log σ(β·h) + ε·log σ(−β·h)) / (1 − 2ε)',
  when: 'Judged pairs, no reward model wanted, replies in the pairs like those of the policy.',
  whenNot:
    'Pairs written by others than the policy, or many steps: what becomes likelier instead was never judged, and both log-probabilities may fall. The proxy of the run is then a bystander: nothing optimised it.',
  details: [
    ...PAIR_DETAILS,
    [
      'A reply’s log-ratio is the sum over its tokens, for every loss; `measure: mean` divides by its length.',
      'Rafailov et al. 2023, arXiv 2305.18290, Eq. 7; TRL takes the mean for IPO',
    ],
    [
      'The reference is the policy as it was at the start, asked anew for every batch; with dropout nowhere its answers are those of a table made before.',
      'TRL: `precompute_ref_log_probs` makes that table',
    ],
    ['`ipo` draws the log-ratio to 1/(2β) and no further.', 'Azar et al. 2023, arXiv 2310.12036, Eq. 17'],
    [
      '`hinge` stops learning from a pair that leads by enough.',
      'Zhao et al. 2023, arXiv 2305.10425 (SLiC-HF), as normalised by Liu et al. 2023, arXiv 2309.06657',
    ],
    [
      '`conservative` takes the label as right with probability 1 − ε: the loss has its least at a finite lead. `robust` is unbiased where labels are flipped at the rate ε, and may be negative.',
      'Mitchell 2023 (conservative DPO); Chowdhury et al. 2024, arXiv 2403.00409',
    ],
    [
      'An implicit reward in the metrics is β times the log-ratio, whatever the loss.',
      'Rafailov et al. 2023, Eq. 5, without the term of the prompt; TRL: `rewards/chosen`',
    ],
  ],
  differs: {
    from: 'simpo',
    in: [
      'A frozen reference, against which every reply is measured: it holds the policy, as far as the pairs reach.',
      'Sums over tokens, not means: longer replies have larger log-ratios.',
      'No margin; other losses of the family by `loss`.',
    ],
  },
  config,
  needs: ['pairs'],
  metrics: PAIR_METRICS,
  async *run(context, settings) {
    const { model, reference, codec, pairs, seed } = context;
    const { beta, measure, steps, batch, schedule, warmup, gradClipNorm, microBatch } = settings;
    const { name, labelSmoothing } =
      typeof settings.loss === 'string' ? { name: settings.loss, labelSmoothing: 0 } : settings.loss;
    const loss = name === 'conservative' ? 'dpo' : name;
    const batchAt = batchesOf(pairs, { seed, batch });
    for (let step = context.fromStep ?? 0; step < steps; step++) {
      const own = batchAt(step);
      const data = pairData(codec, own);
      const weights = pairWeights(own);
      const referenceRows = await targetLogprobs(reference, data);
      const learningRate = learningRateAt(schedule, step, { peak: settings.learningRate, steps, warmup });
      const update = await takeCustomStep(model, data, {
        lossOf: (from, to) => {
          const rows = { data: data.slice(from, to), reference: referenceRows.slice(from, to) };
          const counts = weights.slice(from / 2, to / 2);
          return preferenceLoss({ loss, beta, labelSmoothing, measure, pairWeights: counts, ...rows });
        },
        adam: { learningRate, gradClipNorm },
        microBatch,
        together: 2,
      });
      const before = replyLogprobs(data, referenceRows, measure);
      const rewards = replyLogprobs(data, update.logprobs, measure).map((lp, row) => beta * (lp - before[row]!));
      const seen = pairMetrics(rewards, replyLogprobs(data, update.logprobs));
      yield { step: step + 1, metrics: { ...seen, loss: update.loss, grad_norm: update.gradNorm, lr: learningRate } };
    }
  },
});
