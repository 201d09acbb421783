import { z } from 'zod';
import {
  defineAlgorithm,
  optimiserKeys,
  ROLLOUT_DETAILS,
  ROLLOUT_METRICS,
  rolloutDatum,
  rolloutMetrics,
  sampleGroups,
  samplingKeys,
  UPDATE_METRICS,
  updateOn,
} from '../../src/policy/index.ts';
import { mean } from '../../src/stats/index.ts';

/** An algorithm in one screen: REINFORCE with the mean of the batch as its baseline, and no KL term. */
export const reinforce = defineAlgorithm({
  id: 'reinforce',
  title: 'REINFORCE with the mean of the batch as baseline',
  citation: 'Williams 1992',
  objective: 'E[score], by Σ_t lp_t · (score − mean score of the batch)',
  when: 'To see how little it takes.',
  whenNot: 'Prompts of different difficulty: one baseline serves all.',
  details: [
    ...ROLLOUT_DETAILS,
    ['The baseline is the mean score of the batch, the same for all prompts.', 'Williams 1992, Section 4'],
  ],
  differs: { from: 'rloo', in: ['One baseline for all prompts; KL is measured and has no weight.'] },
  config: z.strictObject({ ...optimiserKeys, ...samplingKeys }),
  needs: ['prompts', 'scores'],
  metrics: {
    ...ROLLOUT_METRICS,
    baseline: 'mean score of the batch, which every sample is compared with',
    ...UPDATE_METRICS,
  },
  async *run(context, settings) {
    const { steps, learningRate, gradClipNorm, microBatch } = settings;
    for (let step = context.fromStep ?? 0; step < steps; step++) {
      const groups = await sampleGroups(context, settings, { id: 'reinforce', step });
      const all = groups.flatMap((group) => group.rollouts_G.map((rollout) => ({ group, rollout })));
      const scored = all.filter(({ rollout }) => Number.isFinite(rollout.score));
      const baseline = mean(scored.map(({ rollout }) => rollout.score));
      const data = scored.flatMap(({ group, rollout }) => {
        const advantage = (rollout.score - baseline) / all.length;
        const tokens = rollout.sample.tokens.length;
        return advantage === 0 ? [] : [rolloutDatum(group, rollout, new Float32Array(tokens).fill(advantage))];
      });
      const update = await updateOn(context.model, data, {
        loss: 'importance_sampling',
        adam: { learningRate, gradClipNorm },
        microBatch,
        samplerKlLimit: context.samplerKlLimit,
      });
      yield { step: step + 1, metrics: { ...rolloutMetrics(groups), baseline, ...update } };
    }
  },
});
