import { z } from 'zod';
import { mean, sigmoid, softplus } from '../../stats/index.ts';
import { defineAlgorithm } from '../algorithm.ts';
import { batchesOf } from '../batches.ts';
import { PAIR_DETAILS, PAIR_METRICS, pairData, pairMetrics, pairWeights } from '../pair-steps.ts';
import { lossOfReplies, type ReplyLoss, replyLogprobs } from '../reply-loss.ts';
import { learningRateAt } from '../schedules.ts';
import { optimiserKeys, pairKeys } from '../settings.ts';
import { takeCustomStep } from '../update.ts';

const config = z.strictObject({
  ...optimiserKeys,
  ...pairKeys,
  beta: z
    .number()
    .positive()
    .default(0.1)
    .describe('Weight of the odds ratio beside the likelihood of the chosen reply: λ.'),
});

/** Log-odds of a probability given as its logarithm, and their derivative by it. A certain reply has odds without bound. */
function logOdds(logprob: number): { readonly value: number; readonly slope: number } {
  const rest = -Math.expm1(Math.min(logprob, -1e-12));
  return { value: logprob - Math.log(rest), slope: 1 / rest };
}

/**
 * Eq. 6 of pairs whose mean log-probabilities a token stand chosen and rejected in turn: the negative log-likelihood of the chosen
 * reply, and λ times −log σ of the log-odds ratio. Each pair counts its weight.
 */
export function oddsRatioLoss(
  values: Float64Array,
  { beta, weights }: { readonly beta: number; readonly weights: readonly number[] },
): ReplyLoss {
  const slopes = new Float64Array(values.length);
  let loss = 0;
  for (let chosen = 0; chosen < values.length; chosen += 2) {
    const [better, worse] = [logOdds(values[chosen]!), logOdds(values[chosen + 1]!)];
    const ratio = better.value - worse.value;
    const weight = weights[chosen / 2]!;
    loss += weight * (beta * softplus(-ratio) - values[chosen]!);
    slopes[chosen] = -weight * (1 + beta * sigmoid(-ratio) * better.slope);
    slopes[chosen + 1] = weight * beta * sigmoid(-ratio) * worse.slope;
  }
  return { loss, slopes };
}

/** Odds ratio preference optimisation: supervised learning of the chosen reply with a penalty on the odds of the rejected one. */
export const orpo = defineAlgorithm({
  id: 'orpo',
  title: 'Odds ratio preference optimisation, without a reference',
  citation: 'Hong et al. 2024, arXiv 2403.07691, Eq. 6 and 7',
  objective:
    '−lp̄ of chosen − λ·log σ(logit of chosen − logit of rejected)\nlp̄: mean lp a token, logit = lp̄ − log(1 − e^lp̄), λ = beta',
  when: 'A base model that was not trained on demonstrations: both in one stage.',
  whenNot: 'Chosen replies that are merely the better of two bad ones: they are imitated.',
  details: [
    ...PAIR_DETAILS,
    [
      'The likelihood of the chosen reply is in the loss, as a mean over its tokens; tokens of the prompt are not.',
      'Hong et al. 2024, arXiv 2403.07691, Eq. 6',
    ],
    [
      'Odds are those of e^lp̄, the geometric mean of the tokens’ probabilities, with log(1 − e^lp̄) by expm1 and lp̄ at most −1e-12: a reply that is certain would have odds without bound.',
      'Hong et al. 2024, Section 4; the bound: this project',
    ],
    ['An implicit reward in the metrics is λ times lp̄.', 'TRL: ORPOTrainer, `rewards/chosen`'],
  ],
  differs: {
    from: 'simpo',
    in: [
      'The likelihood of the chosen reply is in the loss, so that it does not fall: no stage of supervised learning comes before.',
      'Log-odds in place of log-probabilities, and no margin.',
    ],
  },
  config,
  needs: ['pairs'],
  metrics: {
    ...PAIR_METRICS,
    log_odds_chosen: 'mean log-odds of the chosen reply less those of the rejected one, of mean probabilities a token',
  },
  async *run(context, settings) {
    const { model, codec, pairs, seed } = context;
    const { beta, steps, batch, schedule, warmup, gradClipNorm, microBatch } = settings;
    const batchAt = batchesOf(pairs, { seed, batch });
    for (let step = context.fromStep ?? 0; step < steps; step++) {
      const own = batchAt(step);
      const data = pairData(codec, own);
      const weights = pairWeights(own);
      const learningRate = learningRateAt(schedule, step, { peak: settings.learningRate, steps, warmup });
      const update = await takeCustomStep(model, data, {
        lossOf: (from, to) => {
          const options = { beta, weights: weights.slice(from / 2, to / 2) };
          return lossOfReplies(data.slice(from, to), (values) => oddsRatioLoss(values, options), 'mean');
        },
        adam: { learningRate, gradClipNorm },
        microBatch,
        together: 2,
      });
      const means = replyLogprobs(data, update.logprobs, 'mean');
      const seen = pairMetrics(
        means.map((lp) => beta * lp),
        replyLogprobs(data, update.logprobs),
      );
      const odds = means.map((lp) => logOdds(lp).value);
      const ratio = mean(own.map((_, pair) => odds[2 * pair]! - odds[2 * pair + 1]!));
      const { loss, gradNorm } = update;
      yield {
        step: step + 1,
        metrics: { ...seen, log_odds_chosen: ratio, loss, grad_norm: gradNorm, lr: learningRate },
      };
    }
  },
});
