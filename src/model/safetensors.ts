import { DataError, own } from '../run/index.ts';

/**
 * The safetensors format: eight bytes of header length, a JSON header of {name: {dtype, shape, data_offsets}}, then the
 * numbers, little-endian and without gaps. Floats are read to float32. Pure on bytes; files are read in `pretrained.ts`.
 */

/** Some hundred thousand tensors in one file; the format itself allows three times as much. */
const MAX_HEADER = 32_000_000;
const MAX_AXES = 8;
export const PREFIX_BYTES = 8;

export type FloatDType = 'F32' | 'F16' | 'BF16';
const BYTES: { readonly [D in FloatDType]: number } = { F32: 4, F16: 2, BF16: 2 };
/** Sizes of what may stand in a file beside weights: masks and counters, never read. */
const OTHER_BYTES: Readonly<Record<string, number>> = { F64: 8, I64: 8, I32: 4, I16: 2, I8: 1, U8: 1, BOOL: 1 };

export interface StoredTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Place of its bytes in the file. */
  readonly start: number;
  readonly end: number;
}

/** A message may hold a stranger's name of a tensor, which may be long. */
const fault = (source: string, text: string) => new DataError('safetensors', `${source}: ${text.slice(0, 300)}`);

/** Length of the JSON header, from the first eight bytes of a file of `fileBytes`. */
export function headerLength(prefix: Uint8Array, fileBytes: number, source: string): number {
  if (prefix.length < PREFIX_BYTES) {
    throw fault(source, `expected a safetensors file, got ${prefix.length} bytes; download it again`);
  }
  const length = Number(new DataView(prefix.buffer, prefix.byteOffset).getBigUint64(0, true));
  if (length > MAX_HEADER || PREFIX_BYTES + length > fileBytes) {
    throw fault(
      source,
      `the header claims ${length} bytes of a file of ${fileBytes}; it is cut short or no safetensors file`,
    );
  }
  return length;
}

/** Tensors by name. Offsets must lie within the file, agree with shape and dtype, and neither overlap nor leave gaps. */
export function parseHeader(
  header: Uint8Array,
  fileBytes: number,
  source: string,
): { readonly tensors: Map<string, StoredTensor>; readonly metadata: Readonly<Record<string, string>> } {
  let json: Record<string, unknown>;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(header)) as Record<string, unknown>;
    if (typeof json !== 'object' || json === null) throw new Error(`a ${typeof json}`);
  } catch (cause) {
    throw new DataError('safetensors', `${source}: expected a JSON header, got ${(cause as Error).message}`, { cause });
  }
  const from = PREFIX_BYTES + header.length;
  const tensors = new Map<string, StoredTensor>();
  for (const [name, entry] of Object.entries(json)) {
    if (name === '__metadata__') continue;
    const { dtype, shape, data_offsets: offsets } = (entry ?? {}) as Record<string, unknown>;
    const whole = (value: unknown): value is number[] =>
      Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);
    if (
      typeof dtype !== 'string' ||
      !whole(shape) ||
      shape.length > MAX_AXES ||
      !whole(offsets) ||
      offsets.length !== 2
    ) {
      const want = `expected dtype, shape (at most ${MAX_AXES} axes) and two data_offsets`;
      throw fault(source, `tensor ${name}: ${want}, got ${JSON.stringify(entry)}`);
    }
    const size = own(BYTES, dtype) ?? own(OTHER_BYTES, dtype);
    const bytes = shape.reduce((product, dim) => product * dim, size ?? 0);
    const [start, end] = [from + offsets[0]!, from + offsets[1]!];
    if (end < start || end > fileBytes) {
      throw fault(
        source,
        `tensor ${name} ends at byte ${end} of a file of ${fileBytes}; it is cut short: download it again`,
      );
    }
    if (size !== undefined && end - start !== bytes) {
      throw fault(source, `tensor ${name} (${dtype} [${shape}]) needs ${bytes} bytes, but has ${end - start}`);
    }
    tensors.set(name, { dtype, shape, start, end });
  }
  let reached = from;
  for (const [name, { start, end }] of [...tensors].sort(([, a], [, b]) => a.start - b.start || a.end - b.end)) {
    if (start !== reached) {
      throw fault(
        source,
        `tensor ${name} starts at byte ${start}, expected ${reached}: tensors overlap or leave a gap`,
      );
    }
    reached = end;
  }
  if (reached !== fileBytes) {
    throw fault(source, `${fileBytes - reached} bytes follow the last tensor; expected none`);
  }
  return { tensors, metadata: (json.__metadata__ ?? {}) as Record<string, string> };
}

/** One float16 as a number: 1 sign, 5 exponent and 10 fraction bits. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** A tensor's bytes as float32; exact, since float16 and bfloat16 are subsets of it. */
export function decodeFloats(bytes: Uint8Array, dtype: string, tensor: string): Float32Array {
  const size = BYTES[dtype as FloatDType];
  if (size === undefined) {
    throw new DataError('safetensors', `tensor ${tensor} holds ${dtype}; expected ${Object.keys(BYTES).join(', ')}`);
  }
  const values = new Float32Array(bytes.length / size);
  if (dtype === 'F32') {
    new Uint8Array(values.buffer).set(bytes);
    return values;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (dtype === 'BF16') {
    // A bfloat16 is the upper half of a float32.
    const bits = new Uint32Array(values.buffer);
    for (let i = 0; i < bits.length; i++) bits[i] = view.getUint16(2 * i, true) << 16;
  } else for (let i = 0; i < values.length; i++) values[i] = halfToNumber(view.getUint16(2 * i, true));
  return values;
}

/** A float32 tensor to write. */
export interface FloatTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** Prefix, header and numbers of one file, in that order. The header is padded with spaces so that numbers start at a multiple of 8. */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, FloatTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array[] {
  let at = 0;
  const header = new Map<string, unknown>([['__metadata__', { format: 'pt', ...metadata }]]);
  for (const [name, { shape, values }] of tensors) {
    header.set(name, { dtype: 'F32', shape, data_offsets: [at, at + values.byteLength] });
    at += values.byteLength;
  }
  const text = JSON.stringify(Object.fromEntries(header));
  const bare = new TextEncoder().encode(text);
  const padded = new Uint8Array(Math.ceil(bare.length / 8) * 8).fill(0x20);
  padded.set(bare);
  const prefix = new Uint8Array(PREFIX_BYTES);
  new DataView(prefix.buffer).setBigUint64(0, BigInt(padded.length), true);
  const numbers = [...tensors.values()].map(({ values: v }) => new Uint8Array(v.buffer, v.byteOffset, v.byteLength));
  return [prefix, padded, ...numbers];
}
