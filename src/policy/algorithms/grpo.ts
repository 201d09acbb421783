import { z } from 'zod';
import type { Sample } from '../../engine/index.ts';
import { standardised } from '../advantages.ts';
import { defineAlgorithm } from '../algorithm.ts';
import { ROLLOUT_METRICS, type Rollout, rolloutDatum, rolloutMetrics, sampleGroups } from '../rollouts.ts';
import { learningRateAt } from '../schedules.ts';
import { optimiserKeys, samplingKeys } from '../settings.ts';
import { UPDATE_METRICS, updateOn } from '../update.ts';

const config = z.strictObject({
  ...optimiserKeys,
  ...samplingKeys,
  /** Weight of the KL term in the loss, in standard deviations of a group's reward per nat. */
  beta: z.number().nonnegative().default(0.04),
});

/** Eq. 3 and 4 at one reply, as what multiplies the gradient of each token's log-probability. */
export const tokenAdvantages = (
  advantage: number,
  {
    sample: { logprobs: logprobs_T },
    reference_T,
  }: Pick<Rollout, 'reference_T'> & { readonly sample: Pick<Sample, 'logprobs'> },
  { beta, replies }: { readonly beta: number; readonly replies: number },
): number[] =>
  Array.from(logprobs_T, (lp, t) => {
    const kl = beta === 0 ? 0 : beta * Math.expm1(reference_T[t]! - lp);
    return (advantage + kl) / (replies * logprobs_T.length);
  });

/**
 * Group relative policy optimisation, one update per batch of fresh samples. What differs from RLOO:
 * 1. The advantage is (r − mean) / sd within the group: a prompt counts alike whether its rewards differ much or little.
 * 2. KL is in the loss, token by token, by the estimator k3 = e^{ref − lp} − (ref − lp) − 1 (Eq. 4), not in the reward.
 * 3. The loss is a mean over replies of means over tokens: in a long reply each token counts less.
 * With one update the ratio is one and clipping never acts, so that the gradient of Eq. 3 at a token is that of
 * ratio · (advantage + β(e^{ref − lp} − 1)): the derivative of −β·k3 joins the advantage.
 */
export const grpo = defineAlgorithm({
  id: 'grpo',
  title: 'Group relative policy optimisation',
  citation: 'Shao et al. 2024, arXiv 2402.03300, Eq. 3 and 4, outcome supervision',
  config,
  needs: ['prompts', 'scores'],
  metrics: { ...ROLLOUT_METRICS, ...UPDATE_METRICS },
  async *run(context, settings) {
    const { beta, steps, schedule, warmup, gradClipNorm, microBatch } = settings;
    for (let step = context.fromStep ?? 0; step < steps; step++) {
      const groups_P = await sampleGroups(context, settings, { id: 'grpo', step });
      const replies = groups_P.reduce((n, { rollouts_G }) => n + rollouts_G.length, 0);
      const data = groups_P.flatMap((group) => {
        const advantages_G = standardised(group.rollouts_G.map(({ score }) => score));
        return group.rollouts_G.flatMap((rollout, g) => {
          const advantages_T = tokenAdvantages(advantages_G[g]!, rollout, { beta, replies });
          return advantages_T.every((a) => a === 0) ? [] : [rolloutDatum(group, rollout, advantages_T)];
        });
      });
      const learningRate = learningRateAt(schedule, step, { peak: settings.learningRate, steps, warmup });
      const update = await updateOn(context.model, data, {
        loss: 'importance_sampling',
        adam: { learningRate, gradClipNorm },
        microBatch,
        samplerKlLimit: context.samplerKlLimit,
      });
      yield { step: step + 1, metrics: { ...rolloutMetrics(groups_P), ...update } };
    }
  },
});
