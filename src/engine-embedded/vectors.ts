import { F32, F64, I32, instantiate, op, V128, type WasmFunction } from './wasm.ts';

/**
 * The loops over all weights, four numbers at a time: AdamW and the sum of squares. Arrays pass in pieces through a small memory
 * that the processor's cache holds, so that they may lie anywhere and be of any size.
 */

/** Numbers of a piece, and its bytes. */
const PIECE = 8192;
const BYTES = 4 * PIECE;

/** Factors of one update; the arrays of a step differ in the decay only. */
export interface AdamScalars {
  /** Factor of the gradient, 1 unless it is clipped. */
  readonly scale: number;
  readonly beta1: number;
  readonly beta2: number;
  /** Learning rate over 1 − β₁ᵗ. */
  readonly rate: number;
  /** 1 / √(1 − β₂ᵗ). */
  readonly correction: number;
  readonly eps: number;
  /** Learning rate times weight decay. */
  readonly decay: number;
}
/** Arrays of one parameter, of equal length: weights, moments and gradient. */
export type AdamArrays = Readonly<Record<'w' | 'm' | 'v' | 'g', Float32Array>>;

const SCALARS = ['scale', 'beta1', 'fresh1', 'beta2', 'fresh2', 'rate', 'correction', 'eps', 'decay'] as const;
/** Where the pieces lie. */
const AT = { w: 0, m: BYTES, v: 2 * BYTES, g: 3 * BYTES } as const;

/** Locals of the loop of AdamW: the end, the scalars as numbers, the address, the scalars four times each, values. */
const END = 0;
const ADDRESS = 1 + SCALARS.length;
const four = (name: (typeof SCALARS)[number]) => op.get(ADDRESS + 1 + SCALARS.indexOf(name));
const [G, M, V] = [0, 1, 2].map((i) => ADDRESS + 1 + SCALARS.length + i) as [number, number, number];
const load = (name: keyof typeof AT) => [...op.get(ADDRESS), ...op.load(AT[name])];
const next = (address: number) => [...op.get(address), ...op.i32(16), ...op.i32Add, ...op.set(address)];
const moreTo = (address: number) => [...op.get(address), ...op.get(END), ...op.i32LessThan];

const adam: WasmFunction = {
  parameters: [I32, ...SCALARS.map((): typeof F32 => F32)],
  locals: [I32, ...SCALARS.map((): typeof V128 => V128), V128, V128, V128],
  body: [
    SCALARS.flatMap((_, i) => [...op.get(1 + i), ...op.f32x4Splat, ...op.set(ADDRESS + 1 + i)]),
    op.loopWhile(
      [
        // g = gradient · scale
        [...load('g'), ...four('scale'), ...op.f32x4Mul, ...op.set(G)],
        // m = β₁ m + (1 − β₁) g
        [...load('m'), ...four('beta1'), ...op.f32x4Mul, ...op.get(G), ...four('fresh1'), ...op.f32x4Mul],
        [...op.f32x4Add, ...op.set(M)],
        // v = β₂ v + ((1 − β₂) g) g
        [...load('v'), ...four('beta2'), ...op.f32x4Mul, ...op.get(G), ...four('fresh2'), ...op.f32x4Mul],
        [...op.get(G), ...op.f32x4Mul, ...op.f32x4Add, ...op.set(V)],
        [...op.get(ADDRESS), ...op.get(M), ...op.store(AT.m), ...op.get(ADDRESS), ...op.get(V), ...op.store(AT.v)],
        // w = w − (rate m / (√v · correction + eps) + decay w)
        [...op.get(ADDRESS), ...load('w'), ...op.get(M), ...four('rate'), ...op.f32x4Mul],
        [...op.get(V), ...op.f32x4Sqrt, ...four('correction'), ...op.f32x4Mul, ...four('eps'), ...op.f32x4Add],
        [...op.f32x4Div, ...load('w'), ...four('decay'), ...op.f32x4Mul, ...op.f32x4Add, ...op.f32x4Sub],
        [...op.store(AT.w), ...next(ADDRESS), ...moreTo(ADDRESS)],
      ].flat(),
    ),
  ],
};

/** Two sums of two, side by side, over the piece `w`. */
const [AT_NUMBER, LOW, HIGH, PAIR] = [1, 2, 3, 4];
const addSquares = (sum: number, offset: number) => [
  ...op.get(AT_NUMBER),
  ...op.loadHalf(offset),
  ...op.f64x2Promote,
  ...op.set(PAIR),
  ...op.get(sum),
  ...op.get(PAIR),
  ...op.get(PAIR),
  ...op.f64x2Mul,
  ...op.f64x2Add,
  ...op.set(sum),
];
const squares: WasmFunction = {
  parameters: [I32],
  result: F64,
  locals: [I32, V128, V128, V128],
  body: [
    op.loopWhile([...addSquares(LOW, 0), ...addSquares(HIGH, 8), ...next(AT_NUMBER), ...moreTo(AT_NUMBER)]),
    [...op.get(LOW), ...op.get(HIGH), ...op.f64x2Add, ...op.set(LOW)],
    [...op.get(LOW), ...op.f64x2Lane(0), ...op.get(LOW), ...op.f64x2Lane(1), ...op.f64Add],
  ],
};

const { memory, call } = instantiate({ adam, squares }, 4 * BYTES);
const piece = (at: number) => new Float32Array(memory, at, PIECE);
const pieces = { w: piece(AT.w), m: piece(AT.m), v: piece(AT.v), g: piece(AT.g) };

/** Calls back for every piece with its range and the bytes to work on: whole vectors, with zeros behind the last number. */
function inPieces(length: number, work: (from: number, to: number, bytes: number) => void): void {
  for (let from = 0; from < length; from += PIECE) {
    const to = Math.min(length, from + PIECE);
    work(from, to, 16 * Math.ceil((to - from) / 4));
  }
}

/** Σ x² in float64: finite exactly when every element is. */
export function sumOfSquares(values: Float32Array): number {
  let sum = 0;
  inPieces(values.length, (from, to, bytes) => {
    pieces.w.set(values.subarray(from, to));
    pieces.w.fill(0, to - from, bytes / 4);
    sum += call.squares(bytes);
  });
  return sum;
}

/** AdamW of one parameter in place, in float32. */
export function adamUpdate(arrays: AdamArrays, by: AdamScalars): void {
  const scalars = { ...by, fresh1: 1 - by.beta1, fresh2: 1 - by.beta2 };
  const values = SCALARS.map((name) => scalars[name]);
  inPieces(arrays.w.length, (from, to, bytes) => {
    for (const name of ['w', 'm', 'v', 'g'] as const) pieces[name].set(arrays[name].subarray(from, to));
    call.adam(bytes, ...values);
    for (const name of ['w', 'm', 'v'] as const) {
      arrays[name].set(to - from === PIECE ? pieces[name] : pieces[name].subarray(0, to - from), from);
    }
  });
}
