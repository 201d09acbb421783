import { z } from 'zod';
import type { CustomLoss } from '../../engine/index.ts';
import { groupRelative, SCALES } from '../advantages.ts';
import { defineAlgorithm } from '../algorithm.ts';
import { CLIP_FORMS, clippedLoss, tokenAdvantages, tokenWeight } from '../clipped-loss.ts';
import { KL_CONTROL_DETAILS, KL_CONTROL_METRICS, klCoefAfter, klControlKeys } from '../kl-control.ts';
import { ROLLOUT_DETAILS, ROLLOUT_METRICS, rolloutDatum, rolloutMetrics, sampleGroups } from '../rollouts.ts';
import { learningRateAt } from '../schedules.ts';
import { optimiserKeys, samplingKeys } from '../settings.ts';
import { takeCustomStep, UPDATE_DETAILS, UPDATE_METRICS, updateOn } from '../update.ts';

const config = z.strictObject({
  ...optimiserKeys,
  ...samplingKeys,
  ...klControlKeys,
  beta: z.number().nonnegative().default(0.04).describe('Weight of the KL term in the loss, in advantages per nat.'),
  loss: z
    .enum(CLIP_FORMS)
    .default('grpo')
    .describe('How losses of tokens become one number, and for `cispo` what is clipped: see the details of the step.'),
  scale: z.enum(SCALES).default('group').describe('What centred rewards are divided by.'),
  updates: z
    .int()
    .positive()
    .default(1)
    .describe(
      'Steps of the optimiser on the same samples. From the second on, ratios differ from one and clipping acts.',
    ),
  ratio: z
    .enum(['token', 'sequence'])
    .default('token')
    .describe(
      "A ratio of each token, or of the reply: the geometric mean of its tokens' (GSPO, Zheng et al. 2025, Eq. 7).",
    ),
  clipLow: z
    .number()
    .positive()
    .lt(1)
    .default(0.2)
    .describe('How far below one a ratio still counts where the advantage is negative.'),
  clipHigh: z
    .number()
    .positive()
    .default(0.2)
    .describe('How far above one a ratio still counts where the advantage is positive.'),
});

/** Group relative policy optimisation: scores stand relative to those of the same prompt, KL stands in the loss, ratios are clipped. */
export const grpo = defineAlgorithm({
  id: 'grpo',
  title: 'Group relative policy optimisation, in its loss forms',
  citation: 'Shao et al. 2024, arXiv 2402.03300, Eq. 3 and 4, outcome supervision',
  objective:
    'Σ_i Σ_t w_it · (min(ρ_it·A_i, clip(ρ_it, 1 − clipLow, 1 + clipHigh)·A_i) − β·k3_it)\nA_i = (score_i − mean of the group) / deviation of the group, k3 = e^(ref − lp) − (ref − lp) − 1\nw_it: 1/(replies·T_i) grpo · 1/(replies·maxTokens) dr_grpo · 1/tokens bnpo, dapo, cispo',
  when: 'Rewards whose size means little, as zero or one by a rule; several updates on costly samples.',
  whenNot:
    'Rewards in units that mean something: dividing by the deviation counts a prompt with tiny differences as much as any. `grpo` weighs tokens of long replies less; `dr_grpo` does not.',
  details: [
    ...ROLLOUT_DETAILS,
    [
      'The advantage of a reply is its score less the mean of its prompt’s samples, over their sample deviation (n − 1) plus 1e-4.',
      'Shao et al. 2024, arXiv 2402.03300, outcome supervision; the 1e-4: TRL',
    ],
    [
      '`scale: batch` divides by the deviation of all scores of the batch, `none` by nothing.',
      'TRL: `scale_rewards`; undivided: Liu et al. 2025, arXiv 2503.20783 (Dr. GRPO)',
    ],
    [
      'A prompt with fewer than two scored replies, or with equal rewards, gives exactly 0: no rounding is blown up to an advantage.',
      'this project',
    ],
    [
      'KL is a term of the loss, token by token, by k3. On fresh samples its gradient is that of KL(π_ref‖π), the other direction than that of KL in the reward: it holds the policy to cover what the reference says.',
      'Shao et al. 2024, Eq. 4; the estimator: Schulman 2020, “Approximating KL divergence”',
    ],
    [
      'At the first step the ratio is 1 and clipping does not act, so that a token’s gradient is that of ratio · (A + β·(e^(ref − lp) − 1)): the slope of −β·k3 joins the advantage, and one pass does what later steps need two for.',
      'this project',
    ],
    [
      'With `updates` above 1 the later steps take the clipped objective at the new log-probabilities; log-ratios are held within ±20.',
      'Shao et al. 2024, Eq. 3; separate `clipHigh`: Yu et al. 2025, arXiv 2503.14476 (DAPO); the bound: verl',
    ],
    [
      '`ratio: sequence` takes one ratio a reply, the geometric mean of its tokens’; its gradient is shared by them alike.',
      'Zheng et al. 2025, arXiv 2507.18071 (GSPO), Eq. 7',
    ],
    [
      '`loss: grpo` is a mean over replies of means over tokens; `dr_grpo` a sum over replies times `maxTokens`; `dapo` and `bnpo` a mean over all tokens of the batch, and differ only where parts of a batch are averaged by themselves, which is not done here.',
      'TRL: `loss_type`; Liu et al. 2025; Yu et al. 2025',
    ],
    [
      '`loss: cispo` weighs A·lp by the clipped ratio as a constant, so that a clipped token still learns.',
      'MiniMax 2025, arXiv 2506.13585',
    ],
    ...KL_CONTROL_DETAILS,
    ...UPDATE_DETAILS,
  ],
  differs: {
    from: 'rloo',
    in: [
      'The advantage is divided by the group’s deviation: a prompt counts alike whether its rewards differ much or little.',
      'KL is in the loss, token by token, by k3, not in the reward.',
      'The loss is a mean over replies of means over tokens: in a long reply each token counts less; other forms differ in that.',
      'Several updates on the same samples are within a clipped ratio, not by a corrected one.',
    ],
  },
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
