import { z } from 'zod';
import { mean } from '../../stats/index.ts';
import { defineAlgorithm } from '../algorithm.ts';
import { whitened } from '../gae.ts';
import { KL_CONTROL_METRICS, klCoefAfter, klControlKeys } from '../kl-control.ts';
import { OFF_POLICY_METRICS, offPolicyKeys, updatesOn } from '../off-policy.ts';
import { ROLLOUT_METRICS, type RolloutGroup, rolloutDatum, rolloutMetrics, sampleGroups } from '../rollouts.ts';
import { learningRateAt } from '../schedules.ts';
import { entropyKeys, optimiserKeys, samplingKeys } from '../settings.ts';
import { UPDATE_METRICS } from '../update.ts';

const config = z.strictObject({
  ...optimiserKeys,
  ...samplingKeys,
  ...entropyKeys,
  ...klControlKeys,
  ...offPolicyKeys,
  /** Weight of KL to the reference, in reward per nat. */
  beta: z.number().nonnegative().default(0.01),
  /** Subtracted before whitening: nothing, so that the batch's mean is the baseline, or the mean of the prompt's own samples. */
  baseline: z.enum(['batch', 'group']).default('batch'),
});

type Weights = Pick<z.output<typeof config>, 'beta' | 'entropy'>;

/** Return of every token: the score, less β times what KL is still to come, and less what of entropy's weight is. */
function returns_T(
  { sample, reference_T, score }: RolloutGroup['rollouts_G'][number],
  { beta, entropy }: Weights,
): Float64Array {
  const returns = new Float64Array(sample.tokens.length);
  let [toCome, logprob] = [0, 0];
  for (let t = returns.length - 1; t >= 0; t--) {
    toCome += sample.logprobs[t]! - reference_T[t]!;
    logprob += sample.logprobs[t]!;
    returns[t] = score - beta * toCome - entropy * logprob;
  }
  return returns;
}

/**
 * Advantages of every token of every reply, whitened over all tokens of the batch; null where a reply could not be scored. All
 * zero where nothing tells the tokens apart: scores are all the same, or so within every group, and KL has no weight.
 */
export function whitenedAdvantages(
  groups_P: readonly Pick<RolloutGroup, 'rollouts_G'>[],
  { baseline, ...weights }: Weights & Pick<z.output<typeof config>, 'baseline'>,
): (Float64Array | null)[][] {
  const centred_P_G = groups_P.map(({ rollouts_G }) => {
    const scores = rollouts_G.map(({ score }) => score).filter(Number.isFinite);
    // All alike: their mean may differ from them in its last bits.
    const same = scores.every((score) => score === scores[0]);
    const centre = baseline === 'batch' ? 0 : same ? (scores[0] ?? 0) : mean(scores);
    return rollouts_G.map((rollout) =>
      Number.isFinite(rollout.score) ? returns_T(rollout, weights).map((value) => value - centre) : null,
    );
  });
  const white = whitened(centred_P_G.flat().filter((values) => values !== null)).values();
  return centred_P_G.map((values_G) => values_G.map((values) => (values === null ? null : white.next().value!)));
}

/**
 * REINFORCE++: what of PPO needs no critic. KL enters the reward token by token, so that a token answers for what comes after it;
 * advantages are whitened over the whole batch, so that prompts with larger differences count more. What differs from RLOO: the
 * baseline is that of the batch; with `baseline: group` scores are centred within a prompt first. A mean over tokens.
 */
export const reinforcePlusPlus = defineAlgorithm({
  id: 'reinforce-plus-plus',
  title: 'REINFORCE++ with a global baseline',
  citation: 'Hu et al. 2025, arXiv 2501.03262, Eq. 4 to 8',
  objective: 'Mean over tokens of lp_t · A_t, A whitened over the batch, of returns score − β·(KL still to come)',
  when: 'One sample a prompt would do (two are drawn here), or prompts that are alike in what they can earn.',
  whenNot: 'Prompts of very different difficulty without `baseline: group`: easy ones get credit for being easy.',
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
    const { baseline, entropy, steps, schedule, warmup, gradClipNorm } = settings;
    let { previous } = context;
    for (let step = context.fromStep ?? 0; step < steps; step++) {
      const beta = klCoefAfter(previous, settings);
      const groups_P = await sampleGroups(context, settings, { id: 'reinforce-plus-plus', step });
      const advantages_P_G = whitenedAdvantages(groups_P, { baseline, beta, entropy });
      const tokens = advantages_P_G.flat().reduce((sum, values) => sum + (values?.length ?? 0), 0);
      const data = groups_P.flatMap((group, p) =>
        group.rollouts_G.flatMap((rollout, g) => {
          const own = advantages_P_G[p]![g]!;
          return own === null || own.every((a) => a === 0)
            ? []
            : [
                rolloutDatum(
                  group,
                  rollout,
                  own.map((a) => a / tokens),
                ),
              ];
        }),
      );
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
