import { z } from 'zod';
import type { AdamParams, Datum, TrainableModel } from '../../engine/index.ts';
import { createRng, mean } from '../../stats/index.ts';
import { defineAlgorithm } from '../algorithm.ts';
import { generalisedAdvantages, whitened } from '../gae.ts';
import { KL_CONTROL_DETAILS, KL_CONTROL_METRICS, klCoefAfter, klControlKeys } from '../kl-control.ts';
import {
  ROLLOUT_DETAILS,
  ROLLOUT_METRICS,
  type RolloutGroup,
  rolloutDatum,
  rolloutMetrics,
  sampleGroups,
} from '../rollouts.ts';
import { learningRateAt } from '../schedules.ts';
import { entropyKeys, optimiserKeys, samplingKeys } from '../settings.ts';
import { takeStep, UPDATE_DETAILS, UPDATE_METRICS, updateOn } from '../update.ts';
import { valueLoss } from '../value-loss.ts';

const config = z.strictObject({
  ...optimiserKeys,
  ...samplingKeys,
  ...entropyKeys,
  ...klControlKeys,
  beta: z
    .number()
    .nonnegative()
    .default(0.05)
    .describe('Weight of KL to the reference, in reward per nat, token by token.'),
  gamma: z.number().min(0).max(1).default(1).describe('Discount a token of what is still to come.'),
  lambda: z
    .number()
    .min(0)
    .max(1)
    .default(0.95)
    .describe("Between the critic's word (0) and the rewards themselves (1)."),
  whiten: z.boolean().default(true).describe('Advantages of mean 0 and deviation 1 over all tokens of the batch.'),
  epochs: z
    .int()
    .positive()
    .default(4)
    .describe('Passes over the same samples. From the second step on, ratios differ from one and clipping acts.'),
  minibatches: z.int().positive().default(1).describe('Parts of a pass, one step of the optimiser each.'),
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
  valueClip: z
    .number()
    .positive()
    .optional()
    .describe('How far a value may move from what it was when the samples were drawn; all the way where left out.'),
  criticLearningRate: z.number().positive().default(5e-4).describe('The critic has an optimiser of its own.'),
});

/** A reply with what each of its tokens earned and was expected to earn. */
interface Row {
  readonly datum: Datum;
  /** The whole sequence; values stand at the positions before each token of the reply. */
  readonly sequence: Int32Array;
  readonly start: number;
  readonly values_T: Float32Array;
  readonly advantages_T: Float64Array;
  readonly returns_T: Float64Array;
}

/** A row of values of a whole sequence, zero but for the reply's. */
const along = ({ sequence, start }: Row, values_T: ArrayLike<number>): Float32Array => {
  const row = new Float32Array(sequence.length);
  row.set(Float32Array.from(values_T), start);
  return row;
};

async function estimated(
  groups_P: readonly RolloutGroup[],
  critic: TrainableModel,
  settings: z.output<typeof config>,
): Promise<Row[]> {
  const scored = groups_P.flatMap((group) =>
    group.rollouts_G
      .filter(({ score }) => Number.isFinite(score))
      .map((rollout) => ({
        group,
        rollout,
        sequence: Int32Array.from([...group.promptTokens, ...rollout.sample.tokens]),
        start: group.promptTokens.length - 1,
      })),
  );
  if (scored.length === 0) return [];
  const sampler = await critic.sampler();
  const values = await sampler.scalars(scored.map(({ sequence }) => sequence));
  const rows = scored.map(({ group, rollout, sequence, start }, i) => {
    const { sample, reference_T, score } = rollout;
    const length = sample.tokens.length;
    const rewards_T = Float64Array.from(
      sample.logprobs,
      (lp, t) => -settings.beta * (lp - reference_T[t]!) - settings.entropy * lp + (t === length - 1 ? score : 0),
    );
    const values_T = values[i]!.slice(start, start + length);
    return { group, rollout, sequence, start, values_T, ...generalisedAdvantages({ rewards_T, values_T }, settings) };
  });
  const raw = rows.map(({ advantages_T }) => advantages_T);
  const advantages = settings.whiten ? whitened(raw) : raw;
  return rows.map(({ group, rollout, ...row }, i) => ({
    ...row,
    advantages_T: advantages[i]!,
    datum: rolloutDatum(group, rollout, advantages[i]!),
  }));
}

/** Share of the returns' variance that the values told before: 1 is all, 0 none, below 0 worse than their mean. */
function explainedVariance(rows: readonly Row[]): number {
  const returns = rows.flatMap(({ returns_T }) => [...returns_T]);
  const errors = rows.flatMap(({ returns_T, values_T }) => Array.from(returns_T, (value, t) => value - values_T[t]!));
  const variance = (values: readonly number[]) => {
    const centre = mean(values);
    return mean(values.map((value) => (value - centre) ** 2));
  };
  const all = variance(returns);
  return returns.length === 0 || all === 0 ? 0 : 1 - variance(errors) / all;
}

