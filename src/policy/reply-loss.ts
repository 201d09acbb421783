import type { CustomLoss, Datum, Sampler } from '../engine/index.ts';

/** Whether a reply counts by the sum of its tokens' log-probabilities or by their mean. */
export type ReplyMeasure = 'sum' | 'mean';

/** Tokens of a reply: the positions that are not masked. */
const tokensOf = ({ weights, tokens }: Pick<Datum, 'weights' | 'tokens'>): number =>
  weights === undefined ? tokens.length : weights.reduce((a, b) => a + b, 0);

/** Log-probability of every reply, from those of its targets: prompt tokens have weight 0. */
export function replyLogprobs(
  data: readonly Datum[],
  logprobs: readonly ArrayLike<number>[],
  measure: ReplyMeasure = 'sum',
): Float64Array {
  return Float64Array.from(data, (datum, row) => {
    let sum = 0;
    for (let t = 0; t < datum.tokens.length; t++) sum += (datum.weights?.[t] ?? 1) * logprobs[row]![t]!;
    return measure === 'sum' ? sum : sum / Math.max(1, tokensOf(datum));
  });
}

/** A loss of one number a reply, and its derivative by each of them. */
export interface ReplyLoss {
  readonly loss: number;
  readonly slopes: ArrayLike<number>;
}

/** A loss of the replies' log-probabilities as one for `forwardBackwardCustom` on `data`. */
export function lossOfReplies(
  data: readonly Datum[],
  of: (values: Float64Array) => ReplyLoss,
  measure: ReplyMeasure = 'sum',
): (logprobs: readonly ArrayLike<number>[]) => CustomLoss {
  return (logprobs) => {
    const { loss, slopes } = of(replyLogprobs(data, logprobs, measure));
    const gradients = data.map((datum, row) => {
      const slope = measure === 'sum' ? slopes[row]! : slopes[row]! / Math.max(1, tokensOf(datum));
      return Float32Array.from({ length: datum.tokens.length }, (_, t) => slope * (datum.weights?.[t] ?? 1));
    });
    return { loss, gradients };
  };
}

/** Log-probabilities of the targets of data under a snapshot. */
export const targetLogprobs = (sampler: Sampler, data: readonly Datum[]): Promise<Float32Array[]> =>
  sampler.logprobs(data.map(({ tokens, targets }) => Int32Array.from([...tokens, targets.at(-1)!])));
