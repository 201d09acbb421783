import { CONTRIB, encodeModel, encodeNode, encodeTensor, encodeValueInfo, type OnnxAttribute } from './onnx-wire.ts';
import { type DType, ShapeError } from './shape.ts';
import { type OpAttributes, type OpName, type Tensor, topologicalOrder } from './tensor.ts';

/** Emits nodes of one graph. Equal nodes are emitted once: name, inputs and attributes are the key. */
class Emitter {
  readonly nodes: Uint8Array[] = [];
  readonly initializers: Uint8Array[] = [];
  readonly inputs = new Map<string, Uint8Array>();
  private readonly emitted = new Map<string, string>();
  private count = 0;

  node(operator: string, inputs: readonly string[], attributes: Readonly<Record<string, OnnxAttribute>> = {}): string {
    return this.twoOutputs(operator, inputs, attributes, 1)[0];
  }

  /** A node with a second output: the names of both. */
  twoOutputs(
    operator: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, OnnxAttribute>>,
    count: 1 | 2 = 2,
  ): [string, string] {
    const key = `${operator}(${inputs.join(',')})${JSON.stringify(attributes)}`;
    let name = this.emitted.get(key);
    if (name === undefined) {
      name = `${operator.split(':').at(-1)}_${this.count++}`;
      this.nodes.push(encodeNode(operator, inputs, count === 1 ? [name] : [name, `${name}:2`], attributes));
      this.emitted.set(key, name);
    }
    return [name, `${name}:2`];
  }

  constant(dtype: DType, shape: readonly number[], data: Float32Array | BigInt64Array | Uint8Array): string {
    const key = data.length <= 64 ? `constant:${dtype}[${shape}]${data.join(',')}` : `constant#${this.count}`;
    const known = this.emitted.get(key);
    if (known !== undefined) return known;
    const name = `constant_${this.count++}`;
    this.initializers.push(encodeTensor(name, dtype, shape, data));
    this.emitted.set(key, name);
    return name;
  }

  integers(values: readonly number[]): string {
    return this.constant('int64', [values.length], BigInt64Array.from(values, BigInt));
  }
}

type Lowering<P extends OpName> = (
  emit: Emitter,
  inputs: readonly string[],
  node: Tensor,
  attributes: OpAttributes[P],
) => string;

const simple =
  (operator: string, attributes?: Readonly<Record<string, OnnxAttribute>>) =>
  (emit: Emitter, inputs: readonly string[]) =>
    emit.node(operator, inputs, attributes);

const CAST_TYPES: { readonly [D in DType]: number } = { float32: 1, int64: 7, bool: 9 };
const zero = { tensor: encodeTensor('', 'float32', [1], new Float32Array(1)) };

const reduction =
  (operator: string) =>
  (emit: Emitter, [x]: readonly string[], _: Tensor, a: { axes: readonly number[]; keepDims: boolean }) =>
    emit.node(operator, [x!, emit.integers(a.axes)], { keepdims: Number(a.keepDims) });

/** Norm and 1 / rms are the two outputs of one node. */
const rmsNode = (emit: Emitter, inputs: readonly string[], eps: number) =>
  emit.twoOutputs('SimplifiedLayerNormalization', inputs, { axis: -1, epsilon: { float: eps }, stash_type: 1 });

