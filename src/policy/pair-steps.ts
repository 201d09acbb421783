import type { Datum } from '../engine/index.ts';
import { mean } from '../stats/index.ts';
import type { Codec, ImplementationDetail, PolicyPair } from './algorithm.ts';
import { dialogueDatum } from './dialogue-datum.ts';

/** Pairs as data: chosen and rejected in turn, with weight 1 on the tokens of the reply. */
export const pairData = (codec: Codec, pairs: readonly PolicyPair[]): Datum[] =>
  pairs.flatMap(({ prompt, chosen, rejected }) =>
    [chosen, rejected].map((reply) => dialogueDatum(codec, { prompt, reply }, false)),
  );

/** What each pair counts in a mean over the batch. */
export function pairWeights(pairs: readonly PolicyPair[]): number[] {
  const total = pairs.reduce((sum, { weight }) => sum + weight, 0);
  return pairs.map(({ weight }) => weight / total);
}

/** How a step on pairs goes, whatever its loss. */
export const PAIR_DETAILS: readonly ImplementationDetail[] = [
  [
    'Pairs come in batches, every epoch in an order of its own that follows from the seed and the epoch; what is beyond whole batches is passed over in it.',
    'this project',
  ],
  [
    'A mean over the pairs of a batch, each by how many judgments it counts as.',
    'this project; weights of 1 are the papers’ mean',
  ],
  [
    'Only tokens of replies count, the stop token included; those of the prompt have weight 0. Both replies of a pair stay in one pass.',
    'Rafailov et al. 2023, arXiv 2305.18290, Eq. 7: likelihoods of a reply given its prompt',
  ],
  [
    'Adam without weight decay; the gradient’s L2 norm over all parameters is cut to `gradClipNorm`. Metrics are those of the batch before the step.',
    'this project; clipping as `torch.nn.utils.clip_grad_norm_`',
  ],
];

/** What a step on pairs shows of its batch, before the step. */
export const PAIR_METRICS = {
  loss: 'mean loss of a pair of the batch, before the step',
  'rewards/chosen': 'mean implicit reward of the chosen replies',
  'rewards/rejected': 'mean implicit reward of the rejected replies',
  'rewards/margins': 'mean of rewards/chosen less rewards/rejected',
  'rewards/accuracies': 'share of pairs whose chosen reply has the larger implicit reward',
  'logps/chosen':
    'mean log-probability of a chosen reply, summed over its tokens, in nats; falling is no fault by itself',
  'logps/rejected': 'mean log-probability of a rejected reply, summed over its tokens, in nats',
  grad_norm: 'L2 norm of the gradient before clipping',
  lr: 'learning rate of the step',
} as const;

/** Means over pairs of what stands for the chosen reply and, next to it, for the rejected one. */
export function pairMetrics(rewards: ArrayLike<number>, logprobs: ArrayLike<number>) {
  const of = (values: ArrayLike<number>, from: number) => Array.from(values).filter((_, row) => row % 2 === from);
  const [chosen, rejected] = [of(rewards, 0), of(rewards, 1)];
  return {
    'rewards/chosen': mean(chosen),
    'rewards/rejected': mean(rejected),
    'rewards/margins': mean(chosen.map((reward, pair) => reward - rejected[pair]!)),
    'rewards/accuracies': mean(chosen.map((reward, pair) => Number(reward > rejected[pair]!))),
    'logps/chosen': mean(of(logprobs, 0)),
    'logps/rejected': mean(of(logprobs, 1)),
  };
}
