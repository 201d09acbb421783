import { z } from 'zod';
import { defineAlgorithm } from '../algorithm.ts';
import {
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
import { UPDATE_METRICS, updateOn } from '../update.ts';

const config = z.strictObject({
  ...optimiserKeys,
  ...samplingKeys,
  /** Samples of a prompt that are learned from: the best so many. */
  keep: z.int().positive().default(1),
});

/** The best samples of a prompt; none where all that could be scored are worth the same, for then none was better. */
export function bestOfGroup(group: Pick<RolloutGroup, 'rollouts_G'>, keep: number): Rollout[] {
  const scored = toldApart(group);
  return scored.sort((a, b) => b.score - a.score).slice(0, Math.min(keep, scored.length - 1));
}

/**
 * Reward-ranked fine-tuning: supervised learning of the policy's own best samples, as a mean over their tokens. What differs from
 * RLOO: nothing is unlearned, a sample counts or does not, and no KL term holds the policy; it stops moving when its samples are
 * alike. On fresh samples the gradient of −log π is that of importance sampling with equal advantages.
 */
export const raft = defineAlgorithm({
  id: 'raft',
  title: 'Rejection sampling: supervised learning of the best samples',
  citation: 'Dong et al. 2023, arXiv 2304.06767, Algorithm 1',
  objective: 'Mean log-likelihood of the best samples of each prompt',
  when: 'A steady improvement that cannot run away: it only ever imitates what the policy already says.',
  whenNot:
    'Where the last bit of reward matters, or the reward is easily gamed by rare samples: they are what is imitated, and no KL term holds.',
  config,
  needs: ['prompts', 'scores'],
  metrics: {
    ...ROLLOUT_METRICS,
    'kept/scores': 'mean score of the samples that are learned from; 0 where there are none',
    'kept/share': 'share of the samples that are learned from',
    ...UPDATE_METRICS,
  },
  async *run(context, settings) {
    const { keep, steps, schedule, warmup, gradClipNorm, microBatch } = settings;
    for (let step = context.fromStep ?? 0; step < steps; step++) {
      const groups_P = await sampleGroups(context, settings, { id: 'raft', step });
      const kept = groups_P.flatMap((group) => bestOfGroup(group, keep).map((rollout) => ({ group, rollout })));
      const tokens = kept.reduce((sum, { rollout }) => sum + rollout.sample.tokens.length, 0);
      const data = kept.map(({ group, rollout }) =>
        rolloutDatum(group, rollout, new Float32Array(rollout.sample.tokens.length).fill(1 / tokens)),
      );
      const learningRate = learningRateAt(schedule, step, { peak: settings.learningRate, steps, warmup });
      const update = await updateOn(context.model, data, {
        loss: 'importance_sampling',
        adam: { learningRate, gradClipNorm },
        microBatch,
        samplerKlLimit: context.samplerKlLimit,
      });
      const replies = groups_P.reduce((n, { rollouts_G }) => n + rollouts_G.length, 0);
      const scores = kept.reduce((sum, { rollout }) => sum + rollout.score, 0) / Math.max(1, kept.length);
      const own = { 'kept/scores': scores, 'kept/share': kept.length / replies };
      yield { step: step + 1, metrics: { ...rolloutMetrics(groups_P), ...own, ...update } };
    }
  },
});