/** One step of the critic towards the returns of some rows, a mean over their tokens; the loss before it. */
async function criticStep(
  critic: TrainableModel,
  rows: readonly Row[],
  {
    adam,
    microBatch = rows.length,
    clip,
  }: { adam: AdamParams; microBatch?: number | undefined; clip?: number | undefined },
): Promise<number> {
  const tokens = rows.reduce((sum, { values_T }) => sum + values_T.length, 0);
  let total = 0;
  for (let from = 0; from < rows.length; from += microBatch) {
    const part = rows.slice(from, from + microBatch);
    const { loss } = await critic.forwardBackwardValues(
      part.map(({ sequence }) => sequence),
      valueLoss({
        returns: part.map((row) => along(row, row.returns_T)),
        oldValues: part.map((row) => along(row, row.values_T)),
        weights: part.map((row) => along(row, new Float32Array(row.values_T.length).fill(1 / tokens))),
        ...(clip !== undefined && { clip }),
      }),
    );
    total += loss;
  }
  await critic.optimStep(adam);
  return total;
}

/** How far the tokens of some rows have moved since they were sampled: mean of (lp − lp_sampled)²/2, and the share that is clipped. */
function movement(rows: readonly Row[], logprobs: readonly Float32Array[], settings: z.output<typeof config>) {
  let [squares, clipped, tokens] = [0, 0, 0];
  for (const [r, { datum, start, values_T }] of rows.entries()) {
    for (let t = start; t < start + values_T.length; t++) {
      const moved = logprobs[r]![t]! - datum.logprobs![t]!;
      const advantage = datum.advantages![t]!;
      const ratio = Math.exp(moved);
      squares += moved ** 2 / 2;
      clipped += Number(advantage > 0 ? ratio > 1 + settings.clipHigh : ratio < 1 - settings.clipLow);
      tokens += 1;
    }
  }
  return { squares, clipped, tokens };
}

/** The advantages of a part as its weights: a mean over its tokens. */
function weighted(part: readonly Row[]): Datum[] {
  const tokens = part.reduce((sum, { values_T }) => sum + values_T.length, 0);
  return part.map(({ datum }) => ({ ...datum, advantages: datum.advantages!.map((a) => a / tokens) }));
}

