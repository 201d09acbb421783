import {
  add,
  addAlong,
  cast,
  concat,
  cumulativeSum,
  div,
  exp,
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
  rmsInverse,
  rotary,
  scalar,
  scatterAdd,
  sigmoid,
  slice,
  sub,
  takeAlong,
  transpose,
  where,
} from './ops.ts';
import { elementCount, type Shape, ShapeError, sameShape } from './shape.ts';
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

/**
 * Σ g·p over the last axis, kept as size 1. Where g = d·vᵀ, as behind the softmax of attention, it equals Σ d·(p·v): rows of
 * the head's width instead of the keys' number (Dao et al. 2022, eq. 4), of a product that the forward pass has made.
 */
function dotOfRows(g: Tensor, p: Tensor): Tensor {
  const [d, right] = g.inputs;
  const v = g.op === 'matmul' && right!.op === 'transpose' ? right!.inputs[0]! : undefined;
  const whole =
    v !== undefined &&
    sameShape(transpose(v).shape, right!.shape) &&
    sameShape(p.shape.slice(0, -2), v.shape.slice(0, -2));
  if (!whole || !swapsLastTwo(right!)) return reduceSum(mul(g, p), [-1], true);
  return reduceSum(mul(d!, matmul(p, v)), [-1], true);
}

const swapsLastTwo = ({ attributes, shape }: Tensor): boolean =>
  (attributes as OpAttributes['transpose']).perm.every(
    (axis, i) => axis === (i < shape.length - 2 ? i : 2 * shape.length - 3 - i),
  );

/** The last two axes swapped; swapped twice, the tensor itself. */
const turned = (x: Tensor): Tensor => (x.op === 'transpose' && swapsLastTwo(x) ? x.inputs[0]! : transpose(x));

/**
 * The sum of what reaches a tensor. Slices that tile an axis send their parts back side by side instead of as sums of
 * padded arrays.
 */
function sumOf(parts: readonly Tensor[]): Tensor {
  const groups = new Map<number, Tensor[]>();
  for (const part of parts) {
    if (part.op !== 'padLike') continue;
    const { axis } = part.attributes as OpAttributes['padLike'];
    groups.set(axis, [...(groups.get(axis) ?? []), part]);
  }
  for (const [axis, group] of groups) {
    const start = (t: Tensor) => (t.attributes as OpAttributes['padLike']).start;
    const sorted = [...group].sort((a, b) => start(a) - start(b));
    let end = 0;
    const tiles = sorted.every((part) => {
      const fits = start(part) === end;
      end += part.inputs[0]!.shape[axis] as number;
      return fits;
    });
    if (!tiles || sorted.length < 2 || end !== sorted[0]!.shape[axis]) continue;
    const joined = concat(
      sorted.map((part) => part.inputs[0]!),
      axis,
    );
    return [joined, ...parts.filter((part) => !group.includes(part))].reduce((sum, part) => add(sum, part));
  }
  return parts.reduce((sum, part) => add(sum, part));
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
  transpose: (g, [x], out, { perm }) => {
    // (aᵀ g)ᵀ = gᵀ a: many small products the other way round instead of turning their results, as behind q kᵀ.
    if (g.op === 'matmul' && g.shape.length > 2 && swapsLastTwo(out))
      return [matmul(turned(g.inputs[1]!), turned(g.inputs[0]!))];
    return [
      transpose(
        g,
        x!.shape.map((_, axis) => perm.indexOf(axis)),
      ),
    ];
  },
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
    const rows = table!.shape[0]!;
    return [scatterAdd(indices!, g, typeof rows === 'number' ? rows : table!), null];
  },
  scatterAdd: (g, [indices]) => [null, gather(g, indices!), null],
  takeAlong: (g, [x, indices]) => [putAlong(g, indices!, x!), null],
  putAlong: (g, [, indices]) => [takeAlong(g, indices!), null, null],
  reduceSum: (g, [x], _, { axes, keepDims }) => [expandLike(keepReduced(g, x!, axes, keepDims), x!)],
  reduceMax: (g, [x], out, { axes, keepDims }) => {
    const top = keepReduced(out, x!, axes, keepDims);
    const below = cast(greater(top, x!), 'float32');
    const isMax = sub(scalar(1), below);
    return [mul(mul(isMax, keepReduced(g, x!, axes, keepDims)), div(scalar(1), reduceSum(isMax, axes, true)))];
  },
  cumulativeSum: (g, _, __, { reverse }) => [cumulativeSum(g, !reverse)],
  softmax: (g, _, out) => [mul(out, sub(g, dotOfRows(g, out)))],
  logSoftmax: (g, _, out) => {
    const shares = exp(out);
    if (g.op !== 'putAlong' || g.inputs[1]!.shape.at(-1) !== 1) return [sub(g, mul(shares, reduceSum(g, [-1], true)))];
    // One picked entry per row: neither the picks nor their sums need an array of x's size of their own.
    const [picked, indices] = g.inputs;
    return [addAlong(mul(shares, neg(picked!)), indices!, picked!)];
  },
  addAlong: (g, [, indices]) => [g, null, takeAlong(g, indices!)],
  // d/dx x·s = s + x·s·(1 − s) = s·(1 + x − out).
  silu: (g, [x], out) => [mul(g, mul(sigmoid(x!), add(sub(x!, out), 1)))],
  rmsNorm: (g, [x, gain], _, { eps }) => {
    const inverse = rmsInverse(x!, gain!, eps);
    const width = gain!.shape[0] as number;
    const product = mul(g, x!);
    // Σ over the last axis of g·gain·x, and over the rows of g·x/rms: two products with a vector.
    const along = matmul(product, reshape(gain!, [width, 1]));
    const bend = div(mul(mul(inverse, mul(inverse, inverse)), along), width);
    const rows = flattenRows(inverse);
    const gainGradient = matmul(reshape(rows, [1, rows.shape[0]!]), flattenRows(product));
    return [sub(mul(mul(g, gain!), inverse), mul(x!, bend)), reshape(gainGradient, [width])];
  },
  rmsInverse: (g, [x, gain], out) => [
    neg(mul(x!, div(mul(g, mul(out, mul(out, out))), gain!.shape[0] as number))),
    null,
  ],
  // The adjoint of a rotation is the rotation back.
  rotary: (g, [, positions, cos, sin]) => [rotary(g, positions!, { cos: cos!, sin: neg(sin!) }), null, null, null],
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
  const cotangents = new Map<Tensor, Tensor[]>([[loss, [scalar(1)]]]);
  for (const tensor of order.reverse()) {
    const parts = cotangents.get(tensor);
    if (parts === undefined || !needed.has(tensor)) continue;
    const g = sumOf(parts);
    cotangents.set(tensor, [g]);
    const rule = RULES[tensor.op] as Rule<OpName>;
    for (const [i, contribution] of rule(g, tensor.inputs, tensor, tensor.attributes).entries()) {
      const target = tensor.inputs[i]!;
      if (contribution === null || !needed.has(target)) continue;
      cotangents.set(target, [...(cotangents.get(target) ?? []), contribution]);
    }
  }
  return wrt.map((tensor, i) => {
    const [g] = cotangents.get(tensor) ?? [];
    if (g === undefined) {
      const name = tensor.op === 'input' ? (tensor.attributes as OpAttributes['input']).name : `number ${i}`;
      throw new ShapeError('gradients', [tensor.shape, name], 'a tensor that the loss depends on');
    }
    return g;
  });
}
