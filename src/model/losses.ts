import {
  type DType,
  exp,
  gradients,
  input,
  maximum,
  minimum,
  mul,
  neg,
  reduceSum,
  stopGradient,
  sub,
  type Tensor,
} from '../tensor/index.ts';
import type { Parameters } from './layers.ts';
import { trainableParameters } from './parameters.ts';
import type { TransformerSpec } from './spec.ts';
import { parameterInputs, scalarOutputs, sequenceGraph, targetLogprobs, type Wanted } from './transformer.ts';

/** Inputs of a token loss, each [rows]; a loss declares only those it reads. */
interface LossInputs {
  readonly logprobs: Tensor;
  readonly weights: () => Tensor;
  readonly oldLogprobs: () => Tensor;
  readonly advantages: () => Tensor;
  readonly clipLow: () => Tensor;
  readonly clipHigh: () => Tensor;
}

/** Log-ratios are clamped to ±20 before exp. */
const ratioOf = ({ logprobs, oldLogprobs }: LossInputs): Tensor =>
  exp(minimum(maximum(sub(logprobs, oldLogprobs()), -20), 20));
const clipped = (ratio: Tensor, { clipLow, clipHigh }: LossInputs): Tensor =>
  minimum(maximum(ratio, clipLow()), clipHigh());

/** Token losses, summed over positions. Ratios are p/q with q the sampling log-probability. */
const TOKEN_LOSSES = {
  cross_entropy: (x: LossInputs) => neg(reduceSum(mul(x.weights(), x.logprobs))),
  importance_sampling: (x: LossInputs) => neg(reduceSum(mul(ratioOf(x), x.advantages()))),
  /** Clipped surrogate (Schulman et al. 2017, Eq. 7). */
  ppo: (x: LossInputs) => {
    const ratio = ratioOf(x);
    return neg(reduceSum(minimum(mul(ratio, x.advantages()), mul(clipped(ratio, x), x.advantages()))));
  },
  /** Clipped importance weight as a constant on the log-likelihood gradient (CISPO). */
  cispo: (x: LossInputs) => neg(reduceSum(mul(mul(stopGradient(clipped(ratioOf(x), x)), x.advantages()), x.logprobs))),
} as const;
export type TokenLoss = keyof typeof TOKEN_LOSSES;
export const TOKEN_LOSS_NAMES = Object.keys(TOKEN_LOSSES) as TokenLoss[];

function named(loss: Tensor, extra: Record<string, Tensor>, spec: TransformerSpec, parameters: Parameters) {
  const names = trainableParameters(spec).flatMap(({ name }) => (reaches(name, extra) ? [name] : []));
  const grads = gradients(
    loss,
    names.map((name) => parameters.get(name)!),
  );
  return { loss, ...extra, ...Object.fromEntries(names.map((name, i) => [`grad:${name}`, grads[i]!])) };
}

/** A token loss does not depend on the scalar head, nor the scalar loss on an output projection of its own. */
const reaches = (name: string, outputs: Record<string, Tensor>) =>
  'scalars' in outputs ? name !== 'unembedding' : name !== 'scalarHead';

const rowInput = (hidden: Tensor, name: string, dtype: DType = 'float32') => input(name, dtype, [hidden.shape[0]!]);

/**
 * Outputs of one training pass: `loss` (a sum), `logprobs` [rows], `grad:<parameter>` and `overflow`. Inputs: those of `sequenceGraph`,
 * `targets` and those of the loss, one entry per wanted token.
 */
export function tokenLossOutputs(spec: TransformerSpec, loss: TokenLoss, wanted?: Wanted): Record<string, Tensor> {
  const parameters = parameterInputs(spec);
  const { hidden, watch } = sequenceGraph(spec, parameters, { wanted, learns: true });
  const logprobs = targetLogprobs(hidden, parameters, rowInput(hidden, 'targets', 'int64'), watch);
  const perToken = (name: string) => () => rowInput(hidden, name);
  const number = (name: string) => () => input(name, 'float32', []);
  const value = TOKEN_LOSSES[loss]({
    logprobs,
    weights: perToken('weights'),
    oldLogprobs: perToken('oldLogprobs'),
    advantages: perToken('advantages'),
    clipLow: number('clipLow'),
    clipHigh: number('clipHigh'),
  });
  return { ...named(value, { logprobs }, spec, parameters), ...watch.output() };
}

/** Log-probabilities of `targets` only. */
export function logprobOutputs(
  spec: TransformerSpec,
  wanted?: Wanted,
  parameters = parameterInputs(spec),
): Record<string, Tensor> {
  const { hidden, watch } = sequenceGraph(spec, parameters, { wanted });
  const logprobs = targetLogprobs(hidden, parameters, rowInput(hidden, 'targets', 'int64'), watch);
  return { logprobs, ...watch.output() };
}

/** Scalar-head values [rows] only. */
export function scalarValueOutputs(
  spec: TransformerSpec,
  wanted?: Wanted,
  parameters = parameterInputs(spec),
): Record<string, Tensor> {
  const { hidden, watch } = sequenceGraph(spec, parameters, { wanted });
  return { scalars: scalarOutputs(hidden, parameters), ...watch.output() };
}

/** Hidden states behind the final norm [rows, width], which every head reads. */
export function hiddenOutputs(
  spec: TransformerSpec,
  wanted?: Wanted,
  parameters = parameterInputs(spec),
): Record<string, Tensor> {
  const { hidden, watch } = sequenceGraph(spec, parameters, { wanted });
  return { hidden, ...watch.output() };
}

/** Gradient of Σ seeds · scalars: the backward half of any loss on the scalar head. Input `seeds` [rows]. */
export function scalarGradientOutputs(spec: TransformerSpec, wanted?: Wanted): Record<string, Tensor> {
  const parameters = parameterInputs(spec);
  const { hidden, watch } = sequenceGraph(spec, parameters, { wanted, learns: true });
  const scalars = scalarOutputs(hidden, parameters);
  const loss = reduceSum(mul(scalars, rowInput(scalars, 'seeds')));
  return { ...named(loss, { scalars }, spec, parameters), ...watch.output() };
}
