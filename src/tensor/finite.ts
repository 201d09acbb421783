import { div, mul, reduceSum, scalar } from './ops.ts';
import { formatShape } from './shape.ts';
import { type OpAttributes, type Tensor, topologicalOrder } from './tensor.ts';

/** Whether a number is what its operator should give: finite; and 1 / rms is zero only where the mean square is no number. */
export const isSound = ({ op }: Tensor, value: number): boolean =>
  Number.isFinite(value) && (op !== 'rmsInverse' || value !== 0);

/** Probes of a graph: a scalar for every float tensor in it, by name, that is 0 where all its elements are finite and NaN elsewhere. */
export interface FiniteProbes {
  readonly outputs: Readonly<Record<string, Tensor>>;
  readonly probed: ReadonlyMap<string, Tensor>;
}

/** 0·x is 0 for finite x and NaN for the rest, and so is the sum: a graph of probes returns one number a tensor, whatever its size. */
export function finiteProbes(outputs: readonly Tensor[]): FiniteProbes {
  const floats = topologicalOrder(outputs).filter(({ op, dtype }) => dtype === 'float32' && op !== 'constant');
  const probed = new Map(floats.map((tensor, i) => [`probe${i}`, tensor]));
  return {
    probed,
    outputs: Object.fromEntries(
      [...probed].map(([name, tensor]) => [
        name,
        reduceSum(mul(tensor.op === 'rmsInverse' ? div(scalar(1), tensor) : tensor, 0)),
      ]),
    ),
  };
}

/**
 * The tensor where numbers stopped being finite on the way to `output`: not finite itself, with inputs that all are. Undefined
 * where `output` is finite.
 */
export function firstNonFinite(output: Tensor, finite: (tensor: Tensor) => boolean): Tensor | undefined {
  if (finite(output)) return undefined;
  let at = output;
  for (;;) {
    const cause = at.inputs.find((input) => !finite(input));
    if (cause === undefined) return at;
    at = cause;
  }
}

/** A tensor in words: an input by its name; anything else by operator, shape and the named inputs nearest to it. */
export function describeTensor(tensor: Tensor): string {
  const nameOf = ({ op, attributes }: Tensor) =>
    op === 'input' ? (attributes as OpAttributes['input']).name : undefined;
  const own = nameOf(tensor);
  if (own !== undefined) return `input ${own} ${formatShape(tensor.shape)}`;
  const seen = new Set<Tensor>([tensor]);
  let level: readonly Tensor[] = [tensor];
  while (level.length > 0) {
    const next = [...new Set(level.flatMap(({ inputs }) => inputs))].filter((input) => !seen.has(input));
    for (const input of next) seen.add(input);
    const names = next.map(nameOf).filter((name) => name !== undefined);
    if (names.length > 0) return `${tensor.op} ${formatShape(tensor.shape)} over ${names.join(', ')}`;
    level = next;
  }
  return `${tensor.op} ${formatShape(tensor.shape)}`;
}
