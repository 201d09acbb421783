import { formatShape } from './shape.ts';
import { type OpAttributes, type OpName, type Tensor, topologicalOrder } from './tensor.ts';

/** A dense array in float64, row-major; integers and booleans are stored as numbers. */
export interface NdArray {
  readonly data: Float64Array;
  readonly shape: readonly number[];
}

const sizeOf = (shape: readonly number[]) => shape.reduce((product, dim) => product * dim, 1);
const array = (shape: readonly number[], data: Float64Array = new Float64Array(sizeOf(shape))): NdArray => ({
  data,
  shape,
});

function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let i = shape.length - 2; i >= 0; i--) strides[i] = strides[i + 1]! * shape[i + 1]!;
  return strides;
}

/** Calls back with the flat index of every element and its coordinates (one array, reused). */
function walk(shape: readonly number[], visit: (flat: number, at: readonly number[]) => void): void {
  const at = new Array<number>(shape.length).fill(0);
  for (let flat = 0, count = sizeOf(shape); flat < count; flat++) {
    visit(flat, at);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at[axis]! += 1;
      if (at[axis]! < shape[axis]!) break;
      at[axis] = 0;
    }
  }
}

/** Flat index into an array that broadcasts to a larger shape. */
function broadcastIndex(x: NdArray, at: readonly number[]): number {
  const strides = stridesOf(x.shape);
  const lead = at.length - x.shape.length;
  return x.shape.reduce((sum, dim, i) => sum + (dim === 1 ? 0 : at[lead + i]! * strides[i]!), 0);
}

function broadcast(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => Math.max(a[a.length - rank + i] ?? 1, b[b.length - rank + i] ?? 1));
}

const map = (x: NdArray, f: (v: number) => number): NdArray => array(x.shape, x.data.map(f));
function zip(a: NdArray, b: NdArray, f: (x: number, y: number) => number): NdArray {
  const out = array(broadcast(a.shape, b.shape));
  walk(out.shape, (flat, at) => {
    out.data[flat] = f(a.data[broadcastIndex(a, at)]!, b.data[broadcastIndex(b, at)]!);
  });
  return out;
}

function reduce(
  x: NdArray,
  axes: readonly number[],
  keepDims: boolean,
  start: number,
  f: (a: number, b: number) => number,
) {
  const kept = x.shape.map((dim, i) => (axes.includes(i) ? 1 : dim));
  const out = array(kept);
  out.data.fill(start);
  walk(x.shape, (flat, at) => {
    const to = broadcastIndex(out, at);
    out.data[to] = f(out.data[to]!, x.data[flat]!);
  });
  return keepDims
    ? out
    : array(
        x.shape.filter((_, i) => !axes.includes(i)),
        out.data,
      );
}

function logSoftmaxRows(x: NdArray): NdArray {
  const out = array(x.shape);
  const width = x.shape.at(-1)!;
  for (let row = 0; row < x.data.length; row += width) {
    const values = x.data.subarray(row, row + width);
    const top = values.reduce((m, v) => Math.max(m, v), -Infinity);
    const total = top + Math.log(values.reduce((sum, v) => sum + Math.exp(v - top), 0));
    for (let i = 0; i < width; i++) out.data[row + i] = values[i]! - total;
  }
  return out;
}

function product(a: NdArray, b: NdArray): NdArray {
  const [m, k, n] = [a.shape.at(-2)!, a.shape.at(-1)!, b.shape.at(-1)!];
  const out = array([...broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2)), m, n]);
  walk(out.shape.slice(0, -2), (flat, at) => {
    const fromA = broadcastIndex({ ...a, shape: [...a.shape.slice(0, -2), m, k] }, [...at, 0, 0]);
    const fromB = broadcastIndex({ ...b, shape: [...b.shape.slice(0, -2), k, n] }, [...at, 0, 0]);
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let sum = 0;
        for (let q = 0; q < k; q++) sum += a.data[fromA + i * k + q]! * b.data[fromB + q * n + j]!;
        out.data[flat * m * n + i * n + j] = sum;
      }
    }
  });
  return out;
}

/** Copies between a slice of `whole` on an axis and `part`. */
function copySlice(whole: NdArray, part: NdArray, axis: number, start: number, intoPart: boolean): void {
  const strides = stridesOf(whole.shape);
  walk(part.shape, (flat, at) => {
    const index = at.reduce((sum, v, i) => sum + (i === axis ? v + start : v) * strides[i]!, 0);
    if (intoPart) part.data[flat] = whole.data[index]!;
    else whole.data[index] = part.data[flat]!;
  });
}

