import type { ModelSpec } from '../engine/index.ts';
import { initialParameters, trainableParameters } from '../model/index.ts';
import { NumericsError } from '../run/index.ts';
import { adamUpdate, sumOfSquares } from './vectors.ts';

/** Weights of one model and the optimiser's moments of those it trains, all float32, by parameter name. */
export interface ModelState {
  readonly spec: ModelSpec;
  readonly weights: Map<string, Float32Array>;
  readonly firstMoments: Map<string, Float32Array>;
  readonly secondMoments: Map<string, Float32Array>;
  step: number;
}

/** Uniform numbers from a 32-bit seed (splitmix-like mixing of a counter): cheap, and addressable by several integers. */
export function uniformAt(...keys: readonly number[]): number {
  let h = 0x9e3779b9;
  for (const key of keys) {
    h = Math.imul(h ^ (key | 0), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    h ^= h >>> 16;
  }
  return (h >>> 0) / 2 ** 32;
}

/** The i-th standard normal number of a seed (Box–Muller). */
const normalAt = (seed: number) => (i: number) => {
  const u = uniformAt(seed, i, 1) || 2 ** -33;
  return Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * uniformAt(seed, i, 2));
};

/** A model with fresh weights from the spec's seed; weights given by name, which it takes over, replace the fresh ones. */
export function freshState(spec: ModelSpec, given?: ReadonlyMap<string, Float32Array>): ModelState {
  const weights = initialParameters(spec, normalAt(spec.seed), given);
  const zeros = () =>
    new Map(trainableParameters(spec).map(({ name }) => [name, new Float32Array(weights.get(name)!.length)]));
  return { spec, weights, firstMoments: zeros(), secondMoments: zeros(), step: 0 };
}

export interface AdamSettings {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  readonly weightDecay: number;
  readonly gradClipNorm: number;
}

/** Global L2 norm, accumulated in float64. */
export function gradientNorm(gradients: ReadonlyMap<string, Float32Array>): number {
  let sum = 0;
  for (const values of gradients.values()) sum += sumOfSquares(values);
  return Math.sqrt(sum);
}

/** Largest gradient norm whose square a float32 moment still holds. */
const LARGEST_NORM = 1e19;

/** Refuses, before anything is touched, a gradient that the optimiser cannot hold: calls that add up to an overflow, or a square that does. */
function requireSquarable(gradients: ReadonlyMap<string, Float32Array>, norm: number, step: number): void {
  if (norm < LARGEST_NORM) return;
  for (const [name, values] of gradients) {
    const bad = values.findIndex((g) => !(Math.abs(g) < LARGEST_NORM));
    if (bad < 0) continue;
    const detail = `element ${bad} of the accumulated gradient is ${values[bad]}, whose square is no float32; lower the weights of the loss`;
    throw new NumericsError(`grad:${name}`, detail, { step, operator: 'AdamW' });
  }
  throw new NumericsError('grad', `its norm is ${norm}; expected below ${LARGEST_NORM}`, { step, operator: 'AdamW' });
}

/** AdamW in place (Loshchilov and Hutter 2019): decoupled decay on matrices only. Returns the norm before clipping. */
export function adamStep(state: ModelState, gradients: ReadonlyMap<string, Float32Array>, adam: AdamSettings): number {
  const norm = gradientNorm(gradients);
  const scale = adam.gradClipNorm > 0 && norm > adam.gradClipNorm ? adam.gradClipNorm / norm : 1;
  requireSquarable(gradients, norm * scale, state.step);
  state.step += 1;
  const rate = adam.learningRate / (1 - adam.beta1 ** state.step);
  const correction = 1 / Math.sqrt(1 - adam.beta2 ** state.step);
  for (const { name, role } of trainableParameters(state.spec)) {
    const g = gradients.get(name);
    if (g === undefined) continue;
    const w = state.weights.get(name)!;
    const m = state.firstMoments.get(name)!;
    const v = state.secondMoments.get(name)!;
    const decayed = role === 'embedding' || role === 'matrix' || role === 'adapter';
    const decay = decayed ? adam.learningRate * adam.weightDecay : 0;
    adamUpdate({ w, m, v, g }, { ...adam, scale, rate, correction, decay });
  }
  return norm;
}
