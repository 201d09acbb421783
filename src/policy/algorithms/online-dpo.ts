import { z } from 'zod';
import type { Datum } from '../../engine/index.ts';
import { defineAlgorithm } from '../algorithm.ts';
import { pairMetrics, takeCustomStep } from '../pair-steps.ts';
import { preferenceLoss } from '../preference-losses.ts';
import { replyLogprobs } from '../reply-loss.ts';
import { ROLLOUT_METRICS, type Rollout, type RolloutGroup, rolloutMetrics, sampleGroups } from '../rollouts.ts';
import { learningRateAt } from '../schedules.ts';
import { optimiserKeys, samplingKeys } from '../settings.ts';
import { samplerDifferences, UPDATE_METRICS } from '../update.ts';

const config = z.strictObject({
  ...optimiserKeys,
  ...samplingKeys,
  samples: samplingKeys.samples.default(2),
  /** Implicit reward of a nat of log-ratio. */
  beta: z.number().positive().default(0.1),
});

/** The best and the worst of a prompt's samples; null where all that could be scored are worth the same. */
export function extremesOf({ rollouts_G }: Pick<RolloutGroup, 'rollouts_G'>): readonly [Rollout, Rollout] | null {
  const scored = rollouts_G.filter(({ score }) => Number.isFinite(score));
  if (scored.every(({ score }) => score === scored[0]!.score)) return null;
  const best = scored.reduce((a, b) => (b.score > a.score ? b : a));
  const worst = scored.reduce((a, b) => (b.score < a.score ? b : a));
  return [best, worst];
}

/** A sample as a datum of the reply losses, with what the sampler and the reference gave its tokens. */
function row({ promptTokens }: RolloutGroup, { sample, reference_T }: Rollout) {
  const ids = Int32Array.from([...promptTokens, ...sample.tokens]);
  const first = promptTokens.length - 1;
  const at = (values: Float32Array) => {
    const all = new Float32Array(ids.length - 1);
    all.set(values, first);
    return all;
  };
  const weights = new Float32Array(ids.length - 1).fill(1, first);
  const datum: Datum = { tokens: ids.slice(0, -1), targets: ids.slice(1), weights };
  return { datum, sampled: at(sample.logprobs), reference: at(reference_T) };
}

/**
 * On-line DPO: the loss of DPO on the policy's own samples, the better of which is said by the score. What differs from DPO: what
 * is judged is what the policy says now. What differs from RLOO: only the order of two samples counts, not by how much.
 */
export const onlineDpo = defineAlgorithm({
  id: 'online-dpo',
  title: 'Direct preference optimisation on fresh samples',
  citation: 'Guo et al. 2024, arXiv 2402.04792, Algorithm 1; loss: Rafailov et al. 2023, Eq. 7',
  objective: 'Mean of −log σ(β·(log-ratio of the better sample − that of the worse one)) over fresh samples',
  when: 'Scores of which only the order can be trusted, such as judges and win rates.',
  whenNot: 'Scores in units that mean something: by how much is thrown away.',
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
      const rows = groups_P.flatMap((group) => (extremesOf(group) ?? []).map((rollout) => row(group, rollout)));
      const data = rows.map(({ datum }) => datum);
      const pairs = rows.length / 2;
      const learningRate = learningRateAt(schedule, step, { peak: settings.learningRate, steps, warmup });
      const pairWeights = new Array<number>(pairs).fill(1 / pairs);
      const update =
        pairs === 0
          ? { loss: 0, logprobs: [], gradNorm: 0 }
          : await takeCustomStep(context.model, data, {
              lossOf: (from, to) => {
                const reference = rows.slice(from, to).map((own) => own.reference);
                return preferenceLoss({ loss: 'dpo', beta, pairWeights, data: data.slice(from, to), reference });
              },
              adam: { learningRate, gradClipNorm },
              microBatch,
              together: 2,
            });
      const sampled = rows.map((own) => own.sampled);
      const differences = samplerDifferences(data, {
        sampled,
        logprobs: update.logprobs,
        limit: context.samplerKlLimit,
      });
      const before = replyLogprobs(
        data,
        rows.map(({ reference }) => reference),
      );
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
