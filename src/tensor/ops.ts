import {
  broadcastShapes,
  type Dim,
  type DType,
  elementCount,
  normalAxis,
  type Shape,
  ShapeError,
  sameShape,
} from './shape.ts';
import { makeTensor, type Tensor } from './tensor.ts';

/** Constructors of symbolic tensors. Each checks shapes and dtypes and throws a ShapeError that names the operator. */

function requireFloat(op: string, ...tensors: readonly Tensor[]): void {
  for (const t of tensors) {
    if (t.dtype !== 'float32') throw new ShapeError(op, [t.shape, t.dtype], 'dtype float32 (use cast)');
  }
}

/** A value fed when the graph runs. */
export const input = (name: string, dtype: DType, shape: Shape): Tensor =>
  makeTensor('input', [], { name }, shape, dtype);

/** A value stored in the graph. */
export function constant(values: ArrayLike<number>, shape: readonly number[], dtype: DType = 'float32'): Tensor {
  const count = shape.reduce((product, dim) => product * dim, 1);
  if (values.length !== count) throw new ShapeError('constant', [shape, `${values.length} values`], `${count} values`);
  const data =
    dtype === 'float32'
      ? Float32Array.from(values)
      : dtype === 'int64'
        ? BigInt64Array.from(Array.from(values, (v) => BigInt(v)))
        : Uint8Array.from(values);
  return makeTensor('constant', [], { values: data }, shape, dtype);
}
export const scalar = (value: number): Tensor => constant([value], []);

const unary = (op: 'neg' | 'exp' | 'log' | 'sqrt' | 'tanh' | 'sigmoid' | 'softplus') => (x: Tensor) => {
  requireFloat(op, x);
  return makeTensor(op, [x], null, x.shape);
};
export const neg = unary('neg');
export const exp = unary('exp');
export const log = unary('log');
export const sqrt = unary('sqrt');
export const tanh = unary('tanh');
export const sigmoid = unary('sigmoid');
/** log(1 + eˣ), stable for large |x|. */
export const softplus = unary('softplus');

const binary = (op: 'add' | 'sub' | 'mul' | 'div' | 'minimum' | 'maximum') => (a: Tensor, b: Tensor | number) => {
  const right = typeof b === 'number' ? scalar(b) : b;
  requireFloat(op, a, right);
  return makeTensor(op, [a, right], null, broadcastShapes(op, a.shape, right.shape));
};
export const add = binary('add');
export const sub = binary('sub');
export const mul = binary('mul');
export const div = binary('div');
export const minimum = binary('minimum');
export const maximum = binary('maximum');

/** a > b, elementwise, as bool. Integer operands are allowed. */
export function greater(a: Tensor, b: Tensor): Tensor {
  if (a.dtype !== b.dtype || a.dtype === 'bool')
    throw new ShapeError('greater', [a.dtype, b.dtype], 'equal numeric dtypes');
  return makeTensor('greater', [a, b], null, broadcastShapes('greater', a.shape, b.shape), 'bool');
}

/** `condition ? a : b`, elementwise. No gradient flows into the condition. */
export function where(condition: Tensor, a: Tensor, b: Tensor): Tensor {
  if (condition.dtype !== 'bool') throw new ShapeError('where', [condition.dtype], 'a bool condition');
  requireFloat('where', a, b);
  const shape = broadcastShapes('where', condition.shape, broadcastShapes('where', a.shape, b.shape));
  return makeTensor('where', [condition, a, b], null, shape);
}

export const cast = (x: Tensor, to: DType): Tensor => makeTensor('cast', [x], { to }, x.shape, to);
/** The value, with no gradient behind it. */
export const stopGradient = (x: Tensor): Tensor => makeTensor('stopGradient', [x], null, x.shape, x.dtype);

/** Matrix product over the last two axes; leading axes broadcast. */
export function matmul(a: Tensor, b: Tensor): Tensor {
  requireFloat('matmul', a, b);
  const [m, k] = [a.shape.at(-2), a.shape.at(-1)];
  const [k2, n] = [b.shape.at(-2), b.shape.at(-1)];
  if (m === undefined || k2 === undefined || n === undefined || k !== k2) {
    throw new ShapeError('matmul', [a.shape, b.shape], '[…, m, k] and […, k, n]');
  }
  const batch = broadcastShapes('matmul', a.shape.slice(0, -2), b.shape.slice(0, -2));
  return makeTensor('matmul', [a, b], null, [...batch, m, n]);
}

