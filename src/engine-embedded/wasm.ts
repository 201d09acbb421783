/**
 * As much of an assembler for WebAssembly as loops over vectors of numbers need: functions written as lists of instructions,
 * encoded as a module with one memory (https://webassembly.github.io/spec/core/binary/).
 */

export const I32 = 0x7f;
export const F32 = 0x7d;
export const F64 = 0x7c;
export const V128 = 0x7b;
type ValueType = typeof I32 | typeof F32 | typeof F64 | typeof V128;

/** Bytes of an instruction, or of several in order. */
export type Code = readonly number[];

/** An unsigned number in groups of seven bits, the lowest first (LEB128). */
function unsigned(value: number): number[] {
  const rest = Math.floor(value / 128);
  return rest === 0 ? [value] : [(value % 128) | 128, ...unsigned(rest)];
}

/** A signed number likewise. */
function signed(value: number): number[] {
  return value >= -64 && value < 64 ? [value & 127] : [(value & 127) | 128, ...signed(value >> 7)];
}

const list = (items: readonly Code[]): number[] => [...unsigned(items.length), ...items.flat()];
const vector = (code: number, ...more: number[]): Code => [0xfd, ...unsigned(code), ...more];

/** Instructions, by their names in the standard's text format. Alignment is only a hint and left at one byte. */
export const op = {
  get: (local: number): Code => [0x20, ...unsigned(local)],
  set: (local: number): Code => [0x21, ...unsigned(local)],
  i32: (value: number): Code => [0x41, ...signed(value)],
  i32Add: [0x6a],
  i32LessThan: [0x49],
  f64Add: [0xa0],
  /** The body again and again while it leaves a number other than 0. */
  loopWhile: (body: Code): Code => [0x03, 0x40, ...body, 0x0d, 0x00, 0x0b],
  /** Sixteen bytes at the address plus an offset. */
  load: (offset: number): Code => vector(0x00, 0, ...unsigned(offset)),
  /** Eight bytes, and eight of zeros. */
  loadHalf: (offset: number): Code => vector(0x5d, 0, ...unsigned(offset)),
  store: (offset: number): Code => vector(0x0b, 0, ...unsigned(offset)),
  f32x4Splat: vector(0x13),
  f32x4Add: vector(0xe4),
  f32x4Sub: vector(0xe5),
  f32x4Mul: vector(0xe6),
  f32x4Div: vector(0xe7),
  f32x4Sqrt: vector(0xe3),
  f64x2Add: vector(0xf0),
  f64x2Mul: vector(0xf2),
  /** The two lower numbers of four, as float64. */
  f64x2Promote: vector(0x5f),
  f64x2Lane: (lane: number): Code => vector(0x21, lane),
} as const;

export interface WasmFunction {
  readonly parameters: readonly ValueType[];
  readonly result?: ValueType;
  /** Types of the locals that follow the parameters; they start at zero. */
  readonly locals: readonly ValueType[];
  readonly body: readonly Code[];
}

/** What of the global object is used here; the types of Node.js leave it out. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => { readonly exports: Readonly<Record<string, unknown>> };
};

const BYTES_PER_PAGE = 65_536;

/** A module of these functions over a memory of at least `bytes`, ready to be called by name. */
export function instantiate<Name extends string>(
  functions: Readonly<Record<Name, WasmFunction>>,
  bytes: number,
): { readonly memory: ArrayBuffer; readonly call: Readonly<Record<Name, (...args: number[]) => number>> } {
  const all = Object.entries<WasmFunction>(functions);
  const section = (id: number, items: readonly Code[]): number[] => {
    const content = list(items);
    return [id, ...unsigned(content.length), ...content];
  };
  const sized = (code: Code): Code => [...unsigned(code.length), ...code];
  const text = (name: string): Code => list([...name].map((letter) => [letter.charCodeAt(0)]));
  const type = ({ parameters, result }: WasmFunction): Code => [
    0x60,
    ...list(parameters.map((p) => [p])),
    ...list(result === undefined ? [] : [[result]]),
  ];
  const code = ({ locals, body }: WasmFunction) => sized([...list(locals.map((l) => [1, l])), ...body.flat(), 0x0b]);
  const { Module, Instance } = WebAssembly;
  const { exports } = new Instance(
    new Module(
      Uint8Array.from([
        ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
        ...section(
          1,
          all.map(([, f]) => type(f)),
        ),
        ...section(
          3,
          all.map((_, i) => unsigned(i)),
        ),
        ...section(5, [[0x00, ...unsigned(Math.ceil(bytes / BYTES_PER_PAGE))]]),
        ...section(7, [
          [...text('memory'), 0x02, 0x00],
          ...all.map(([name], i) => [...text(name), 0x00, ...unsigned(i)]),
        ]),
        ...section(
          10,
          all.map(([, f]) => code(f)),
        ),
      ]),
    ),
  );
  return {
    memory: (exports.memory as { buffer: ArrayBuffer }).buffer,
    call: exports as Readonly<Record<Name, (...args: number[]) => number>>,
  };
}
