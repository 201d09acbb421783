import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { DataError } from '../run/index.ts';
import {
  bytesOf,
  floatsOf,
  integersOf,
  longBytes,
  longsOf,
  type PassOutput,
  type PassRequest,
  type SampledSequence,
  type SampleOutput,
  type Tensor,
  type WireDatum,
} from './tensors.ts';

/** The messages of the Tinker protocol that come as protobuf, by field number. What would change a number and is not understood is refused by name. */

const FLOAT32 = 1;
const INT64 = 2;

type Fields = Readonly<Record<number, (reader: BinaryReader) => void>>;

/**
 * Most data, chunks, tensors, rows and samples of one message: each takes some hundred bytes in memory, and two in a message. Clients
 * send at most 1,024 data at once.
 */
const MOST_PARTS = 200_000;

/** Counts the parts of one message. */
function partsOf(what: string): (more?: number) => void {
  let parts = 0;
  return (more = 1) => {
    parts += more;
    if (parts > MOST_PARTS)
      throw new DataError('wire', `${what}: expected at most ${MOST_PARTS} parts, got more; send fewer data at a time`);
  };
}

/** Reads a message; fields that the table lacks are skipped. */
function read(bytes: Uint8Array, what: string, fields: Fields): void {
  const reader = new BinaryReader(bytes);
  try {
    while (reader.pos < reader.len) {
      const [field, type] = reader.tag();
      const take = fields[field];
      if (take === undefined) reader.skip(type, field);
      else take(reader);
    }
    if (reader.pos > reader.len) throw new RangeError('premature EOF');
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
    throw new DataError('wire', `${what}: expected a whole protobuf message, got ${(cause as Error).message}`, {
      cause,
    });
  }
}

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
const double = (writer: BinaryWriter, field: number, value: number) => writer.tag(field, WireType.Bit64).double(value);

/** An entry of a map from names. */
function readEntry<T>(entry: Uint8Array, what: string, value: (reader: BinaryReader) => T): [string, T | undefined] {
  let key = '';
  let held: T | undefined;
  read(entry, what, {
    1: (r) => {
      key = r.string();
    },
    2: (r) => {
      held = value(r);
    },
  });
  return [key, held];
}
const writeEntry = (key: string, value: (writer: BinaryWriter) => void): Uint8Array =>
  message((w) => {
    text(w, 1, key);
    value(w);
  });

function readTensor(encoded: Uint8Array, what: string): Tensor {
  let [dense, dtype]: [Uint8Array, number] = [new Uint8Array(), 0];
  let sparse = false;
  const shape: number[] = [];
  read(encoded, what, {
    1: (r) => {
      dense = r.bytes();
    },
    2: (r) => {
      r.bytes();
      sparse = true;
    },
    3: (r) => {
      dtype = r.int32();
    },
    4: (r) => readPacked(r, shape),
  });
  if (sparse || shape.length > 1) {
    const got = sparse ? 'a sparse one' : `shape [${shape}]`;
    throw new DataError('wire', `${what}: expected one number a position, got ${got}; give one target a position`);
  }
  if (dtype === FLOAT32) return floatsOf(dense, what);
  if (dtype === INT64) return longsOf(dense, what);
  throw new DataError('wire', `${what}: dtype ${dtype}; expected float32 (1) or int64 (2)`);
}

/** Repeated integers are written as one field, and older writers write each. */
function readPacked(reader: BinaryReader, into: number[]): void {
  const end = reader.uint32() + reader.pos;
  while (reader.pos < end) {
    // More than one dimension is refused, however many there are.
    if (into.length > 4) throw new DataError('wire', 'shape: expected one dimension, got more than four');
    into.push(Number(reader.int64()));
  }
}

const writeTensor = (tensor: Tensor): Uint8Array =>
  message((w) => {
    const isFloat = tensor instanceof Float32Array;
    bytes(w, 1, isFloat ? bytesOf(tensor) : longBytes(tensor));
    integer(w, 3, isFloat ? FLOAT32 : INT64);
    w.tag(4, WireType.LengthDelimited).fork().int64(tensor.length).join();
  });

function readChunk(encoded: Uint8Array, what: string): Int32Array {
  let tokens: Int32Array | undefined;
  read(encoded, what, {
    1: (r) =>
      read(r.bytes(), what, {
        1: (inner) => {
          tokens = integersOf(inner.bytes(), `${what} tokens`);
        },
      }),
    2: () => {
      throw new DataError('wire', `${what}: an image; this engine reads tokens only`);
    },
    3: () => {
      throw new DataError('wire', `${what}: audio; this engine reads tokens only`);
    },
  });
  return tokens ?? new Int32Array();
}

