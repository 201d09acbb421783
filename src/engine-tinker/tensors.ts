import { DataError } from '../run/index.ts';

/** Arrays as the protocol carries them: bytes of little-endian numbers (protobuf), or lists of numbers (JSON). */

const refuse = (what: string) => new DataError('wire', what);

/** Numbers of four bytes that begin at a multiple of four: bytes of a message may lie anywhere. */
function words(bytes: Uint8Array, size: number, what: string): ArrayBuffer {
  if (bytes.length % size !== 0) {
    throw refuse(`${what}: ${bytes.length} bytes; expected a multiple of ${size}, so the message was cut short`);
  }
  return Uint8Array.from(bytes).buffer;
}

export const floatsOf = (bytes: Uint8Array, what: string): Float32Array => new Float32Array(words(bytes, 4, what));
export const integersOf = (bytes: Uint8Array, what: string): Int32Array => new Int32Array(words(bytes, 4, what));

/** Integers of eight bytes that fit into four. */
export function longsOf(bytes: Uint8Array, what: string): Int32Array {
  const halves = new Int32Array(words(bytes, 8, what));
  return Int32Array.from({ length: halves.length / 2 }, (_, i) => {
    const [low, high] = [halves[2 * i]!, halves[2 * i + 1]!];
    if (high === low >> 31) return low;
    throw refuse(`${what}: entry ${i} needs more than 32 bits; expected token ids`);
  });
}

export const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array | Int32Array | BigInt64Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** Integers as eight bytes each. */
export const longBytes = (values: Iterable<number>): Uint8Array => bytesOf(BigInt64Array.from(values, BigInt));

/** A tensor by name of a datum: one number a position. */
export type Tensor = Float32Array | Int32Array;

/** One sequence with what its loss reads. */
export interface WireDatum {
  readonly tokens: Int32Array;
  readonly inputs: ReadonlyMap<string, Tensor>;
}

/** A pass over data, with or without a gradient. */
export interface PassRequest {
  readonly modelId: string;
  /** Place among the model's requests, from 1; undefined where the client leaves the order to arrival. */
  readonly seqId: number | undefined;
  readonly data: readonly WireDatum[];
  readonly loss: string;
  readonly config: ReadonlyMap<string, number>;
  readonly forwardOnly: boolean;
}

/** What a pass answers. */
export interface PassOutput {
  /** Log-probability of each target, one array per datum. */
  readonly logprobs: readonly Float32Array[];
  /** Names end in how values of several chunks are joined: `loss:sum`. */
  readonly metrics: ReadonlyMap<string, number>;
}

export interface SampledSequence {
  readonly tokens: Int32Array;
  readonly logprobs: Float32Array | undefined;
  readonly stopReason: 'stop' | 'length';
}

/** What sampling answers. `promptLogprobs` has NaN where a token has none. */
export interface SampleOutput {
  readonly sequences: readonly SampledSequence[];
  readonly promptLogprobs: Float32Array | undefined;
}
