import { scaledFrequency } from './layers.ts';
import type { FloatTensor } from './safetensors.ts';
import { architectureOf, type TransformerSpec } from './spec.ts';

/** Tensors that published files hold beside the weights, looked at before they are left out. */

interface Known {
  readonly pattern: RegExp;
  /** What would be lost by leaving it out, in one line; `undefined` where nothing would. */
  loss(read: () => FloatTensor, spec: TransformerSpec): string | undefined;
}

/** A mask of GPT-2 by which no token sees a later one: what these graphs do without it. */
function maskLoss(read: () => FloatTensor): string | undefined {
  const { shape, values } = read();
  const size = shape.at(-1) ?? 1;
  const causal = values.every((value, i) => (value !== 0) === i % size <= Math.floor(i / size) % size);
  return causal ? undefined : 'is another mask than the causal one';
}

/** Half precision keeps two to three digits. */
const CLOSE = 0.01;

/** Rotary frequencies, which follow from config.json: transformers computes them anew too. */
function frequencyLoss(read: () => FloatTensor, spec: TransformerSpec): string | undefined {
  const { values } = read();
  const { rotaryBase, rotaryScaling } = architectureOf(spec);
  const agrees = (scaling: typeof rotaryScaling) =>
    values.every((value, i) => {
      const want = scaledFrequency(rotaryBase ** (-i / values.length), scaling);
      return Math.abs(value - want) <= CLOSE * want;
    });
  return agrees(rotaryScaling) || agrees(undefined) ? undefined : 'are other frequencies than those of config.json';
}

const KNOWN: readonly Known[] = [
  { pattern: /(^|\.)attn\.bias$/, loss: maskLoss },
  {
    pattern: /(^|\.)attn\.masked_bias$/,
    loss(read) {
      const { values } = read();
      return values.length === 1 && values[0]! <= -1e4 ? undefined : 'does not mask';
    },
  },
  { pattern: /(^|\.)rotary_emb\.inv_freq$/, loss: frequencyLoss },
  // Where the embedding is the output projection, `readPretrainedSpec` has compared the two.
  { pattern: /(^|\.)lm_head\.weight$/, loss: () => undefined },
  {
    pattern: /(^|\.)score\.weight$/,
    loss: (_, { scalarHead }) =>
      scalarHead === true ? undefined : 'is the head of a reward model; open the model with a scalar head',
  },
];

/** Whether a tensor that no parameter takes is one of those that published files hold beside the weights. */
export const isKnownBeside = (name: string): boolean => KNOWN.some(({ pattern }) => pattern.test(name));

/** What leaving such a tensor out would lose; `undefined` where nothing. Its values are read where they tell. */
export const lossOf = (name: string, read: () => FloatTensor, spec: TransformerSpec): string | undefined =>
  KNOWN.find(({ pattern }) => pattern.test(name))?.loss(read, spec);