/** Token chunks of an input as one sequence. */
export function joinTokens(chunks: readonly Int32Array[]): Int32Array {
  if (chunks.length === 1) return chunks[0]!;
  const joined = new Int32Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    joined.set(chunk, at);
    at += chunk.length;
  }
  return joined;
}

function readDatum(encoded: Uint8Array, what: string, part: () => void): WireDatum {
  const chunks: Int32Array[] = [];
  const inputs = new Map<string, Tensor>();
  read(encoded, what, {
    1: (r) => {
      part();
      chunks.push(readChunk(r.bytes(), `${what}.model_input`));
    },
    2: (r) => {
      part();
      const [name, tensor] = readEntry(r.bytes(), what, (inner) => inner.bytes());
      inputs.set(name, readTensor(tensor ?? new Uint8Array(), `${what}.loss_fn_inputs.${name.slice(0, 60)}`));
    },
  });
  return { tokens: joinTokens(chunks), inputs };
}

/** Whose pass it is and its place, without its data: what is refused in the data still has its turn. */
export function passEnvelope(body: Uint8Array): Pick<PassRequest, 'modelId' | 'seqId'> {
  let [modelId, seqId] = ['', 0];
  read(body, 'forward_backward', {
    1: (r) => {
      modelId = r.string();
    },
    2: (r) => {
      seqId = r.int32();
    },
  });
  return { modelId, seqId: seqId > 0 ? seqId : undefined };
}

/** The body of `forward_backward`. @throws DataError naming what is not understood. */
export function decodePassRequest(body: Uint8Array): PassRequest {
  const config = new Map<string, number>();
  const data: WireDatum[] = [];
  const part = partsOf('forward_backward');
  let [modelId, seqId, loss, forwardOnly] = ['', 0, '', false];
  read(body, 'forward_backward', {
    1: (r) => {
      modelId = r.string();
    },
    2: (r) => {
      seqId = r.int32();
    },
    3: (r) => {
      part();
      data.push(readDatum(r.bytes(), `data.${data.length}`, part));
    },
    4: (r) => {
      loss = r.string();
    },
    5: (r) => {
      part();
      const [name, value] = readEntry(r.bytes(), 'loss_fn_config', (inner) => inner.double());
      config.set(name, value ?? 0);
    },
    6: (r) => {
      forwardOnly = r.bool();
    },
    7: (r) => {
      part();
      const [name, value] = readEntry(r.bytes(), 'loss_fn_config_v2', (inner) => inner.bytes());
      const where = `loss_fn_config.${name.slice(0, 60)}`;
      read(value ?? new Uint8Array(), where, {
        1: (inner) => config.set(name, inner.double()),
        2: () => {
          throw new DataError('wire', `${where}: a text; expected a number`);
        },
      });
    },
  });
  return { modelId, seqId: seqId > 0 ? seqId : undefined, data, loss, config, forwardOnly };
}

const writeDatum = ({ tokens, inputs }: WireDatum): Uint8Array =>
  message((w) => {
    bytes(
      w,
      1,
      message((chunk) =>
        bytes(
          chunk,
          1,
          message((inner) => bytes(inner, 1, bytesOf(tokens))),
        ),
      ),
    );
    for (const [name, tensor] of inputs)
      bytes(
        w,
        2,
        writeEntry(name, (entry) => bytes(entry, 2, writeTensor(tensor))),
      );
  });

export const encodePassRequest = (request: PassRequest): Uint8Array =>
  message((w) => {
    text(w, 1, request.modelId);
    if (request.seqId !== undefined) integer(w, 2, request.seqId);
    for (const datum of request.data) bytes(w, 3, writeDatum(datum));
    text(w, 4, request.loss);
    for (const [name, value] of request.config)
      bytes(
        w,
        5,
        writeEntry(name, (entry) => double(entry, 2, value)),
      );
    if (request.forwardOnly) w.tag(6, WireType.Varint).bool(true);
  });

