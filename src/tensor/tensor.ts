import type { DType, Shape } from './shape.ts';

/** Attributes of every operator. A new operator starts here; the compiler then asks for its other rules. */
export interface OpAttributes {
  input: { readonly name: string };
  constant: { readonly values: Float32Array | BigInt64Array | Uint8Array };
  neg: null;
  exp: null;
  log: null;
  sqrt: null;
  tanh: null;
  sigmoid: null;
  softplus: null;
  add: null;
  sub: null;
  mul: null;
  div: null;
  minimum: null;
  maximum: null;
  greater: null;
  where: null;
  cast: { readonly to: DType };
  stopGradient: null;
  matmul: null;
  transpose: { readonly perm: readonly number[] };
  /** A second input, where present, gives the shape at run time. */
  reshape: null;
  /** Broadcasts the first input to the second one's shape. */
  expandLike: null;
  concat: { readonly axis: number };
  slice: { readonly axis: number; readonly start: number; readonly end: number };
  /** Zeros around a slice: the adjoint of `slice`. The second input has the wanted shape. */
  padLike: { readonly axis: number; readonly start: number };
  /** Rows of a table by index: [V, …] and [n…] to [n…, …]. */
  gather: null;
  /** Sums rows into a zero table: indices [n…], updates [n…, …] to [rows, …]; the adjoint of `gather`. */
  scatterAdd: { readonly rows: number };
  /** One element per row along the last axis: [n…, V] and [n…, k] to [n…, k]. */
  takeAlong: null;
  /** The adjoint of `takeAlong`: updates, indices and a tensor of the wanted shape. */
  putAlong: null;
  reduceSum: { readonly axes: readonly number[]; readonly keepDims: boolean };
  reduceMax: { readonly axes: readonly number[]; readonly keepDims: boolean };
  softmax: null;
  logSoftmax: null;
  /** Adds updates at indices along the last axis: a tensor, indices and updates to the tensor's shape. */
  addAlong: null;
  silu: null;
  rmsNorm: { readonly eps: number };
  /** 1 / rms(x) over the last axis, kept as size 1. The gain names the norm it belongs to: one node computes both. */
  rmsInverse: { readonly eps: number };
  /** Rotary position embedding: x [batch, heads, time, d], positions [batch, time], tables [positions, d/2]. */
  rotary: null;
}
export type OpName = keyof OpAttributes;

/** A symbolic tensor: an operator applied to other tensors. Immutable; identity matters (sharing is not recomputed). */
export interface Tensor {
  readonly op: OpName;
  readonly inputs: readonly Tensor[];
  readonly attributes: OpAttributes[OpName];
  readonly shape: Shape;
  readonly dtype: DType;
}

export function makeTensor<P extends OpName>(
  op: P,
  inputs: readonly Tensor[],
  attributes: OpAttributes[P],
  shape: Shape,
  dtype: DType = 'float32',
): Tensor {
  return { op, inputs, attributes, shape, dtype };
}

/** Tensors that the outputs depend on, each once, inputs before users. */
export function topologicalOrder(outputs: readonly Tensor[]): Tensor[] {
  const seen = new Set<Tensor>();
  const order: Tensor[] = [];
  const stack = outputs.map((tensor) => ({ tensor, next: 0 })).reverse();
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    if (top.next === 0 && seen.has(top.tensor)) {
      stack.pop();
      continue;
    }
    seen.add(top.tensor);
    const child = top.tensor.inputs[top.next++];
    if (child === undefined) {
      order.push(top.tensor);
      stack.pop();
    } else if (!seen.has(child)) stack.push({ tensor: child, next: 0 });
  }
  return order;
}
