import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type { DType, Shape } from './shape.ts';

/** The few messages of the ONNX protobuf format that a graph needs, by their public field numbers (onnx.proto, IR 8). */

const ELEMENT_TYPES: { readonly [D in DType]: number } = { float32: 1, int64: 7, bool: 9 };
const IR_VERSION = 8;
export const OPSET = 18;

/** Operators of ONNX Runtime beyond the standard. */
export const CONTRIB = 'com.microsoft';

export type OnnxAttribute =
  | number
  | string
  | readonly number[]
  | { readonly tensor: Uint8Array }
  | { readonly float: number };

function message(fill: (writer: BinaryWriter) => void): Uint8Array {
  const writer = new BinaryWriter();
  fill(writer);
  return writer.finish();
}
const bytes = (writer: BinaryWriter, field: number, value: Uint8Array) =>
  writer.tag(field, WireType.LengthDelimited).bytes(value);
const text = (writer: BinaryWriter, field: number, value: string) =>
  writer.tag(field, WireType.LengthDelimited).string(value);
const integer = (writer: BinaryWriter, field: number, value: number) => writer.tag(field, WireType.Varint).int64(value);

/** TensorProto with raw little-endian data. */
export function encodeTensor(
  name: string,
  dtype: DType,
  shape: readonly number[],
  data: Float32Array | BigInt64Array | Uint8Array,
): Uint8Array {
  return message((w) => {
    for (const dim of shape) integer(w, 1, dim);
    integer(w, 2, ELEMENT_TYPES[dtype]);
    text(w, 8, name);
    bytes(w, 9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  });
}

/** AttributeProto; bare numbers are ints, and the only lists are of ints. */
function encodeAttribute(name: string, value: OnnxAttribute): Uint8Array {
  return message((w) => {
    text(w, 1, name);
    if (typeof value === 'number') {
      integer(w, 3, value);
      integer(w, 20, 2);
    } else if (typeof value === 'string') {
      text(w, 4, value);
      integer(w, 20, 3);
    } else if ('float' in value) {
      w.tag(2, WireType.Bit32).float(value.float);
      integer(w, 20, 1);
    } else if ('tensor' in value) {
      bytes(w, 5, value.tensor);
      integer(w, 20, 4);
    } else {
      for (const v of value) integer(w, 8, v);
      integer(w, 20, 7);
    }
  });
}

/** NodeProto, named after its first output. The operator may carry a domain, as in `com.microsoft:QuickGelu`. */
export function encodeNode(
  operator: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Readonly<Record<string, OnnxAttribute>>,
): Uint8Array {
  const [type, domain] = operator.split(':').reverse() as [string, string?];
  return message((w) => {
    for (const name of inputs) text(w, 1, name);
    for (const name of outputs) text(w, 2, name);
    text(w, 3, outputs[0]!);
    text(w, 4, type);
    if (domain !== undefined) text(w, 7, domain);
    for (const [name, value] of Object.entries(attributes)) bytes(w, 5, encodeAttribute(name, value));
  });
}

/** ValueInfoProto: a name, an element type and dimensions, fixed or named. */
export function encodeValueInfo(name: string, dtype: DType, shape: Shape): Uint8Array {
  return message((w) => {
    text(w, 1, name);
    w.tag(2, WireType.LengthDelimited).fork();
    w.tag(1, WireType.LengthDelimited).fork();
    integer(w, 1, ELEMENT_TYPES[dtype]);
    w.tag(2, WireType.LengthDelimited).fork();
    for (const dim of shape) {
      w.tag(1, WireType.LengthDelimited).fork();
      if (typeof dim === 'number') integer(w, 1, dim);
      else text(w, 2, dim);
      w.join();
    }
    w.join();
    w.join();
    w.join();
  });
}

/** ModelProto around the encoded pieces of one graph. */
export function encodeModel(graph: {
  readonly nodes: readonly Uint8Array[];
  readonly initializers: readonly Uint8Array[];
  readonly inputs: readonly Uint8Array[];
  readonly outputs: readonly Uint8Array[];
}): Uint8Array {
  return message((w) => {
    integer(w, 1, IR_VERSION);
    text(w, 2, 'goodhart');
    w.tag(7, WireType.LengthDelimited).fork();
    for (const node of graph.nodes) bytes(w, 1, node);
    text(w, 2, 'graph');
    for (const initializer of graph.initializers) bytes(w, 5, initializer);
    for (const value of graph.inputs) bytes(w, 11, value);
    for (const value of graph.outputs) bytes(w, 12, value);
    w.join();
    w.tag(8, WireType.LengthDelimited).fork();
    text(w, 1, '');
    integer(w, 2, OPSET);
    w.join();
    w.tag(8, WireType.LengthDelimited).fork();
    text(w, 1, CONTRIB);
    integer(w, 2, 1);
    w.join();
  });
}
