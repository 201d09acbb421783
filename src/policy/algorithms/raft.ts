import { z } from 'zod';
import { defineAlgorithm } from '../algorithm.ts';
import {
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
import { UPDATE_DETAILS, UPDATE_METRICS, updateOn } from '../update.ts';

const config = z.strictObject({
  ...optimiserKeys,
  ...samplingKeys,
  keep: z.int().positive().default(1).describe('Samples of a prompt that are learned from: the best so many.'),
});

/** The best samples of a prompt; none where all that could be scored are worth the same, for then none was better. */
export function bestOfGroup(group: Pick<RolloutGroup, 'rollouts_G'>, keep: number): Rollout[] {
  const scored = toldApart(group);
  return scored.sort((a, b) => b.score - a.score).slice(0, Math.min(keep, scored.length - 1));
}

/** Reward-ranked fine-tuning: supervised learning of the policy's own best samples, as a mean over their tokens. */
export const raft = defineAlgorithm({
  id: 'raft',
  title: 'Rejection sampling: supervised learning of the best samples',
  citation: 'Dong et al. 2023, arXiv 2304.06767, Algorithm 1',
  objective: 'Σ_{i kept} Σ_t lp_it / tokens kept\nkept: of each prompt’s samples the `keep` with the highest score',
  when: 'A steady improvement that cannot run away: it only ever imitates what the policy already says.',
  whenNot:
    'Where the last bit of reward matters, or the reward is easily gamed by rare samples: they are what is imitated, and no KL term holds.',
  details: [
    ...ROLLOUT_DETAILS,
    [
      'Samples are ranked within their prompt, and the best `keep` are learned from; at equal scores the one drawn first.',
      'Dong et al. 2023, arXiv 2304.06767, Algorithm 1: the best of each prompt’s samples',
    ],
    [
      'One fewer than could be scored are kept at most, and none where all have the same score: then none was better.',
      'this project',
    ],
    [
      'Supervised learning of what is kept, as a mean over its tokens. On fresh samples that gradient is the one of importance sampling with equal advantages, which also checks the sampler.',
      'this project',
    ],
    [
      'One step on every batch of samples, drawn anew from the policy as it is. The paper collects a larger set at each stage and fine-tunes on it.',
      'this project; Dong et al. 2023, Algorithm 1',
    ],
    ['No KL term; KL from the reference is logged.', 'this project'],
    ...UPDATE_DETAILS,
  ],
  differs: {
    from: 'rloo',
    in: [
      'Nothing is unlearned: a sample counts or does not, and by how much it is better does not matter.',
      'No KL term holds the policy; it stops moving when its samples are alike.',
      'A mean over tokens of what is kept, not over replies.',
    ],
  },
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
