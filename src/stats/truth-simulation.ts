import { type LabelTable, labelTable } from './label-table.ts';
import type { Rng } from './random.ts';

/** How classes and labels come about: prior of the classes, and rater → true class → given class. */
export interface LabelModel {
  readonly prior: ArrayLike<number>;
  readonly confusion: readonly (readonly ArrayLike<number>[])[];
  /** Class probabilities item by item, instead of the prior. */
  readonly itemPriors?: readonly ArrayLike<number>[];
}

/** A cue that misleads several raters together: an item carries it with probability `rate`, and it names a wrong class. */
export interface SharedCue {
  readonly raters: readonly number[];
  readonly rate: number;
}

export interface SimulatedLabels {
  readonly table: LabelTable;
  readonly truth: Int32Array;
  /** The wrong class that the item's cue names; −1 where it has none. */
  readonly cue: Int32Array;
}

/** Who labels what, without the labels. */
export type LabelDesign = Pick<LabelTable, 'items' | 'raters' | 'classes' | 'start' | 'rater' | 'perRater' | 'n'>;

/** Index drawn from probabilities, the last where they fall short of 1. */
function draw(probabilities: ArrayLike<number>, uniform: () => number): number {
  let left = uniform();
  for (let k = 0; k < probabilities.length; k++) {
    left -= probabilities[k]!;
    if (left < 0) return k;
  }
  return probabilities.length - 1;
}

/**
 * Labels by the independent-error model on a given design, optionally with a shared cue: raters whom it reaches give the
 * class that it names instead of judging. Without a cue this is exactly what `dawidSkene` assumes.
 */
export function simulateLabels(
  design: LabelDesign,
  { prior, confusion, itemPriors }: LabelModel,
  { rng, cue: shared }: { rng: Rng; cue?: SharedCue },
): SimulatedLabels {
  const { items, classes, start, rater } = design;
  const truth = new Int32Array(items);
  const cue = new Int32Array(items).fill(-1);
  const label = new Int32Array(design.n);
  const reached = new Uint8Array(design.raters);
  for (const r of shared?.raters ?? []) reached[r] = 1;
  const { uniform } = rng;
  for (let i = 0; i < items; i++) {
    const z = draw(itemPriors?.[i] ?? prior, uniform);
    truth[i] = z;
    if (shared !== undefined && classes > 1 && uniform() < shared.rate) {
      cue[i] = (z + 1 + Math.floor(uniform() * (classes - 1))) % classes;
    }
    for (let j = start[i]!; j < start[i + 1]!; j++) {
      const r = rater[j]!;
      label[j] = cue[i] !== -1 && reached[r] === 1 ? cue[i]! : draw(confusion[r]![z]!, uniform);
    }
  }
  return { table: { ...design, label }, truth, cue };
}

/** Error matrix of a rater who is right with one probability and wrong alike on every other class. */
export const coinConfusion = (accuracy: number, classes: number): Float64Array[] =>
  Array.from({ length: classes }, (_, k) =>
    new Float64Array(classes).fill((1 - accuracy) / Math.max(1, classes - 1)).fill(accuracy, k, k + 1),
  );

/** A design in which each item has `perItem` different raters, drawn at random (all of them when `perItem` ≥ `raters`). */
export function randomDesign(
  { items, raters, classes, perItem }: { items: number; raters: number; classes: number; perItem: number },
  rng: Rng,
): LabelDesign {
  const each = Math.min(perItem, raters);
  const item = new Int32Array(items * each);
  const rater = new Int32Array(items * each);
  const chosen = new Set<number>();
  for (let i = 0, at = 0; i < items; i++) {
    chosen.clear();
    if (each === raters) for (let r = 0; r < raters; r++) chosen.add(r);
    while (chosen.size < each) chosen.add(rng.integer(raters));
    for (const r of chosen) {
      item[at] = i;
      rater[at] = r;
      at += 1;
    }
  }
  return labelTable({ item, rater, label: new Int32Array(item.length) }, { items, raters, classes });
}
