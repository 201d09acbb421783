import { z } from 'zod';
import { mean } from '../../stats/index.ts';
import { defineAlgorithm } from '../algorithm.ts';
import { whitened } from '../gae.ts';
import { KL_CONTROL_DETAILS, KL_CONTROL_METRICS, klCoefAfter, klControlKeys } from '../kl-control.ts';
import { OFF_POLICY_DETAILS, OFF_POLICY_METRICS, offPolicyKeys, updatesOn } from '../off-policy.ts';
import {
  REWARD_DETAILS,
  ROLLOUT_DETAILS,
  ROLLOUT_METRICS,
  type RolloutGroup,
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
  beta: z.number().nonnegative().default(0.01).describe('Weight of KL to the reference, in reward per nat.'),
  baseline: z
    .enum(['batch', 'group'])
    .default('batch')
    .describe(
      "Subtracted before whitening: nothing, so that the batch's mean is the baseline, or the mean of the prompt's own samples.",
    ),
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

/** REINFORCE++: what of PPO needs no critic, KL as a reward of its token and advantages whitened over the whole batch. */
export const reinforcePlusPlus = defineAlgorithm({
  id: 'reinforce-plus-plus',
  title: 'REINFORCE++ with a global baseline',
  citation: 'Hu et al. 2025, arXiv 2501.03262, Eq. 4 to 8',
  objective:
    'Σ_t lp_t · A_t / tokens\nA_t = R_t whitened over the tokens of the batch, R_t = score − β·Σ_{s ≥ t} (lp_s − ref_s)',
  when: 'One sample a prompt would do (two are drawn here), or prompts that are alike in what they can earn.',
  whenNot: 'Prompts of very different difficulty without `baseline: group`: easy ones get credit for being easy.',
  details: [
    ...ROLLOUT_DETAILS,
    ...REWARD_DETAILS,
    [
      'KL is a reward of its token: the return of a token is the score less β times the KL of itself and what follows, undiscounted.',
      'Hu et al. 2025, arXiv 2501.03262',
    ],
    [
      'With `baseline: group` the mean score of the prompt’s samples is subtracted first.',
      'OpenRLHF: its estimator `reinforce_baseline`',
    ],
    [
      'Returns are brought to mean 0 and deviation 1 over all tokens of the batch, not of a pass; the deviation is that of the population plus 1e-8. Where all are the same they are exactly 0.',
      'Hu et al. 2025: global normalisation of advantages; the 1e-8 as in TRL’s and OpenRLHF’s whitening',
    ],
    [
      'A mean over the tokens of the replies that could be scored.',
      'OpenRLHF: the mean over tokens of its policy loss',
    ],
    [
      'The paper clips ratios as PPO does. Here one step is taken on fresh samples, where clipping does not act; with `updates` above 1 ratios are corrected as below.',
      'this project',
    ],
    ...KL_CONTROL_DETAILS,
    ...OFF_POLICY_DETAILS,
    ...UPDATE_DETAILS,
  ],
  differs: {
    from: 'rloo',
    in: [
      'The baseline is that of the batch: prompts that earn more get credit, and those whose rewards differ more count more.',
      'KL is a reward of its token, so that a token answers for what comes after it, not for what came before.',
      'A mean over tokens, not over replies of sums: a long reply counts more than a short one.',
      'Advantages have deviation 1: β weighs nats against scores before that, and the step does not grow with the scale of scores.',
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