/** Axes in a new order; by default the last two swap. */
export function transpose(x: Tensor, perm?: readonly number[]): Tensor {
  const rank = x.shape.length;
  const order = perm ?? [...Array(rank - 2).keys(), rank - 1, rank - 2];
  if (order.length !== rank || [...order].sort((p, q) => p - q).some((axis, i) => axis !== i)) {
    throw new ShapeError('transpose', [x.shape, `perm ${order.join(',')}`], `a permutation of 0..${rank - 1}`);
  }
  return makeTensor(
    'transpose',
    [x],
    { perm: order },
    order.map((axis) => x.shape[axis] as Dim),
    x.dtype,
  );
}

/** The same elements in another shape. `like` is needed when more than one named dimension moves. */
export function reshape(x: Tensor, shape: Shape, like?: Tensor): Tensor {
  if (sameShape(x.shape, shape)) return x;
  if (elementCount(x.shape) !== elementCount(shape)) {
    throw new ShapeError('reshape', [x.shape, shape], 'equal numbers of elements');
  }
  const moved = shape.filter((dim, i) => typeof dim === 'string' && dim !== x.shape[i]);
  if (moved.length > 1 && like === undefined) {
    throw new ShapeError(
      'reshape',
      [x.shape, shape],
      'at most one named dimension that moves, or a tensor of the wanted shape',
    );
  }
  return makeTensor('reshape', moved.length > 1 && like !== undefined ? [x, like] : [x], null, shape, x.dtype);
}

/** Broadcast to the shape of another tensor. */
export function expandLike(x: Tensor, like: Tensor): Tensor {
  if (sameShape(x.shape, like.shape)) return x;
  if (!sameShape(broadcastShapes('expandLike', x.shape, like.shape), like.shape)) {
    throw new ShapeError('expandLike', [x.shape, like.shape], 'a shape that broadcasts to the second');
  }
  return makeTensor('expandLike', [x, like], null, like.shape, x.dtype);
}

/** Joined along an axis whose dimension is a number in every part; all other dimensions agree. */
export function concat(parts: readonly Tensor[], axis: number): Tensor {
  const first = parts[0];
  if (first === undefined) throw new ShapeError('concat', [], 'at least one tensor');
  const at = normalAxis('concat', axis, first.shape);
  let total = 0;
  for (const part of parts) {
    const dim = part.shape[at];
    const others = (shape: Shape) => shape.filter((_, i) => i !== at);
    if (typeof dim !== 'number' || part.dtype !== first.dtype || !sameShape(others(part.shape), others(first.shape))) {
      throw new ShapeError(
        'concat',
        parts.map((p) => p.shape),
        `equal shapes but for a fixed size on axis ${at}`,
      );
    }
    total += dim;
  }
  return makeTensor(
    'concat',
    parts,
    { axis: at },
    first.shape.map((d, i) => (i === at ? total : d)),
    first.dtype,
  );
}

/** Elements start ≤ i < end of an axis of fixed size. */
export function slice(x: Tensor, axis: number, start: number, end: number): Tensor {
  const at = normalAxis('slice', axis, x.shape);
  const size = x.shape[at];
  if (typeof size !== 'number' || start < 0 || end > size || start >= end) {
    throw new ShapeError('slice', [x.shape, `${start}..${end}`], `0 ≤ start < end ≤ size of axis ${at}`);
  }
  return makeTensor(
    'slice',
    [x],
    { axis: at, start, end },
    x.shape.map((d, i) => (i === at ? end - start : d)),
    x.dtype,
  );
}

/** Zeros in the shape of `like`, with x at `start` on the axis. */
export const padLike = (x: Tensor, like: Tensor, axis: number, start: number): Tensor =>
  makeTensor('padLike', [x, like], { axis, start }, like.shape);

function requireIndices(op: string, indices: Tensor): void {
  if (indices.dtype !== 'int64') throw new ShapeError(op, [indices.dtype], 'int64 indices');
}

/** Rows of a table, for example an embedding. */
export function gather(table: Tensor, indices: Tensor): Tensor {
  requireIndices('gather', indices);
  return makeTensor('gather', [table, indices], null, [...indices.shape, ...table.shape.slice(1)], table.dtype);
}

export const scatterAdd = (indices: Tensor, updates: Tensor, rows: number): Tensor =>
  makeTensor('scatterAdd', [indices, updates], { rows }, [rows, ...updates.shape.slice(indices.shape.length)]);