type Kernel<P extends OpName> = (inputs: readonly NdArray[], attributes: OpAttributes[P], node: Tensor) => NdArray;

/** Numeric shape of a reshape target, from the input's count and the numbers in the symbolic shape. */
function resolveShape(x: NdArray, node: Tensor): number[] {
  const source = node.inputs[0]!.shape;
  const known = node.shape.map((dim, i) => (typeof dim === 'number' ? dim : dim === source[i] ? x.shape[i]! : -1));
  const rest = x.data.length / known.filter((dim) => dim >= 0).reduce((product, dim) => product * dim, 1);
  return known.map((dim) => (dim < 0 ? rest : dim));
}

/** 1 / √(mean x² + eps) over the last axis. */
function inverseRms(x: NdArray, eps: number): NdArray {
  const width = x.shape.at(-1)!;
  const out = array([...x.shape.slice(0, -1), 1]);
  for (let row = 0; row < out.data.length; row++) {
    const squares = x.data.subarray(row * width, (row + 1) * width).reduce((sum, v) => sum + v * v, 0);
    out.data[row] = 1 / Math.sqrt(squares / width + eps);
  }
  return out;
}

const sigmoid = (v: number) => 1 / (1 + Math.exp(-v));
/** The plain kernel of every operator: slow, in float64, and the yardstick of the fast ones. */
const KERNELS: { readonly [P in OpName]: Kernel<P> } = {
  input: () => array([]),
  constant: (_, { values }, node) => array(node.shape as number[], Float64Array.from(values as Float32Array, Number)),
  neg: ([x]) => map(x!, (v) => -v),
  exp: ([x]) => map(x!, Math.exp),
  log: ([x]) => map(x!, Math.log),
  sqrt: ([x]) => map(x!, Math.sqrt),
  tanh: ([x]) => map(x!, Math.tanh),
  sigmoid: ([x]) => map(x!, sigmoid),
  softplus: ([x]) => map(x!, (v) => Math.max(v, 0) + Math.log1p(Math.exp(-Math.abs(v)))),
  add: ([a, b]) => zip(a!, b!, (x, y) => x + y),
  sub: ([a, b]) => zip(a!, b!, (x, y) => x - y),
  mul: ([a, b]) => zip(a!, b!, (x, y) => x * y),
  div: ([a, b]) => zip(a!, b!, (x, y) => x / y),
  minimum: ([a, b]) => zip(a!, b!, Math.min),
  maximum: ([a, b]) => zip(a!, b!, Math.max),
  greater: ([a, b]) => zip(a!, b!, (x, y) => Number(x > y)),
  where: ([c, a, b]) => {
    const out = array(broadcast(c!.shape, broadcast(a!.shape, b!.shape)));
    walk(out.shape, (flat, at) => {
      const from = c!.data[broadcastIndex(c!, at)] !== 0 ? a! : b!;
      out.data[flat] = from.data[broadcastIndex(from, at)]!;
    });
    return out;
  },
  cast: ([x], { to }) => map(x!, to === 'bool' ? (v) => Number(v !== 0) : to === 'int64' ? Math.trunc : (v) => v),
  stopGradient: ([x]) => x!,
  matmul: ([a, b]) => product(a!, b!),
  transpose: ([x], { perm }) => {
    const out = array(perm.map((axis) => x!.shape[axis]!));
    const strides = stridesOf(x!.shape);
    walk(out.shape, (flat, at) => {
      out.data[flat] = x!.data[perm.reduce((sum, axis, i) => sum + at[i]! * strides[axis]!, 0)]!;
    });
    return out;
  },
  reshape: ([x, like], _, node) => array(like?.shape ?? resolveShape(x!, node), x!.data),
  expandLike: ([x, like]) => {
    const out = array(like!.shape);
    walk(out.shape, (flat, at) => {
      out.data[flat] = x!.data[broadcastIndex(x!, at)]!;
    });
    return out;
  },
  concat: (parts, { axis }) => {
    const total = parts.reduce((sum, part) => sum + part.shape[axis]!, 0);
    const out = array(parts[0]!.shape.map((dim, i) => (i === axis ? total : dim)));
    let start = 0;
    for (const part of parts) {
      copySlice(out, part, axis, start, false);
      start += part.shape[axis]!;
    }
    return out;
  },
  slice: ([x], { axis, start, end }) => {
    const out = array(x!.shape.map((dim, i) => (i === axis ? end - start : dim)));
    copySlice(x!, out, axis, start, true);
    return out;
  },
  padLike: ([x, like], { axis, start }) => {
    const out = array(like!.shape);
    copySlice(out, x!, axis, start, false);
    return out;
  },
  gather: ([table, indices]) => {
    const row = sizeOf(table!.shape.slice(1));
    const out = array([...indices!.shape, ...table!.shape.slice(1)]);
    indices!.data.forEach((index, i) => {
      out.data.set(table!.data.subarray(index * row, (index + 1) * row), i * row);
    });
    return out;
  },
  scatterAdd: ([indices, updates, like], _, node) => {
    const out = array(like?.shape ?? (node.shape as number[]));
    const row = out.data.length / out.shape[0]!;
    indices!.data.forEach((index, i) => {
      for (let j = 0; j < row; j++) out.data[index * row + j]! += updates!.data[i * row + j]!;
    });
    return out;
  },
  takeAlong: ([x, indices]) => {
    const out = array(indices!.shape);
    const [width, picks] = [x!.shape.at(-1)!, indices!.shape.at(-1)!];
    indices!.data.forEach((index, i) => {
      out.data[i] = x!.data[Math.floor(i / picks) * width + index]!;
    });
    return out;
  },
  putAlong: ([updates, indices, like]) => {
    const out = array(like!.shape);
    const [width, picks] = [like!.shape.at(-1)!, indices!.shape.at(-1)!];
    indices!.data.forEach((index, i) => {
      out.data[Math.floor(i / picks) * width + index]! += updates!.data[i]!;
    });
    return out;
  },
  reduceSum: ([x], { axes, keepDims }) => reduce(x!, axes, keepDims, 0, (a, b) => a + b),
  reduceMax: ([x], { axes, keepDims }) => reduce(x!, axes, keepDims, -Infinity, Math.max),
  addAlong: ([x, indices, updates]) => {
    const out = array(x!.shape, x!.data.slice());
    const [width, picks] = [x!.shape.at(-1)!, indices!.shape.at(-1)!];
    indices!.data.forEach((index, i) => {
      out.data[Math.floor(i / picks) * width + index]! += updates!.data[i]!;
    });
    return out;
  },
  silu: ([x]) => map(x!, (v) => v * sigmoid(v)),
  rmsNorm: ([x, gain], { eps }) => {
    const inverse = inverseRms(x!, eps);
    return array(
      x!.shape,
      x!.data.map((v, i) => v * inverse.data[Math.floor(i / gain!.data.length)]! * gain!.data[i % gain!.data.length]!),
    );
  },
  rmsInverse: ([x], { eps }) => inverseRms(x!, eps),
  rotary: ([x, positions, cos, sin]) => {
    const out = array(x!.shape);
    const [, heads, time, size] = x!.shape as [number, number, number, number];
    const half = size / 2;
    for (let row = 0; row < x!.data.length / size; row++) {
      const at = positions!.data[Math.floor(row / (heads * time)) * time + (row % time)]!;
      for (let i = 0; i < half; i++) {
        const [c, s] = [cos!.data[at * half + i]!, sin!.data[at * half + i]!];
        const [left, right] = [x!.data[row * size + i]!, x!.data[row * size + half + i]!];
        out.data[row * size + i] = left * c - right * s;
        out.data[row * size + half + i] = right * c + left * s;
      }
    }
    return out;
  },
  cumulativeSum: ([x], { reverse }) => {
    const out = array(x!.shape, x!.data.slice());
    const width = x!.shape.at(-1)!;
    for (let row = 0; row < out.data.length; row += width) {
      for (let k = 1; k < width; k++) {
        const i = reverse ? row + width - 1 - k : row + k;
        out.data[i]! += out.data[reverse ? i + 1 : i - 1]!;
      }
    }
    return out;
  },
  softmax: ([x]) => map(logSoftmaxRows(x!), Math.exp),
  logSoftmax: ([x]) => logSoftmaxRows(x!),
};

/** Values of tensors, computed in float64 by plain loops. `feeds` gives every input by name. */
export function evaluate(outputs: readonly Tensor[], feeds: Readonly<Record<string, NdArray>>): NdArray[] {
  const values = new Map<Tensor, NdArray>();
  for (const node of topologicalOrder(outputs)) {
    if (node.op === 'input') {
      const { name } = node.attributes as OpAttributes['input'];
      const fed = Object.hasOwn(feeds, name) ? feeds[name] : undefined;
      if (fed === undefined) throw new TypeError(`evaluate: input ${name} ${formatShape(node.shape)} was not fed`);
      values.set(node, fed);
    } else {
      const kernel = KERNELS[node.op] as Kernel<OpName>;
      values.set(
        node,
        kernel(
          node.inputs.map((i) => values.get(i)!),
          node.attributes,
          node,
        ),
      );
    }
  }
  return outputs.map((tensor) => values.get(tensor)!);
}
