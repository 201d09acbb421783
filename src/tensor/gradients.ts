import {
  add,
  cast,
  div,
  expandLike,
  gather,
  greater,
  matmul,
  mul,
  neg,
  padLike,
  putAlong,
  reduceSum,
  reshape,
  scalar,
  scatterAdd,
  sigmoid,
  slice,
  softmax,
  sub,
  takeAlong,
  transpose,
  where,
} from './ops.ts';
import { elementCount, type Shape, ShapeError } from './shape.ts';
import { type OpAttributes, type OpName, type Tensor, topologicalOrder } from './tensor.ts';

/** Cotangents of the inputs, given the one of the output; `null` where no gradient flows. */
type Rule<P extends OpName> = (
  g: Tensor,
  inputs: readonly Tensor[],
  out: Tensor,
  attributes: OpAttributes[P],
) => readonly (Tensor | null)[];

/** Undoes broadcasting: sums `g` down to a shape that broadcast to it. */
function sumTo(g: Tensor, shape: Shape): Tensor {
  const extra = g.shape.length - shape.length;
  const lead = reduceSum(g, [...Array(extra).keys()]);
  const axes = shape.flatMap((dim, i) => (dim === 1 && lead.shape[i] !== 1 ? [i] : []));
  return axes.length === 0 ? lead : reduceSum(lead, axes, true);
}

/** Puts back axes that a reduction dropped, as size 1. The reduced input itself gives the shape where names move. */
function keepReduced(g: Tensor, x: Tensor, axes: readonly number[], keepDims: boolean): Tensor {
  if (keepDims) return g;
  const shape = x.shape.map((dim, i) => (axes.includes(i) ? 1 : dim));
  const moved = shape.filter((dim, i) => typeof dim === 'string' && dim !== g.shape[i]);
  return reshape(g, shape, moved.length > 1 ? reduceSum(x, axes, true) : undefined);
}

/** All leading axes as one, so that a weight's gradient is one product instead of a batch of them and a sum. */
function flattenRows(x: Tensor): Tensor {
  const lead = elementCount(x.shape.slice(0, -1)).replace(/^1\*/, '');
  return reshape(x, [/^\d+$/.test(lead) ? Number(lead) : lead, x.shape.at(-1)!]);
}

const max2 = (g: Tensor, [a, b]: readonly Tensor[], keepA: Tensor): readonly Tensor[] => {
  const zero = scalar(0);
  return [sumTo(where(keepA, g, zero), a!.shape), sumTo(where(keepA, zero, g), b!.shape)];
};

/**
 * Reverse-mode rules, one per operator; an operator without its rule does not compile. At ties, `maximum` and `minimum`
 * send the gradient to the second operand and `reduceMax` splits it evenly.
 */