/** Picks along the last axis, for example the log-probability of a target. */
export function takeAlong(x: Tensor, indices: Tensor): Tensor {
  requireIndices('takeAlong', indices);
  if (!sameShape(x.shape.slice(0, -1), indices.shape.slice(0, -1))) {
    throw new ShapeError('takeAlong', [x.shape, indices.shape], 'equal shapes but for the last axis');
  }
  return makeTensor('takeAlong', [x, indices], null, indices.shape);
}

export const addAlong = (x: Tensor, indices: Tensor, updates: Tensor): Tensor =>
  makeTensor('addAlong', [x, indices, updates], null, x.shape);

export const putAlong = (updates: Tensor, indices: Tensor, like: Tensor): Tensor =>
  makeTensor('putAlong', [updates, indices, like], null, like.shape);

const reduce =
  (op: 'reduceSum' | 'reduceMax') =>
  (x: Tensor, axes?: readonly number[], keepDims = false) => {
    requireFloat(op, x);
    const over = (axes ?? x.shape.map((_, i) => i)).map((axis) => normalAxis(op, axis, x.shape)).sort((a, b) => a - b);
    if (over.length === 0) return x;
    const shape = x.shape.flatMap((dim, i) => (over.includes(i) ? (keepDims ? [1] : []) : [dim]));
    return makeTensor(op, [x], { axes: over, keepDims }, shape);
  };
export const reduceSum = reduce('reduceSum');
export const reduceMax = reduce('reduceMax');

/** Mean over axes of fixed size. */
export function reduceMean(x: Tensor, axes: readonly number[], keepDims = false): Tensor {
  const count = axes.reduce((product, axis) => {
    const dim = x.shape[normalAxis('reduceMean', axis, x.shape)];
    if (typeof dim !== 'number') throw new ShapeError('reduceMean', [x.shape, `axis ${axis}`], 'axes of fixed size');
    return product * dim;
  }, 1);
  return mul(reduceSum(x, axes, keepDims), 1 / count);
}

const overLast = (op: 'softmax' | 'logSoftmax') => (x: Tensor) => {
  requireFloat(op, x);
  if (x.shape.length === 0) throw new ShapeError(op, [x.shape], 'at least one axis');
  return makeTensor(op, [x], null, x.shape);
};
/** Over the last axis. */
export const softmax = overLast('softmax');
/** Over the last axis. */
export const logSoftmax = overLast('logSoftmax');

/** x · sigmoid(x). */
export function silu(x: Tensor): Tensor {
  requireFloat('silu', x);
  return makeTensor('silu', [x], null, x.shape);
}

function requireGain(op: string, x: Tensor, gain: Tensor): void {
  requireFloat(op, x, gain);
  if (!sameShape(gain.shape, x.shape.slice(-1)))
    throw new ShapeError(op, [x.shape, gain.shape], 'a gain of the last axis');
}
/** x / rms(x) · gain over the last axis, rms(x) = √(mean x² + eps) (Zhang and Sennrich 2019). */
export function rmsNorm(x: Tensor, gain: Tensor, eps = 1e-5): Tensor {
  requireGain('rmsNorm', x, gain);
  return makeTensor('rmsNorm', [x, gain], { eps }, x.shape);
}
/** 1 / rms(x) over the last axis, kept as size 1; `gain` is that of the norm whose work it shares. */
export function rmsInverse(x: Tensor, gain: Tensor, eps = 1e-5): Tensor {
  requireGain('rmsInverse', x, gain);
  return makeTensor('rmsInverse', [x, gain], { eps }, [...x.shape.slice(0, -1), 1]);
}

/**
 * Rotary position embedding (Su et al. 2021), halves paired: x [batch, heads, time, d] turned by the angles whose cosines and
 * sines stand in the rows `positions` [batch, time] of the tables [entries, d / 2].
 */
export function rotary(x: Tensor, positions: Tensor, tables: { readonly cos: Tensor; readonly sin: Tensor }): Tensor {
  requireFloat('rotary', x, tables.cos, tables.sin);
  requireIndices('rotary', positions);
  const { cos, sin } = tables;
  const half = cos.shape[1];
  const fits =
    x.shape.length === 4 &&
    sameShape(positions.shape, [x.shape[0]!, x.shape[2]!]) &&
    sameShape(cos.shape, sin.shape) &&
    typeof half === 'number' &&
    x.shape[3] === 2 * half;
  if (!fits) {
    const expected = '[batch, heads, time, d], positions [batch, time], tables [entries, d / 2]';
    throw new ShapeError('rotary', [x.shape, positions.shape, cos.shape, sin.shape], expected);
  }
  return makeTensor('rotary', [x, positions, cos, sin], null, x.shape);
}