/** Proximal policy optimisation: advantages of tokens by a critic, several steps on the same samples within a clipped ratio. */
export const ppo = defineAlgorithm({
  id: 'ppo',
  title: 'Proximal policy optimisation with a critic',
  citation:
    'Schulman et al. 2017, arXiv 1707.06347, Eq. 7; GAE: Schulman et al. 2016; for language Ziegler et al. 2019, Huang et al. 2024',
  objective:
    'Σ_t min(ρ_t·A_t, clip(ρ_t, 1 − clipLow, 1 + clipHigh)·A_t) / tokens, and for the critic Σ_t (V_t − R_t)²/2 / tokens\nA_t = Σ_l (γλ)^l δ_{t+l}, δ_t = r_t + γ·V_{t+1} − V_t, R_t = A_t + V_t\nr_t = −β·(lp_t − ref_t), and the score at the last token',
  when: 'Long replies of which some parts earn and others do not: a critic tells them apart. Costly samples, used several times.',
  whenNot:
    'Little memory or time: a second model is trained. With one score a reply, leave-one-out baselines do as well.',
  details: [
    ...ROLLOUT_DETAILS,
    [
      'KL is a reward of its token by k1, −β·(lp − ref), and `entropy` pays −lp of the token.',
      'Ziegler et al. 2019, arXiv 1909.08593, Section 2',
    ],
    [
      'The score is earned at the last token of the reply. TRL gives it one place later, with a value of its own, which is another return where λ is below 1.',
      'this project; the other convention: TRL, Huang et al. 2024, arXiv 2403.17031',
    ],
    [
      'The critic is a second model with a scalar head. It starts as the base model with a head of zeros, and says at each token what is still to come; behind the last token that is 0.',
      'lm-human-preferences, the code of Ziegler et al. 2019: a value head that begins at 0',
    ],
    [
      'Advantages by GAE over the reply’s tokens. Returns are advantage plus value, taken before whitening.',
      'Schulman et al. 2016, arXiv 1506.02438, Eq. 16',
    ],
    [
      'Unless `whiten` is off, advantages are brought to mean 0 and deviation 1 over all tokens of the batch, not of a part; the deviation plus 1e-8. Where all are the same they are 0.',
      'Huang et al. 2024, arXiv 2403.17031; by minibatch in Huang et al. 2022, detail 7',
    ],
    [
      'Each of `epochs` passes goes over all replies, in `minibatches` parts of whole replies, shuffled anew where there are several; a part is one step of the policy, then one of the critic, a mean over its tokens each.',
      'Huang et al. 2024, arXiv 2403.17031: epochs over shuffled minibatches',
    ],
    [
      'In the first step the ratio is 1 and clipping does not act; clipping bounds what later ones earn.',
      'Schulman et al. 2017, arXiv 1707.06347, Eq. 7',
    ],
    [
      'The error of the critic is ½(V − R)², with `valueClip` the larger of that and the one of the value held within `valueClip` of what it was at sampling. It has an optimiser and a rate of its own, so that no coefficient weighs it against the policy.',
      'OpenAI Baselines, PPO2: clipped value loss; Huang et al. 2022, detail 9',
    ],
    [
      'Statistics of movement are over tokens of replies alone: mean of (lp − lp_sampled)²/2, and the share that is beyond the clip on the side where it acts.',
      'this project; TRL’s PPO averages over padding too',
    ],
    ...KL_CONTROL_DETAILS,
    ...UPDATE_DETAILS,
  ],
  differs: {
    from: 'rloo',
    in: [
      'A second model learns what is still to come at every token, and the advantage is told from it (GAE); KL is a reward of its token.',
      'Several steps on the same samples, within a clipped ratio; every part is a mean over its tokens.',
      'The level of scores matters until the critic has learned it.',
    ],
  },
  config,
  needs: ['prompts', 'scores', 'critic'],
  metrics: {
    ...ROLLOUT_METRICS,
    ...KL_CONTROL_METRICS,
    'objective/rlhf_reward': 'objective/scores − objective/kl_coef · objective/kl: what is maximised',
    'loss/value_avg': 'mean over tokens of (V − R)²/2 before each step of the critic, over all steps',
    'val/explained_variance':
      'share of the returns’ variance that the critic told before it learned from them; 1 is all',
    'policy/approxkl_avg':
      'nats a token from the policy that sampled, mean of (lp − lp_sampled)²/2 before each step after the first',
    'policy/clipfrac_avg':
      'share of tokens whose ratio was beyond the clip before each step after the first; 0 with one step',
    ...UPDATE_METRICS,
  },
  async *run(context, settings) {
    const { model, critic, seed, samplerKlLimit } = context;
    const { steps, schedule, warmup, gradClipNorm, microBatch, epochs, minibatches, valueClip: clip } = settings;
    let { previous } = context;
    const lossConfig = { clipLow: 1 - settings.clipLow, clipHigh: 1 + settings.clipHigh };
    for (let step = context.fromStep ?? 0; step < steps; step++) {
      const beta = klCoefAfter(previous, settings);
      const groups_P = await sampleGroups(context, settings, { id: 'ppo', step });
      const rows = await estimated(groups_P, critic, { ...settings, beta });
      const rng = createRng(seed).fork(`ppo/${step}/parts`);
      const rateOf = (peak: number) => learningRateAt(schedule, step, { peak, steps, warmup });
      const adam = { learningRate: rateOf(settings.learningRate), gradClipNorm };
      const criticAdam = { learningRate: rateOf(settings.criticLearningRate), gradClipNorm };
      let update = await updateOn(model, [], { loss: 'ppo', adam });
      const moved = { squares: 0, clipped: 0, tokens: 0 };
      const valueLosses: number[] = [];
      const size = Math.max(1, Math.ceil(rows.length / minibatches));
      for (let epoch = 0; epoch < epochs; epoch++) {
        const order = minibatches === 1 ? rows : rng.shuffle(rows);
        for (let from = 0; from < rows.length; from += size) {
          const part = order.slice(from, from + size);
          const data = weighted(part);
          if (epoch === 0 && from === 0) {
            update = await updateOn(model, data, { loss: 'ppo', lossConfig, adam, microBatch, samplerKlLimit });
          } else {
            const { logprobs } = await takeStep(model, data, { loss: 'ppo', lossConfig, adam, microBatch });
            const own = movement(part, logprobs, settings);
            for (const key of ['squares', 'clipped', 'tokens'] as const) moved[key] += own[key];
          }
          valueLosses.push(await criticStep(critic, part, { adam: criticAdam, microBatch, clip }));
        }
      }
      const seen = rolloutMetrics(groups_P);
      const metrics = {
        ...seen,
        'objective/kl_coef': beta,
        'objective/rlhf_reward': seen['objective/scores'] - beta * seen['objective/kl'],
        'loss/value_avg': valueLosses.length === 0 ? 0 : mean(valueLosses),
        'val/explained_variance': explainedVariance(rows),
        'policy/approxkl_avg': moved.squares / Math.max(1, moved.tokens),
        'policy/clipfrac_avg': moved.clipped / Math.max(1, moved.tokens),
        ...update,
      };
      previous = metrics;
      yield { step: step + 1, metrics };
    }
  },
});