const RULES: { readonly [P in OpName]: Rule<P> } = {
  input: () => [],
  constant: () => [],
  neg: (g) => [neg(g)],
  exp: (g, _, out) => [mul(g, out)],
  log: (g, [x]) => [div(g, x!)],
  sqrt: (g, _, out) => [div(mul(g, 0.5), out)],
  tanh: (g, _, out) => [mul(g, sub(scalar(1), mul(out, out)))],
  sigmoid: (g, _, out) => [mul(g, mul(out, sub(scalar(1), out)))],
  softplus: (g, [x]) => [mul(g, sigmoid(x!))],
  add: (g, [a, b]) => [sumTo(g, a!.shape), sumTo(g, b!.shape)],
  sub: (g, [a, b]) => [sumTo(g, a!.shape), sumTo(neg(g), b!.shape)],
  mul: (g, [a, b]) => [sumTo(mul(g, b!), a!.shape), sumTo(mul(g, a!), b!.shape)],
  div: (g, [a, b], out) => [sumTo(div(g, b!), a!.shape), sumTo(neg(div(mul(g, out), b!)), b!.shape)],
  minimum: (g, inputs) => max2(g, inputs, greater(inputs[1]!, inputs[0]!)),
  maximum: (g, inputs) => max2(g, inputs, greater(inputs[0]!, inputs[1]!)),
  greater: () => [null, null],
  where: (g, [condition, a, b]) => {
    const zero = scalar(0);
    return [null, sumTo(where(condition!, g, zero), a!.shape), sumTo(where(condition!, zero, g), b!.shape)];
  },
  cast: (g, [x]) => [x!.dtype === 'float32' ? cast(g, 'float32') : null],
  stopGradient: () => [null],
  matmul: (g, [a, b]) => [
    sumTo(matmul(g, transpose(b!)), a!.shape),
    b!.shape.length === 2
      ? matmul(transpose(flattenRows(a!)), flattenRows(g))
      : sumTo(matmul(transpose(a!), g), b!.shape),
  ],
  transpose: (g, [x], _, { perm }) => [
    transpose(
      g,
      x!.shape.map((_, axis) => perm.indexOf(axis)),
    ),
  ],
  reshape: (g, [x]) => [reshape(g, x!.shape, x!), null],
  expandLike: (g, [x]) => [sumTo(g, x!.shape), null],
  concat: (g, parts, _, { axis }) => {
    let start = 0;
    return parts.map((part) => {
      const size = part.shape[axis] as number;
      start += size;
      return slice(g, axis, start - size, start);
    });
  },
  slice: (g, [x], _, { axis, start }) => [padLike(g, x!, axis, start)],
  padLike: (g, [x], _, { axis, start }) => [slice(g, axis, start, start + (x!.shape[axis] as number)), null],
  gather: (g, [table, indices]) => {
    const rows = table!.shape[0];
    if (typeof rows !== 'number') throw new ShapeError('gather gradient', [table!.shape], 'a table of fixed size');
    return [scatterAdd(indices!, g, rows), null];
  },
  scatterAdd: (g, [indices]) => [null, gather(g, indices!)],
  takeAlong: (g, [x, indices]) => [putAlong(g, indices!, x!), null],
  putAlong: (g, [, indices]) => [takeAlong(g, indices!), null, null],
  reduceSum: (g, [x], _, { axes, keepDims }) => [expandLike(keepReduced(g, x!, axes, keepDims), x!)],
  reduceMax: (g, [x], out, { axes, keepDims }) => {
    const top = keepReduced(out, x!, axes, keepDims);
    const below = cast(greater(top, x!), 'float32');
    const isMax = sub(scalar(1), below);
    return [mul(mul(isMax, keepReduced(g, x!, axes, keepDims)), div(scalar(1), reduceSum(isMax, axes, true)))];
  },
  softmax: (g, _, out) => [mul(out, sub(g, reduceSum(mul(g, out), [-1], true)))],
  logSoftmax: (g, [x]) => [sub(g, mul(softmax(x!), reduceSum(g, [-1], true)))],
};

/** The operators that have a rule: all of them. The gradient tests walk this list. */
export const OP_NAMES = Object.keys(RULES) as OpName[];

/**
 * Gradients of a scalar with respect to tensors, as new symbolic tensors of the same shapes (reverse mode on the graph).
 * A tensor the loss does not depend on is refused.
 */
export function gradients(loss: Tensor, wrt: readonly Tensor[]): Tensor[] {
  if (loss.shape.length !== 0) throw new ShapeError('gradients', [loss.shape], 'a scalar loss []');
  const order = topologicalOrder([loss]);
  const needed = new Set<Tensor>(wrt);
  for (const tensor of order) if (tensor.inputs.some((i) => needed.has(i))) needed.add(tensor);
  const cotangents = new Map<Tensor, Tensor>([[loss, scalar(1)]]);
  for (const tensor of order.reverse()) {
    const g = cotangents.get(tensor);
    if (g === undefined || !needed.has(tensor)) continue;
    const rule = RULES[tensor.op] as Rule<OpName>;
    for (const [i, contribution] of rule(g, tensor.inputs, tensor, tensor.attributes).entries()) {
      const target = tensor.inputs[i]!;
      if (contribution === null || !needed.has(target)) continue;
      const sofar = cotangents.get(target);
      cotangents.set(target, sofar === undefined ? contribution : add(sofar, contribution));
    }
  }
  return wrt.map((tensor, i) => {
    const g = cotangents.get(tensor);
    if (g === undefined) {
      const name = tensor.op === 'input' ? (tensor.attributes as OpAttributes['input']).name : `number ${i}`;
      throw new ShapeError('gradients', [tensor.shape, name], 'a tensor that the loss depends on');
    }
    return g;
  });
}