/** How each operator is written in ONNX; exhaustive by type. */
const LOWERINGS: { readonly [P in OpName]: Lowering<P> } = {
  input: (emit, _, node, { name }) => {
    emit.inputs.set(name, encodeValueInfo(name, node.dtype, node.shape));
    return name;
  },
  constant: (emit, _, node, { values }) => emit.constant(node.dtype, node.shape as number[], values),
  neg: simple('Neg'),
  exp: simple('Exp'),
  log: simple('Log'),
  sqrt: simple('Sqrt'),
  tanh: simple('Tanh'),
  sigmoid: simple('Sigmoid'),
  softplus: simple('Softplus'),
  add: simple('Add'),
  sub: simple('Sub'),
  mul: simple('Mul'),
  div: simple('Div'),
  minimum: simple('Min'),
  maximum: simple('Max'),
  greater: simple('Greater'),
  where: simple('Where'),
  cast: (emit, inputs, _, { to }) => emit.node('Cast', inputs, { to: CAST_TYPES[to] }),
  stopGradient: simple('Identity'),
  matmul: simple('MatMul'),
  transpose: (emit, inputs, _, { perm }) => emit.node('Transpose', inputs, { perm }),
  reshape: (emit, [x, like], node) => {
    if (like !== undefined) return emit.node('Reshape', [x!, emit.node('Shape', [like])]);
    const source = node.inputs[0]!.shape;
    const target = node.shape.map((dim, i) => (typeof dim === 'number' ? dim : dim === source[i] ? 0 : -1));
    return emit.node('Reshape', [x!, emit.integers(target)]);
  },
  expandLike: (emit, [x, like]) => emit.node('Expand', [x!, emit.node('Shape', [like!])]),
  concat: (emit, inputs, _, { axis }) => emit.node('Concat', inputs, { axis }),
  slice: (emit, [x], _, { axis, start, end }) =>
    emit.node('Slice', [x!, emit.integers([start]), emit.integers([end]), emit.integers([axis])]),
  padLike: (emit, [x], node, { axis, start }) => {
    const part = node.inputs[0]!.shape[axis];
    const whole = node.shape[axis];
    if (typeof part !== 'number' || typeof whole !== 'number') {
      throw new ShapeError('padLike', [node.inputs[0]!.shape, node.shape], 'fixed sizes on the padded axis');
    }
    const before = node.shape.map((_, i) => (i === axis ? start : 0));
    const after = node.shape.map((_, i) => (i === axis ? whole - start - part : 0));
    return emit.node('Pad', [x!, emit.integers([...before, ...after])]);
  },
  gather: simple('Gather', { axis: 0 }),
  scatterAdd: (emit, [indices, updates], node) => {
    if (node.shape.some((dim) => typeof dim !== 'number')) {
      throw new ShapeError('scatterAdd', [node.shape], 'rows of fixed size');
    }
    const shape = node.shape as number[];
    const zeros = emit.node('ConstantOfShape', [emit.integers(shape)], { value: zero });
    const row = shape.slice(1);
    const flat = emit.node('Reshape', [updates!, emit.integers([-1, ...row])]);
    const rows = emit.node('Reshape', [indices!, emit.integers([-1, ...row.map(() => 1)])]);
    // ScatterND would add rows in the order in which threads come by, and float sums depend on it; ScatterElements does not.
    return emit.node('ScatterElements', [zeros, emit.node('Expand', [rows, emit.node('Shape', [flat])]), flat], {
      axis: 0,
      reduction: 'add',
    });
  },
  takeAlong: simple('GatherElements', { axis: -1 }),
  putAlong: (emit, [updates, indices, like]) => {
    const zeros = emit.node('ConstantOfShape', [emit.node('Shape', [like!])], { value: zero });
    return emit.node('ScatterElements', [zeros, indices!, updates!], { axis: -1, reduction: 'add' });
  },
  reduceSum: reduction('ReduceSum'),
  reduceMax: reduction('ReduceMax'),
  addAlong: (emit, [x, indices, updates]) =>
    emit.node('ScatterElements', [x!, indices!, updates!], { axis: -1, reduction: 'add' }),
  silu: simple(`${CONTRIB}:QuickGelu`, { alpha: { float: 1 } }),
  rmsNorm: (emit, inputs, _, { eps }) => rmsNode(emit, inputs, eps)[0],
  rmsInverse: (emit, inputs, _, { eps }) => rmsNode(emit, inputs, eps)[1],
  rotary: simple(`${CONTRIB}:RotaryEmbedding`),
  softmax: simple('Softmax', { axis: -1 }),
  logSoftmax: simple('LogSoftmax', { axis: -1 }),
};

/**
 * An ONNX model (opset 18) that computes the named outputs. Its inputs are the `input` tensors they depend on; nodes that
 * no output needs do not appear, and structurally equal ones appear once.
 */
export function encodeOnnx(outputs: Readonly<Record<string, Tensor>>): Uint8Array {
  const emit = new Emitter();
  const names = new Map<Tensor, string>();
  for (const node of topologicalOrder(Object.values(outputs))) {
    const lowering = LOWERINGS[node.op] as Lowering<OpName>;
    names.set(
      node,
      lowering(
        emit,
        node.inputs.map((i) => names.get(i)!),
        node,
        node.attributes,
      ),
    );
  }
  const outputInfos = Object.entries(outputs).map(([name, tensor]) => {
    emit.nodes.push(encodeNode('Identity', [names.get(tensor)!], [name], {}));
    return encodeValueInfo(name, tensor.dtype, tensor.shape);
  });
  const { nodes, initializers, inputs } = emit;
  return encodeModel({ nodes, initializers, inputs: [...inputs.values()], outputs: outputInfos });
}