/** Rows of several lengths as one array with the places where they end. */
const writeRows = (rows: readonly Float32Array[]): Uint8Array =>
  message((w) => {
    const ends = [0];
    const joined = new Float32Array(rows.reduce((sum, row) => sum + row.length, 0));
    for (const row of rows) {
      const at = ends.at(-1)!;
      joined.set(row, at / 4);
      ends.push(at + row.byteLength);
    }
    bytes(w, 1, bytesOf(joined));
    bytes(w, 2, longBytes(ends));
    integer(w, 3, FLOAT32);
  });

export const encodePassOutput = ({ logprobs, metrics }: PassOutput): Uint8Array =>
  message((w) => {
    text(w, 1, 'logprobs');
    bytes(
      w,
      2,
      message((record) => {
        bytes(
          record,
          2,
          writeEntry('logprobs', (entry) => bytes(entry, 2, writeRows(logprobs))),
        );
        integer(record, 3, logprobs.length);
      }),
    );
    for (const [name, value] of metrics)
      bytes(
        w,
        3,
        writeEntry(name, (entry) => double(entry, 2, value)),
      );
  });

function readRows(encoded: Uint8Array, what: string, part: (more: number) => void): Float32Array[] {
  let [values, ends, dtype]: [Uint8Array, Int32Array, number] = [new Uint8Array(), new Int32Array(), 0];
  read(encoded, what, {
    1: (r) => {
      values = r.bytes();
    },
    2: (r) => {
      ends = longsOf(r.bytes(), `${what} offsets`);
    },
    3: (r) => {
      dtype = r.int32();
    },
  });
  if (dtype !== FLOAT32) throw new DataError('wire', `${what}: dtype ${dtype}; expected float32 (1)`);
  part(ends.length);
  return Array.from({ length: Math.max(0, ends.length - 1) }, (_, i) => {
    const [from, to] = [ends[i]!, ends[i + 1]!];
    if (from < 0 || to < from || to > values.length)
      throw new DataError('wire', `${what}: offsets ${from} to ${to} of ${values.length} bytes; it was cut short`);
    return floatsOf(values.subarray(from, to), what);
  });
}

export function decodePassOutput(body: Uint8Array): PassOutput {
  let logprobs: Float32Array[] = [];
  const part = partsOf('ForwardBackwardOutput');
  const metrics = new Map<string, number>();
  read(body, 'ForwardBackwardOutput', {
    2: (r) =>
      read(r.bytes(), 'ArrayRecord', {
        2: (inner) => {
          const [name, rows] = readEntry(inner.bytes(), 'fields', (value) => value.bytes());
          if (name === 'logprobs') logprobs = [...logprobs, ...readRows(rows ?? new Uint8Array(), 'logprobs', part)];
        },
      }),
    3: (r) => {
      part();
      const [name, value] = readEntry(r.bytes(), 'metrics', (inner) => inner.double());
      metrics.set(name, value ?? 0);
    },
  });
  return { logprobs, metrics };
}

export const encodeSampleOutput = ({ sequences, promptLogprobs }: SampleOutput): Uint8Array =>
  message((w) => {
    for (const { tokens, logprobs, stopReason } of sequences) {
      const sequence = message((inner) => {
        if (stopReason === 'length') integer(inner, 1, 1);
        bytes(inner, 2, bytesOf(tokens));
        if (logprobs !== undefined) bytes(inner, 3, bytesOf(logprobs));
      });
      bytes(w, 1, sequence);
    }
    if (promptLogprobs !== undefined) bytes(w, 2, bytesOf(promptLogprobs));
  });

export function decodeSampleOutput(body: Uint8Array): SampleOutput {
  const sequences: SampledSequence[] = [];
  const part = partsOf('SampleResponse');
  let promptLogprobs: Float32Array | undefined;
  read(body, 'SampleResponse', {
    1: (r) => {
      part();
      let [tokens, logprobs, stopReason]: [Int32Array, Float32Array | undefined, 'stop' | 'length'] = [
        new Int32Array(),
        undefined,
        'stop',
      ];
      read(r.bytes(), 'SampledSequence', {
        1: (inner) => {
          stopReason = inner.int32() === 0 ? 'stop' : 'length';
        },
        2: (inner) => {
          tokens = integersOf(inner.bytes(), 'sampled tokens');
        },
        3: (inner) => {
          logprobs = floatsOf(inner.bytes(), 'sampled logprobs');
        },
      });
      sequences.push({ tokens, logprobs, stopReason });
    },
    2: (r) => {
      promptLogprobs = floatsOf(r.bytes(), 'prompt_logprobs');
    },
  });
  return { sequences, promptLogprobs };
}
