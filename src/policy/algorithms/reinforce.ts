import { z } from 'zod';
import { defineAlgorithm } from '../algorithm.ts';
import { KL_CONTROL_DETAILS, KL_CONTROL_METRICS, klCoefAfter, klControlKeys } from '../kl-control.ts';
import { OFF_POLICY_DETAILS, OFF_POLICY_METRICS, offPolicyKeys, updatesOn } from '../off-policy.ts';
import {
  REWARD_DETAILS,
  ROLLOUT_DETAILS,
  ROLLOUT_METRICS,
  regularisedReward,
  rolloutDatum,
  rolloutMetrics,
  sampleGroups,
} from '../rollouts.ts';
import { initMoments, type RunningMoments, runningDeviation, updateMoments } from '../running-moments.ts';
import { learningRateAt } from '../schedules.ts';
import { entropyKeys, optimiserKeys, samplingKeys } from '../settings.ts';
import { UPDATE_DETAILS, UPDATE_METRICS } from '../update.ts';

const config = z.strictObject({
  ...optimiserKeys,
  ...samplingKeys,
  ...entropyKeys,
  ...klControlKeys,
  ...offPolicyKeys,
  beta: z.number().nonnegative().default(0.1).describe('Weight of KL to the reference, in reward per nat.'),
  keep: z
    .number()
    .min(0)
    .lt(1)
    .default(0.9)
    .describe('Share of the baseline that a step keeps; the rest is the mean of its own rewards.'),
  scale: z.boolean().default(false).describe('Divides rewards by their running deviation too.'),
});

/** Added to a deviation before dividing by it. */
const DEVIATION_FLOOR = 1e-4;

/** What was known of rewards after the step that logged `previous`. */
const momentsOf = (previous: Readonly<Record<string, number>> | undefined): RunningMoments | undefined =>
  previous === undefined ? undefined : { mean: previous['baseline/mean']!, square: previous['baseline/square']! };

/** REINFORCE with a running mean as its baseline, the oldest policy gradient that works. */
export const reinforce = defineAlgorithm({
  id: 'reinforce',
  title: 'REINFORCE with a running baseline',
  citation: 'Williams 1992, doi 10.1007/BF00992696, Section 4',
  objective:
    'E[score] − β·KL(π‖π_ref)\nby the gradient of Σ_t lp_t · (R − b), R = score − β·Σ_t (lp_t − ref_t), b ← keep·b + (1 − keep)·mean of R',
  when: 'To see what the others add: the plainest estimator, with the fewest assumptions.',
  whenNot: 'Prompts that differ in what they can earn: leave-one-out baselines have much less noise.',
  details: [
    ...ROLLOUT_DETAILS,
    ...REWARD_DETAILS,
    [
      'The baseline is the running mean of rewards of the steps before; the step’s own rewards enter it afterwards. It is a constant to the samples, so the gradient stays unbiased.',
      'Williams 1992, Section 4: reinforcement comparison',
    ],
    [
      'In the first step the baseline is that step’s own mean, and rewards that are all alike leave exactly 0.',
      'this project',
    ],
    [
      'With `scale` the advantage is divided by the running deviation of rewards plus 1e-4, of the steps before as well.',
      'this project',
    ],
    ['A mean over replies of sums over tokens, by all replies that were drawn.', 'Williams 1992'],
    ['Running mean and mean square are logged; a resumed run reads them from there.', 'this project'],
    ...KL_CONTROL_DETAILS,
    ...OFF_POLICY_DETAILS,
    ...UPDATE_DETAILS,
  ],
  differs: {
    from: 'rloo',
    in: [
      'The baseline is what rewards were in the last steps, whatever the prompt: one sample a prompt would do, and a prompt that earns more than others gets credit for that.',
      'It lags while rewards rise.',
    ],
  },
  config,
  needs: ['prompts', 'scores'],
  metrics: {
    ...ROLLOUT_METRICS,
    ...KL_CONTROL_METRICS,
    'objective/rlhf_reward': 'objective/scores − objective/kl_coef · objective/kl: what is maximised',
    'baseline/mean': 'running mean of rewards after the step: the baseline of the next one',
    'baseline/square': 'running mean of their squares',
    ...OFF_POLICY_METRICS,
    ...UPDATE_METRICS,
  },
  async *run(context, settings) {
    const { steps, schedule, warmup, gradClipNorm, keep, scale, entropy } = settings;
    let { previous } = context;
    for (let step = context.fromStep ?? 0; step < steps; step++) {
      const beta = klCoefAfter(previous, settings);
      const groups_P = await sampleGroups(context, settings, { id: 'reinforce', step });
      const replies = groups_P.reduce((n, { rollouts_G }) => n + rollouts_G.length, 0);
      const rows = groups_P.flatMap((group) =>
        group.rollouts_G.flatMap((rollout) => {
          const reward = regularisedReward(rollout, { beta, entropy });
          return Number.isFinite(reward) ? [{ group, rollout, reward }] : [];
        }),
      );
      const rewards = rows.map(({ reward }) => reward);
      const known = momentsOf(previous) ?? initMoments(rewards);
      const divisor = scale ? runningDeviation(known) + DEVIATION_FLOOR : 1;
      const data = rows.flatMap(({ group, rollout, reward }) => {
        const advantage = (reward - known.mean) / divisor;
        if (advantage === 0) return [];
        const advantages_T = new Float32Array(rollout.sample.tokens.length).fill(advantage / replies);
        return [rolloutDatum(group, rollout, advantages_T)];
      });
      const learningRate = learningRateAt(schedule, step, { peak: settings.learningRate, steps, warmup });
      const update = await updatesOn(context.model, data, {
        ...settings,
        loss: 'importance_sampling',
        adam: { learningRate, gradClipNorm },
        samplerKlLimit: context.samplerKlLimit,
      });
      const seen = rolloutMetrics(groups_P);
      const moments = updateMoments(known, rewards, keep);
      const metrics = {
        ...seen,
        'objective/kl_coef': beta,
        'objective/rlhf_reward': seen['objective/scores'] - beta * seen['objective/kl'],
        'baseline/mean': moments.mean,
        'baseline/square': moments.square,
        ...update,
      };
      previous = metrics;
      yield { step: step + 1, metrics };
    }
  },
});
