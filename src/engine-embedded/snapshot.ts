import type { ModelSpec } from '../engine/index.ts';
import { parametersOf, type TransformerSpec } from '../model/index.ts';
import type { ModelState } from './store.ts';

/** A model's weights by name, for graphs to run on. */
export interface Weighted {
  readonly spec: ModelSpec;
  readonly weights: ReadonlyMap<string, Float32Array>;
  /** Whether matrices lie as [out, in] instead of [in, out]. */
  readonly turned?: boolean;
}

/** Weights as they were at a step, for sampling and scoring. */
export interface Snapshot extends Weighted {
  /** Matrices lie as [out, in]: in products of few rows the weights then need not be copied at every call. */
  readonly turned: true;
  readonly step: number;
}

/** Rows of a block that is turned at once: a line of the processor's cache holds 16 numbers. */
const BLOCK = 16;

/** [rows, columns] to [columns, rows]. */
function turnedMatrix(values: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(values.length);
  for (let first = 0; first < rows; first += BLOCK) {
    const end = Math.min(rows, first + BLOCK);
    for (let column = 0; column < columns; column++) {
      for (let row = first; row < end; row++) out[column * rows + row] = values[row * columns + column]!;
    }
  }
  return out;
}

function copied(
  spec: TransformerSpec,
  weights: ReadonlyMap<string, Float32Array>,
  turn: (values: Float32Array, inputs: number, outputs: number) => Float32Array,
): Map<string, Float32Array> {
  return new Map(
    parametersOf(spec).map(({ name, role, shape }) => {
      const values = weights.get(name)!;
      return [name, role === 'matrix' ? turn(values, shape[0]!, shape[1]!) : values.slice()];
    }),
  );
}

/** A copy of a model's weights, which training leaves alone. */
export function takeSnapshot({ spec, weights, step }: ModelState): Snapshot {
  return { spec, step, turned: true, weights: copied(spec, weights, turnedMatrix) };
}

/** The same weights as a model holds them: matrices as [in, out]. */
export function plainWeights(state: Weighted): ReadonlyMap<string, Float32Array> {
  if (state.turned !== true) return state.weights;
  return copied(state.spec, state.weights, (values, inputs, outputs) => turnedMatrix(values, outputs, inputs));
}
