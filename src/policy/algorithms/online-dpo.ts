import { z } from 'zod';
import { defineAlgorithm } from '../algorithm.ts';
import { pairMetrics } from '../pair-steps.ts';
import { preferenceLoss } from '../preference-losses.ts';
import { replyLogprobs } from '../reply-loss.ts';
import {
  alongSequence,
  ROLLOUT_DETAILS,
  ROLLOUT_METRICS,
  type Rollout,
  type RolloutGroup,
  rolloutDatum,
  rolloutMetrics,
  sampleGroups,
  toldApart,
} from '../rollouts.ts';
import { learningRateAt } from '../schedules.ts';
import { optimiserKeys, samplingKeys } from '../settings.ts';
import { samplerDifferences, takeCustomStep, UPDATE_DETAILS, UPDATE_METRICS } from '../update.ts';

const config = z.strictObject({
  ...optimiserKeys,
  ...samplingKeys,
  samples: samplingKeys.samples.default(2),
  beta: z.number().positive().default(0.1).describe('Implicit reward of a nat of log-ratio.'),
});

/** The best and the worst of a prompt's samples; null where all that could be scored are worth the same. */
export function extremesOf(group: Pick<RolloutGroup, 'rollouts_G'>): readonly [Rollout, Rollout] | null {
  const scored = toldApart(group);
  if (scored.length === 0) return null;
  const best = scored.reduce((a, b) => (b.score > a.score ? b : a));
  const worst = scored.reduce((a, b) => (b.score < a.score ? b : a));
  return [best, worst];
}

/** A sample as a datum of the reply losses, in which every token of the reply counts, with its log-probabilities under the reference. */
function rowOf(group: RolloutGroup, rollout: Rollout) {
  const datum = rolloutDatum(group, rollout, new Float32Array(rollout.sample.tokens.length).fill(1));
  return { datum: { ...datum, weights: datum.advantages! }, reference: alongSequence(group, rollout.reference_T) };
}

/** On-line DPO: the loss of DPO on the policy's own samples, the better of which is said by the score. */
export const onlineDpo = defineAlgorithm({
  id: 'online-dpo',
  title: 'Direct preference optimisation on fresh samples',
  citation: 'Guo et al. 2024, arXiv 2402.04792, Algorithm 1; loss: Rafailov et al. 2023, Eq. 7',
  objective: '−log σ(β·(h_best − h_worst)), h = Σ_t (lp_t − ref_t), a mean over prompts whose samples differ in score',
  when: 'Scores of which only the order can be trusted, such as judges and win rates.',
  whenNot: 'Scores in units that mean something: by how much is thrown away.',
  details: [
    ...ROLLOUT_DETAILS,
    [
      'Of each prompt’s samples the best and the worst by the score make a pair; a prompt whose samples all score the same makes none. The paper draws two.',
      'Guo et al. 2024, arXiv 2402.04792, Algorithm 1; more than two: this project',
    ],
    [
      'The loss is DPO’s on that pair: sums over the reply’s tokens, the stop token included, against the frozen reference. A mean over the pairs of the step.',
      'Rafailov et al. 2023, arXiv 2305.18290, Eq. 7',
    ],
    [
      'One step on every batch of pairs, then new samples: the gradient is that of the pair’s loss, not through how it was drawn.',
      'Guo et al. 2024, Algorithm 1',
    ],
    ...UPDATE_DETAILS,
  ],
  differs: {
    from: 'dpo',
    in: [
      'What is judged is what the policy says now, and a score judges it.',
      'A score is asked for every sample; from it only the order is taken, not by how much, as RLOO does.',
      'A mean over pairs without weights: each was judged once.',
    ],
  },
  config,
  needs: ['prompts', 'scores'],
  metrics: {
    ...ROLLOUT_METRICS,
    loss: 'mean loss of a pair, before the step; 0 where no prompt had samples of different scores',
    'rewards/margins': 'mean implicit reward of the better sample less that of the worse one',
    'rewards/accuracies': 'share of pairs whose better sample has the larger implicit reward',
    pairs: 'prompts whose samples had different scores',
    ...UPDATE_METRICS,
  },
  async *run(context, settings) {
    const { beta, steps, schedule, warmup, gradClipNorm, microBatch } = settings;
    for (let step = context.fromStep ?? 0; step < steps; step++) {
      const groups_P = await sampleGroups(context, settings, { id: 'online-dpo', step });
      const rows = groups_P.flatMap((group) => (extremesOf(group) ?? []).map((rollout) => rowOf(group, rollout)));
      const data = rows.map(({ datum }) => datum);
      const references = rows.map(({ reference }) => reference);
      const pairs = rows.length / 2;
      const learningRate = learningRateAt(schedule, step, { peak: settings.learningRate, steps, warmup });
      const pairWeights = new Array<number>(pairs).fill(1 / pairs);
      const update =
        pairs === 0
          ? { loss: 0, logprobs: [], gradNorm: 0 }
          : await takeCustomStep(context.model, data, {
              lossOf: (from, to) => {
                const reference = references.slice(from, to);
                return preferenceLoss({ loss: 'dpo', beta, pairWeights, data: data.slice(from, to), reference });
              },
              adam: { learningRate, gradClipNorm },
              microBatch,
              together: 2,
            });
      const differences = samplerDifferences(data, update.logprobs, context.samplerKlLimit);
      const before = replyLogprobs(data, references);
      const logprobs = replyLogprobs(data, update.logprobs);
      const seen = pairMetrics(
        logprobs.map((lp, i) => beta * (lp - before[i]!)),
        logprobs,
      );
      const own = {
        loss: update.loss,
        'rewards/margins': pairs === 0 ? 0 : seen['rewards/margins'],
        'rewards/accuracies': pairs === 0 ? 0 : seen['rewards/accuracies'],
        pairs,
      };
      const took = { ...differences, grad_norm: update.gradNorm, lr: learningRate };
      yield { step: step + 1, metrics: { ...rolloutMetrics(groups_P), ...own, ...took } };
    }
  },
});
