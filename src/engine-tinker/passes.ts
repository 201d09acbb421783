import type { AdamParams, Datum, LossConfig, LossName } from '../engine/index.ts';
import { passOutputSchema, passRequestJson } from './json-messages.ts';
import { decodePassOutput, encodePassRequest } from './protobuf.ts';
import { RemoteError } from './remote-error.ts';
import type { PassOutput, PassRequest, WireDatum } from './tensors.ts';
import type { Message, Reply } from './transport.ts';

/** Passes and steps as messages, and what they answer. */

/** How passes are sent: every server takes one of the two. */
export type Wire = 'protobuf' | 'json';

const WIRE_CONFIG = { clipLow: 'clip_low_threshold', clipHigh: 'clip_high_threshold' } as const;
/** Said always, as servers differ in what they do without. */
const CLIPS = { clipLow: 0.8, clipHigh: 1.2 };

export function wireDatum({ tokens, targets, weights, logprobs, advantages }: Datum, loss: LossName): WireDatum {
  const inputs = new Map<string, Float32Array | Int32Array>([['target_tokens', targets]]);
  if (loss === 'cross_entropy')
    return { tokens, inputs: inputs.set('weights', weights ?? new Float32Array(tokens.length).fill(1)) };
  return { tokens, inputs: inputs.set('logprobs', logprobs!).set('advantages', advantages!) };
}

export function wireConfig(loss: LossName, config: LossConfig): Map<string, number> {
  if (loss !== 'ppo' && loss !== 'cispo') return new Map();
  const whole = { ...CLIPS, ...config };
  return new Map((['clipLow', 'clipHigh'] as const).map((key) => [WIRE_CONFIG[key], whole[key]]));
}

/** Data in parts that a server takes in one request each. */
export function chunksOf(
  data: readonly WireDatum[],
  most: { readonly data: number; readonly bytes: number },
): WireDatum[][] {
  const chunks: WireDatum[][] = [];
  let bytes = 0;
  for (const datum of data) {
    const own = 4 * datum.tokens.length + [...datum.inputs.values()].reduce((sum, { length }) => sum + 8 * length, 0);
    const last = chunks.at(-1);
    if (last === undefined || last.length >= most.data || bytes + own > most.bytes) {
      chunks.push([datum]);
      bytes = own;
    } else {
      last.push(datum);
      bytes += own;
    }
  }
  return chunks;
}

/** Where a pass goes, and its message. */
export function passMessage(request: PassRequest, wire: Wire): { readonly path: string; readonly message: Message } {
  if (wire === 'protobuf')
    return { path: 'forward_backward', message: { body: encodePassRequest(request), protobuf: true } };
  const path = request.forwardOnly ? 'forward' : 'forward_backward';
  return { path, message: { body: passRequestJson(request), protobuf: true } };
}

/** Reads what a pass answered; one that does not fit its data was cut short on the way. */
export const readPass =
  (data: readonly WireDatum[]) =>
  (reply: Reply): PassOutput => {
    const output = reply.kind === 'protobuf' ? decodePassOutput(reply.bytes) : passOutputSchema.parse(reply.value);
    const fits =
      output.logprobs.length === data.length &&
      output.logprobs.every((row, i) => row.length === data[i]!.tokens.length);
    if (!fits) throw new RangeError('log-probabilities of other lengths than the data');
    if (output.logprobs.some((row) => row.some(Number.isNaN)))
      throw new RemoteError(
        'remote',
        'the server answered with log-probabilities that are no numbers; the model diverged',
      );
    return output;
  };

/**
 * The summed loss, worked out here from the log-probabilities: servers report it or do not, and this one is of float64. The
 * formulas are those of `LOSS_NAMES`.
 */
export function lossOf(
  data: readonly Datum[],
  logprobs: readonly Float32Array[],
  loss: LossName,
  config: LossConfig,
): number {
  const { clipLow, clipHigh } = { ...CLIPS, ...config };
  const clip = (ratio: number) => Math.min(Math.max(ratio, clipLow), clipHigh);
  const at: { readonly [L in LossName]: (datum: Datum, lp: number, t: number) => number } = {
    cross_entropy: ({ weights }, lp, t) => -(weights?.[t] ?? 1) * lp,
    importance_sampling: ({ logprobs: q, advantages: a }, lp, t) => -Math.exp(lp - q![t]!) * a![t]!,
    ppo: ({ logprobs: q, advantages: a }, lp, t) => {
      const ratio = Math.exp(lp - q![t]!);
      return -Math.min(ratio * a![t]!, clip(ratio) * a![t]!);
    },
    cispo: ({ logprobs: q, advantages: a }, lp, t) => -clip(Math.exp(lp - q![t]!)) * a![t]! * lp,
  };
  let sum = 0;
  for (const [i, datum] of data.entries()) for (const [t, lp] of logprobs[i]!.entries()) sum += at[loss](datum, lp, t);
  return sum;
}

export const adamJson = (adam: AdamParams) => ({
  learning_rate: adam.learningRate,
  beta1: adam.beta1 ?? 0.9,
  beta2: adam.beta2 ?? 0.95,
  eps: adam.eps ?? 1e-8,
  weight_decay: adam.weightDecay ?? 0,
  grad_clip_norm: adam.gradClipNorm ?? 0,
});
