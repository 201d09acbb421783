import { z } from 'zod';
import type { CustomLoss } from '../../engine/index.ts';
import { groupRelative, SCALES } from '../advantages.ts';
import { defineAlgorithm } from '../algorithm.ts';
import { CLIP_FORMS, clippedLoss, tokenAdvantages, tokenWeight } from '../clipped-loss.ts';
import { KL_CONTROL_METRICS, klCoefAfter, klControlKeys } from '../kl-control.ts';
import { ROLLOUT_METRICS, rolloutDatum, rolloutMetrics, sampleGroups } from '../rollouts.ts';
import { learningRateAt } from '../schedules.ts';
import { optimiserKeys, samplingKeys } from '../settings.ts';
import { takeCustomStep, UPDATE_METRICS, updateOn } from '../update.ts';

const config = z.strictObject({
  ...optimiserKeys,
  ...samplingKeys,
  ...klControlKeys,
  /** Weight of the KL term in the loss, in advantages per nat. */
  beta: z.number().nonnegative().default(0.04),
  /** How losses of tokens become one number, and for `cispo` what is clipped: see docs/algorithms/grpo.md. */
  loss: z.enum(CLIP_FORMS).default('grpo'),
  /** What centred rewards are divided by. */
  scale: z.enum(SCALES).default('group'),
  /** Steps of the optimiser on the same samples. From the second on, ratios differ from one and clipping acts. */
  updates: z.int().positive().default(1),
  /** A ratio of each token, or of the reply: the geometric mean of its tokens' (GSPO, Zheng et al. 2025, Eq. 7). */
  ratio: z.enum(['token', 'sequence']).default('token'),
  /** How far below and above one a ratio still earns. */
  clipLow: z.number().positive().lt(1).default(0.2),
  clipHigh: z.number().positive().default(0.2),
});

/**
 * Group relative policy optimisation. What differs from RLOO:
 * 1. The advantage is (r − mean) / sd within the group: a prompt counts alike whether its rewards differ much or little.
 * 2. KL is in the loss, token by token, by the estimator k3 = e^{ref − lp} − (ref − lp) − 1 (Eq. 4), not in the reward.
 * 3. The loss is a mean over replies of means over tokens: in a long reply each token counts less; other forms differ in that.
 * 4. There may be several updates on the same samples, within a clipped ratio (Eq. 3).
 * At the first update the ratio is one and clipping does not act: the gradient at a token is that of
 * ratio · (advantage + β(e^{ref − lp} − 1)), since the derivative of −β·k3 joins the advantage: one pass, where later ones take two.
 */
export const grpo = defineAlgorithm({
  id: 'grpo',
  title: 'Group relative policy optimisation, in its loss forms',
  citation: 'Shao et al. 2024, arXiv 2402.03300, Eq. 3 and 4, outcome supervision',
  objective: 'Mean over tokens of min(ρA, clip(ρ)A) − β·k3, A = (r − group mean) / group deviation',
  when: 'Rewards whose size means little, as zero or one by a rule; several updates on costly samples.',
  whenNot:
    'Rewards in units that mean something: dividing by the deviation counts a prompt with tiny differences as much as any. `grpo` weighs tokens of long replies less; `dr_grpo` does not.',
  config,
  needs: ['prompts', 'scores'],
  metrics: {
    ...ROLLOUT_METRICS,
    ...KL_CONTROL_METRICS,
    clip_ratio:
      'share of tokens whose ratio was clipped, over the updates after the first; 0 where there is one update',
    ...UPDATE_METRICS,
  },
  async *run(context, settings) {
    const { loss, scale, steps, updates, schedule, warmup, gradClipNorm, microBatch } = settings;
    let { previous } = context;
    for (let step = context.fromStep ?? 0; step < steps; step++) {
      const beta = klCoefAfter(previous, settings);
      const groups_P = await sampleGroups(context, settings, { id: 'grpo', step });
      const all = groups_P.flatMap(({ rollouts_G }) => rollouts_G);
      const lengths = { replies: all.length, tokens: all.reduce((sum, { sample }) => sum + sample.tokens.length, 0) };
      const advantages_P_G = groupRelative(
        groups_P.map(({ rollouts_G }) => rollouts_G.map(({ score }) => score)),
        scale,
      );
      const rows = groups_P.flatMap((group, p) =>
        group.rollouts_G.flatMap((rollout, g) => {
          const advantage = advantages_P_G[p]![g]!;
          const weight = tokenWeight(loss, rollout.sample.tokens.length, { ...lengths, maxTokens: settings.maxTokens });
          const advantages_T = tokenAdvantages(rollout, { advantage, beta, weight });
          if (advantages_T.every((a) => a === 0)) return [];
          return [{ rollout, advantage, weight, datum: rolloutDatum(group, rollout, advantages_T) }];
        }),
      );
      const data = rows.map(({ datum }) => datum);
      const learningRate = learningRateAt(schedule, step, { peak: settings.learningRate, steps, warmup });
      const adam = { learningRate, gradClipNorm };
      const update = await updateOn(context.model, data, {
        loss: 'importance_sampling',
        adam,
        microBatch,
        samplerKlLimit: context.samplerKlLimit,
      });
      let clipped = 0;
      for (let again = 1; again < updates && data.length > 0; again++) {
        const lossOf =
          (from: number, to: number) =>
          (logprobs: readonly Float32Array[]): CustomLoss => {
            const parts = rows.slice(from, to).map((row, i) => clippedLoss(logprobs[i]!, row, { ...settings, beta }));
            clipped += parts.reduce((sum, part) => sum + part.clipped, 0);
            return {
              loss: parts.reduce((sum, part) => sum + part.loss, 0),
              gradients: parts.map((part) => part.slopes),
            };
          };
        await takeCustomStep(context.model, data, { lossOf, adam, microBatch });
      }
      const clip_ratio = updates === 1 ? 0 : clipped / (lengths.tokens * (updates - 1));
      const metrics = { ...rolloutMetrics(groups_P), 'objective/kl_coef': beta, clip_ratio, ...update };
      previous = metrics;
      yield { step: step + 1, metrics };
    }
  },
});
