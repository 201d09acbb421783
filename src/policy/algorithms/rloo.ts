import { z } from 'zod';
import { leaveOneOut } from '../advantages.ts';
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
});

/** REINFORCE with a leave-one-out baseline, one update per batch of fresh samples (or several, by corrected ratios). */
export const rloo = defineAlgorithm({
  id: 'rloo',
  title: 'REINFORCE leave-one-out',
  citation: 'Ahmadian et al. 2024, arXiv 2402.14740, Eq. 6; Kool et al. 2019',
  objective:
    'E[score] − β·KL(π‖π_ref)\nby the gradient of Σ_t lp_t · (R_i − mean of R_j, j ≠ i), R = score − β·Σ_t (lp_t − ref_t)',
  when: 'The first choice with a reward model: unbiased, one knob, nothing to fit beside the policy.',
  whenNot: 'Rewards of very different size by prompt: a prompt whose rewards differ much moves the policy most.',
  details: [
    ...ROLLOUT_DETAILS,
    ...REWARD_DETAILS,
    [
      'A reply is one action: KL is summed over it into its reward before the baseline, and all its tokens have one advantage.',
      'Ahmadian et al. 2024, arXiv 2402.14740, Section 3; TRL: RLOOTrainer',
    ],
    [
      'The baseline is the mean reward of the prompt’s other samples, which makes the advantage n/(n − 1)·(R − mean).',
      'Kool et al. 2019; Ahmadian et al. 2024, Eq. 6',
    ],
    [
      'A prompt with fewer than two scored replies, or with equal rewards, gives exactly 0: no rounding is blown up to an advantage.',
      'this project',
    ],
    [
      'A mean over replies of sums over tokens, by all replies that were drawn: no token counts less for standing in a long reply.',
      'Ahmadian et al. 2024, Eq. 6',
    ],
    ...KL_CONTROL_DETAILS,
    ...OFF_POLICY_DETAILS,
    ...UPDATE_DETAILS,
  ],
  differs: {
    from: 'reinforce',
    in: [
      'The baseline is what the prompt’s other samples earn in the same step: it does not lag, and tells easy prompts from hard ones.',
      'It needs two samples a prompt at least, and keeps nothing from step to step but the weight of KL.',
    ],
  },
  config,
  needs: ['prompts', 'scores'],
  metrics: {
    ...ROLLOUT_METRICS,
    ...KL_CONTROL_METRICS,
    'objective/rlhf_reward': 'objective/scores − objective/kl_coef · objective/kl: what is maximised',
    ...OFF_POLICY_METRICS,
    ...UPDATE_METRICS,
  },
  async *run(context, settings) {
    const { entropy, steps, schedule, warmup, gradClipNorm } = settings;
    let { previous } = context;
    for (let step = context.fromStep ?? 0; step < steps; step++) {
      const beta = klCoefAfter(previous, settings);
      const groups_P = await sampleGroups(context, settings, { id: 'rloo', step });
      const replies = groups_P.reduce((n, { rollouts_G }) => n + rollouts_G.length, 0);
      const data = groups_P.flatMap((group) => {
        const rewards_G = group.rollouts_G.map((rollout) => regularisedReward(rollout, { beta, entropy }));
        const { advantages: advantages_G } = leaveOneOut(rewards_G);
        return group.rollouts_G.flatMap((rollout, g) => {
          if (advantages_G[g] === 0) return [];
          const advantages_T = new Float32Array(rollout.sample.tokens.length).fill(advantages_G[g]! / replies);
          return [rolloutDatum(group, rollout, advantages_T)];
        });
      });
      const learningRate = learningRateAt(schedule, step, { peak: settings.learningRate, steps, warmup });
      const update = await updatesOn(context.model, data, {
        ...settings,
        loss: 'importance_sampling',
        adam: { learningRate, gradClipNorm },
        samplerKlLimit: context.samplerKlLimit,
      });
      const seen = rolloutMetrics(groups_P);
      const reward = seen['objective/scores'] - beta * seen['objective/kl'];
      const metrics = { ...seen, 'objective/kl_coef': beta, 'objective/rlhf_reward': reward, ...update };
      previous = metrics;
      yield { step: step + 1, metrics };
    }
  },
});
